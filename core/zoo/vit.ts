import { z } from "zod";
import { LatheError } from "../base/error.ts";
import { sizeOf, type Feature } from "./build.ts";
import { defineNet } from "./define.ts";
import { lecunUniform, zeros } from "./initialize.ts";
import { add, conv, dense, scalar } from "./layers.ts";
import { depth, repeats, scaled, width } from "./params.ts";
import { addPositions, encoderLayer, layerNorm, reshape, small, token } from "./transformer.ts";

interface Design {
  readonly title: string;
  /** Heads of 64 channels. */
  readonly heads: number;
  /** With a second token that learns from a teacher. */
  readonly distilled: boolean;
}

/** Twelve layers with heads of 64 channels (Touvron et al. 2021, table 1). */
const DESIGNS: Readonly<Record<string, Design>> = {
  "vit-tiny": { title: "ViT-Tiny", heads: 3, distilled: false },
  "vit-small": { title: "ViT-Small", heads: 6, distilled: false },
  "deit-tiny": { title: "DeiT-Tiny, distilled", heads: 3, distilled: true },
  "deit-small": { title: "DeiT-Small, distilled", heads: 6, distilled: true },
};

const params = z.strictObject({
  width,
  depth,
  patch: z.int().min(1).max(256).default(16).meta({ title: "Patch", description: "Side of a patch.", unit: "px" }),
});

/** Patches as tokens of a transformer. Widths count in heads of 64 channels. */
export const visionTransformers = Object.entries(DESIGNS).map(([id, { title, heads, distilled }]) =>
  defineNet({
    id,
    title,
    source: distilled
      ? "Touvron et al. 2021, Training data-efficient image transformers, arXiv 2012.12877; mean of both heads"
      : "Dosovitskiy et al. 2021, An Image is Worth 16×16 Words, arXiv 2010.11929, in the sizes of arXiv 2012.12877",
    input: [3, 224, 224],
    classes: 1000,
    params,
    build: (input, { classes, width, depth, patch }) => {
      const heads64 = scaled(heads, width);
      let x = patches(input, patch, 64 * heads64);
      x = prependTokens(x, distilled ? ["class_token", "distillation_token"] : ["class_token"]);
      x = addPositions(x, "positions");
      for (let i = 0; i < repeats(12, depth); i++) {
        x = encoderLayer(x, `layer${i + 1}`, { heads: heads64, epsilon: 1e-6, normFirst: true });
      }
      x = layerNorm(x, "norm", 1e-6);
      const linear = { units: classes, initializer: small, bias: zeros };
      const logits = dense(token(x, "class", 0), "classifier", linear);
      if (!distilled) return logits;
      const sum = add(logits, dense(token(x, "distillation", 1), "teacher", linear));
      return x.net.emit("Mul", [sum, scalar(x, 0.5)], { name: "mean", dims: sum.dims });
    },
  }),
);

/** [batch, 3, H, W] → [batch, tokens, channels]. */
function patches(input: Feature, side: number, channels: number): Feature {
  const sides = [sizeOf(input, 2), sizeOf(input, 3)];
  if (sides.some((s) => s % side !== 0)) {
    throw new LatheError("invalid-argument", `Patches of "${side}" do not tile ${sides.join("×")}.`, {
      hint: "Choose a patch that divides height and width.",
    });
  }
  const parts = { channels, kernel: side, stride: side, pads: [0, 0, 0, 0], bias: true } as const;
  const x = conv(input, "patches", { ...parts, initializer: lecunUniform });
  const tokens = sizeOf(x, 2) * sizeOf(x, 3);
  const flat = reshape(x, [channels, tokens]);
  return x.net.emit("Transpose", [flat], {
    name: "tokens",
    dims: [x.dims[0]!, tokens, channels],
    attributes: { perm: [0, 2, 1] },
  });
}

/** Puts learned tokens before the others, once for every sample. */
function prependTokens(x: Feature, names: readonly string[]): Feature {
  const { net } = x;
  const [batch, tokens, channels] = [x.dims[0]!, sizeOf(x, 1), sizeOf(x, 2)];
  const size = net.emit("Shape", [x], {
    name: "batch_size",
    dims: [1],
    type: "int64",
    attributes: { start: 0, end: 1 },
  });
  const rest = net.constant({ type: "int64", dims: [2], data: BigInt64Array.of(1n, BigInt(channels)) });
  const shape = net.emit("Concat", [size, rest], { name: "token_shape", dims: [3], attributes: { axis: 0 } });
  const made = names.map((name) => {
    const learned = net.parameter(name, [1, 1, channels], { initializer: small });
    const dims = [batch, 1, channels];
    return net.emit("Expand", [learned, shape], { name: `${name}.expanded`, dims, type: x.type });
  });
  const dims = [batch, made.length + tokens, channels];
  return net.emit("Concat", [...made, x], { name: "sequence", dims, attributes: { axis: 1 } });
}
