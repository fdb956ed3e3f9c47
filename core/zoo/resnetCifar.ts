import { z } from "zod";
import { sizeOf, type Feature } from "./build.ts";
import { defineNet } from "./define.ts";
import { add, batchNorm, conv, dense, flatten, globalPool, maxPool, relu, scalar } from "./layers.ts";
import { depth, repeats, scaled, width } from "./params.ts";

const params = z.strictObject({
  width,
  depth,
  shortcut: z.enum(["A", "B"]).default("A").meta({
    title: "Shortcut",
    description:
      "Where a block changes its size: A subsamples and pads channels with zeros, B learns a 1×1 convolution.",
  }),
});
type Shortcut = z.output<typeof params>["shortcut"];

/**
 * The residual nets for 32×32 pictures (He et al. 2016, arXiv 1512.03385, section 4.2): a 3×3 convolution and
 * three stages of n two-layer blocks with 16, 32 and 64 channels, 6n + 2 layers in all. The paper uses
 * shortcut A throughout.
 */
export const cifarResNets = [8, 14, 20, 32, 44, 56, 110].map((layers) =>
  defineNet({
    id: `resnet${layers}`,
    title: `ResNet-${layers} for small pictures`,
    source: "He et al. 2016, Deep Residual Learning for Image Recognition, arXiv 1512.03385, section 4.2",
    input: [3, 32, 32],
    classes: 10,
    params,
    build: (input, { classes, width, depth, shortcut }) => {
      let x = conv(input, "conv1", { channels: scaled(16, width), kernel: 3 });
      x = relu(batchNorm(x, "bn1"));
      for (const [stage, channels] of [16, 32, 64].entries()) {
        for (let i = 0; i < repeats((layers - 2) / 6, depth); i++) {
          const stride = stage > 0 && i === 0 ? 2 : 1;
          x = block(x, `layer${stage + 1}.${i}`, { channels: scaled(channels, width), stride, shortcut });
        }
      }
      return dense(flatten(globalPool(x)), "fc", { units: classes });
    },
  }),
);

interface BlockParts {
  readonly channels: number;
  readonly stride: number;
  readonly shortcut: Shortcut;
}

function block(x: Feature, name: string, { channels, stride, shortcut }: BlockParts): Feature {
  let y = conv(x, `${name}.conv1`, { channels, kernel: 3, stride });
  y = relu(batchNorm(y, `${name}.bn1`));
  y = conv(y, `${name}.conv2`, { channels, kernel: 3 });
  y = batchNorm(y, `${name}.bn2`);
  if (stride === 1 && sizeOf(x, 1) === channels) return relu(add(y, x));
  const skip =
    shortcut === "A"
      ? padChannels(x, `${name}.shortcut`, { channels, stride })
      : batchNorm(conv(x, `${name}.downsample.0`, { channels, stride }), `${name}.downsample.1`);
  return relu(add(y, skip));
}

/** Every `stride`-th row and column, and zeros for the new channels, half before and half behind. */
function padChannels(x: Feature, name: string, { channels, stride }: Omit<BlockParts, "shortcut">): Feature {
  const picked = maxPool(x, `${name}.subsample`, { kernel: 1, stride });
  const missing = channels - sizeOf(x, 1);
  const before = Math.floor(missing / 2);
  const pads = x.net.constant({
    type: "int64",
    dims: [8],
    data: BigInt64Array.from([0, before, 0, 0, 0, missing - before, 0, 0], BigInt),
  });
  const dims = picked.dims.map((d, axis) => (axis === 1 ? channels : d));
  return x.net.emit("Pad", [picked, pads, scalar(x, 0)], { name: `${name}.pad`, dims });
}
