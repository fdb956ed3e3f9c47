import { z } from "zod";
import { sizeOf, type Feature } from "./build.ts";
import { defineNet } from "./define.ts";
import { dense, flatten } from "./layers.ts";
import { lecunUniform } from "./initialize.ts";

const params = z.strictObject({
  hidden: z.int().min(1).max(65536).default(128).meta({
    title: "Hidden units",
    description: "Units of each layer and direction.",
  }),
  layers: z.int().min(1).max(64).default(2).meta({ title: "Layers", description: "Recurrent layers." }),
  bidirectional: z.boolean().default(false).meta({
    title: "Both directions",
    description: "Reads every sequence forwards and backwards.",
  }),
});

/** Stacked LSTM layers; the last state of the last one is classified. */
export const lstm = defineNet({
  id: "lstm",
  title: "LSTM classifier for sequences",
  source: "Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000, as ONNX defines LSTM",
  input: [100, 40],
  inputMeaning: "time × features",
  classes: 10,
  params,
  build: (input, { classes, hidden, layers, bidirectional }) => {
    const parts = { hidden, directions: bidirectional ? 2 : 1 };
    let x = swap(input);
    for (let i = 1; i < layers; i++) x = joinDirections(recurrent(x, `lstm${i}`, parts).all, parts.directions);
    const { last } = recurrent(x, `lstm${layers}`, parts);
    return dense(flatten(swap(last)), "classifier", { units: classes });
  },
});

/** The first two axes change places: [batch, time, …] ↔ [time, batch, …], [directions, batch, H] → [batch, …]. */
function swap(x: Feature): Feature {
  const [first, second, ...rest] = x.dims;
  return x.net.emit("Transpose", [x], { dims: [second!, first!, ...rest], attributes: { perm: [1, 0, 2] } });
}

interface RecurrentParts {
  readonly hidden: number;
  readonly directions: number;
}

/** [time, batch, I] → all states [time, directions, batch, H] and the last [directions, batch, H]. */
function recurrent(
  x: Feature,
  name: string,
  { hidden, directions }: RecurrentParts,
): { readonly all: Feature; readonly last: Feature } {
  const [time, batch] = [x.dims[0]!, x.dims[1]!];
  // Uniform within ±1/√H everywhere, biases too.
  const parts = { initializer: lecunUniform, fans: { in: hidden, out: hidden } };
  const weights = [
    x.net.parameter(`${name}.weight`, [directions, 4 * hidden, sizeOf(x, 2)], parts),
    x.net.parameter(`${name}.recurrence`, [directions, 4 * hidden, hidden], parts),
    x.net.parameter(`${name}.bias`, [directions, 8 * hidden], parts),
  ];
  const direction = directions === 2 ? "bidirectional" : "forward";
  const [all, last] = x.net.emitAll(
    "LSTM",
    [x, ...weights],
    [
      { dims: [time, directions, batch, hidden], name, attributes: { hidden_size: hidden, direction } },
      { dims: [directions, batch, hidden], name: `${name}.last` },
    ],
  );
  return { all: all!, last: last! };
}

/** [time, directions, batch, H] → [time, batch, directions · H]. */
function joinDirections(x: Feature, directions: number): Feature {
  const [time, , batch] = x.dims;
  const hidden = sizeOf(x, 3);
  const side = x.net.emit("Transpose", [x], {
    dims: [time!, batch!, directions, hidden],
    attributes: { perm: [0, 2, 1, 3] },
  });
  const shape = BigInt64Array.of(0n, 0n, BigInt(directions * hidden));
  return x.net.emit("Reshape", [side, x.net.constant({ type: "int64", dims: [3], data: shape })], {
    dims: [time!, batch!, directions * hidden],
  });
}
