import { z } from "zod";
import { sizeOf, type Feature } from "./build.ts";
import { defineNet } from "./define.ts";
import { zeros } from "./initialize.ts";
import { dense, scalar, tanh } from "./layers.ts";
import { depth, repeats, scaled, width } from "./params.ts";
import { addPositions, encoderLayer, layerNorm, small, token } from "./transformer.ts";

/** Layers and channels (Turc et al. 2019, table 1); heads have 64 channels. */
const SIZES = {
  tiny: [2, 128],
  mini: [4, 256],
  small: [4, 512],
  medium: [8, 512],
} as const;

const params = z.strictObject({
  width,
  depth,
  vocabulary: z.int().min(2).max(1_000_000).default(30522).meta({
    title: "Vocabulary",
    description: "Number of different tokens. Token 0 is padding and is not attended to.",
  }),
});

/**
 * A text encoder with a classifier on its first token. Departs from BERT in that there is one segment, so no
 * segment embedding, and as many positions as the input has.
 */
export const berts = Object.entries(SIZES).map(([size, [layers, channels]]) =>
  defineNet({
    id: `bert-${size}`,
    title: `BERT-like encoder, ${size}`,
    source: "Devlin et al. 2019, arXiv 1810.04805, in the sizes of Turc et al. 2019, arXiv 1908.08962, table 1",
    input: [128],
    inputMeaning: "tokens",
    inputType: "int64",
    classes: 2,
    params,
    build: (ids, { classes, width, depth, vocabulary }) => {
      const heads = scaled(channels / 64, width);
      let x = embed(ids, vocabulary, 64 * heads);
      x = layerNorm(addPositions(x, "positions"), "norm", 1e-12);
      const mask = paddingMask(ids, x);
      for (let i = 0; i < repeats(layers, depth); i++) {
        x = encoderLayer(x, `layer${i + 1}`, { heads, mask, epsilon: 1e-12, normFirst: false });
      }
      const linear = { initializer: small, bias: zeros };
      x = tanh(dense(token(x, "first", 0), "pooler", { units: 64 * heads, ...linear }));
      return dense(x, "classifier", { units: classes, ...linear });
    },
  }),
);

function embed(ids: Feature, vocabulary: number, channels: number): Feature {
  const table = ids.net.parameter("embedding.weight", [vocabulary, channels], { initializer: small });
  const dims = [...ids.dims, channels];
  return ids.net.emit("Gather", [table, ids], { name: "embedding", dims, type: "float32", attributes: { axis: 0 } });
}

/** Added to a score it vanishes in the softmax, and float16 can hold it. */
const BLOCKED = -1e4;

/** [batch, 1, 1, tokens]: 0 where a token counts, a large negative number at padding. */
function paddingMask(ids: Feature, like: Feature): Feature {
  const { net } = ids;
  const zero = net.constant({ type: "int64", dims: [], data: BigInt64Array.of(0n) });
  const isPadding = net.emit("Equal", [ids, zero], { name: "mask.padding", dims: ids.dims, type: "bool" });
  const added = net.emit("Where", [isPadding, scalar(like, BLOCKED), scalar(like, 0)], {
    name: "mask.added",
    dims: ids.dims,
    type: "float32",
  });
  const axes = net.constant({ type: "int64", dims: [2], data: BigInt64Array.of(1n, 2n) });
  const dims = [ids.dims[0]!, 1, 1, sizeOf(ids, 1)];
  return net.emit("Unsqueeze", [added, axes], { name: "mask", dims });
}
