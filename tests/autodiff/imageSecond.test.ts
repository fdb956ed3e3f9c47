import { describe, expect, it } from "vitest";
import { elementCount, type NdArray } from "../../core/base/array.ts";
import { seededRandom } from "../../core/base/random.ts";
import { expandTraining } from "../../core/autodiff/expand.ts";
import type { PlainAttribute } from "../../core/graph/attributes.ts";
import { graph, model, node, tensor, value } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import { backwardModel, run, runBackward, type Arrays } from "./backward.ts";

type Case = readonly [
  op: string,
  shapes: readonly (readonly number[])[],
  attributes: Readonly<Record<string, PlainAttribute>>,
];

const statistics = [[2], [2], [2], [2]];

const CASES: readonly Case[] = [
  ["Conv", [[2, 2, 5, 5], [3, 2, 3, 3], [3]], { pads: [1, 1, 1, 1] }],
  [
    "Conv",
    [
      [2, 2, 5, 5],
      [3, 2, 3, 3],
    ],
    { strides: [2, 2], pads: [1, 1, 1, 1] },
  ],
  [
    "Conv",
    [
      [2, 4, 5, 5],
      [4, 2, 3, 3],
    ],
    { strides: [2, 2], pads: [1, 1, 1, 1], group: 2 },
  ],
  [
    "Conv",
    [
      [2, 4, 5, 5],
      [4, 1, 3, 3],
    ],
    { pads: [1, 1, 1, 1], group: 4 },
  ],
  [
    "Conv",
    [
      [2, 4, 5, 5],
      [3, 4, 1, 1],
    ],
    {},
  ],
  [
    "ConvTranspose",
    [
      [2, 2, 4, 4],
      [2, 3, 3, 3],
    ],
    { strides: [2, 2] },
  ],
  ["BatchNormalization", [[3, 2, 3], ...statistics], { training_mode: 1 }],
  ["BatchNormalization", [[3, 2, 3], ...statistics], {}],
  ["LayerNormalization", [[3, 2, 4], [4], [4]], {}],
  ["InstanceNormalization", [[3, 2, 4], [2], [2]], {}],
  ["LRN", [[2, 4, 2, 2]], { size: 3, alpha: 0.5 }],
  ["LpNormalization", [[2, 4]], {}],
  ["MaxPool", [[1, 2, 5, 5]], { kernel_shape: [3, 3], strides: [2, 2] }],
  ["AveragePool", [[1, 2, 5, 5]], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }],
  ["GlobalAveragePool", [[2, 2, 3, 3]], {}],
  ["GlobalMaxPool", [[2, 2, 3, 3]], {}],
  ["LpPool", [[1, 2, 4, 4]], { kernel_shape: [2, 2] }],
  ["SpaceToDepth", [[1, 2, 4, 4]], { blocksize: 2 }],
  ["DepthToSpace", [[1, 8, 2, 2]], { blocksize: 2, mode: "CRD" }],
  [
    "Conv",
    [
      [2, 2, 6],
      [3, 2, 2],
    ],
    { dilations: [2], auto_pad: "VALID" },
  ],
];

/** Elements of each input that are moved. */
const PROBED = 8;

describe("second derivatives of convolutions, pools and normalisations", () => {
  for (const [at, [op, shapes, attributes]] of CASES.entries()) {
    it(`${op} ${JSON.stringify(attributes)}`, async () => {
      const random = seededRandom(at, op);
      const names = shapes.map((_, slot) => `x${slot}`);
      // The variance of a normalisation is positive.
      const feeds: Arrays = Object.fromEntries(
        shapes.map((dims, slot) => [
          `x${slot}`,
          fill(dims, () => (slot === 4 ? 0.5 + random.next() : random.normal())),
        ]),
      );
      const curved = await slopeAlong(cubed({ op, feeds, attributes }), {
        feeds,
        along: fill(shapes[0]!, random.normal),
      });
      const by = names.slice(0, 3);
      const { gradients } = await runBackward(curved, { from: { slope: undefined }, to: by, feeds });
      for (const name of by) await compare(curved, { feeds, name, found: gradients[name] });
    });
  }
});

/** loss = Σy³ */
function cubed(call: { op: string; feeds: Arrays; attributes: Case[2] }): Model {
  const { op, feeds, attributes } = call;
  const names = Object.keys(feeds);
  const made = model(
    graph({
      inputs: names.map((name) => value(name, "float32", feeds[name]!.dims)),
      outputs: [{ name: "loss" }],
      nodes: [
        node(op, [names, ["y"]], { attributes }),
        node("Mul", [["y", "y"], ["square"]]),
        node("Mul", [["square", "y"], ["cube"]]),
        node("ReduceSum", [["cube"], ["loss"]], { attributes: { keepdims: 0 } }),
      ],
    }),
  );
  return expandTraining(made, (name) => ({ type: "float32", dims: feeds[name]?.dims ?? [] }));
}

/** The derivative of a loss by the first input, in one direction: a function whose gradients are second derivatives. */
async function slopeAlong(first: Model, { feeds, along }: { feeds: Arrays; along: NdArray }): Promise<Model> {
  const { model: once, gradients } = await backwardModel(first, { from: { loss: undefined }, to: ["x0"], feeds });
  return {
    ...once,
    graph: {
      ...once.graph,
      nodes: [
        ...once.graph.nodes,
        node("Mul", [[gradients.get("x0")!, "direction"], ["part"]]),
        node("ReduceSum", [["part"], ["slope"]], { attributes: { keepdims: 0 } }),
      ],
      initializers: [...once.graph.initializers, tensor("direction", along)],
      outputs: [{ name: "slope" }],
    },
  };
}

async function compare(
  curved: Model,
  { feeds, name, found }: { feeds: Arrays; name: string; found: NdArray | undefined },
): Promise<void> {
  const given = feeds[name]!;
  const step = 5e-3;
  for (let i = 0; i < Math.min(given.data.length, PROBED); i++) {
    const moved = async (by: number): Promise<number> => {
      const data = Float32Array.from(given.data as Float32Array);
      data[i]! += by;
      const { slope } = await run(curved, { ...feeds, [name]: { ...given, data } });
      return Number(slope!.data[0]);
    };
    const expected = ((await moved(step)) - (await moved(-step))) / (2 * step);
    const actual = Number(found?.data[i] ?? 0);
    expect(
      Math.abs(actual - expected) / Math.max(3, Math.abs(expected)),
      `${name}[${i}]: ${actual} against ${expected}`,
    ).toBeLessThan(0.05);
  }
}

const fill = (dims: readonly number[], draw: () => number): NdArray => ({
  type: "float32",
  dims,
  data: Float32Array.from({ length: elementCount(dims) }, draw),
});
