import { z } from "zod";
import { convBn, depthwiseBn } from "./blocks.ts";
import { sizeOf, type Feature } from "./build.ts";
import { defineNet } from "./define.ts";
import { concat, dense, flatten, globalPool, maxPool, relu } from "./layers.ts";
import { depth, repeats, scaled, strides, reduction, width } from "./params.ts";

/** Channels of the three stages and of the last layer (Ma et al. 2018, table 5). */
const SIZES = {
  "0.5": [48, 96, 192, 1024],
  "1.0": [116, 232, 464, 1024],
  "1.5": [176, 352, 704, 1024],
  "2.0": [244, 488, 976, 2048],
} as const;

const BLOCKS = [4, 8, 4];

/** Half the channels pass by, the other half is convolved, and the two are interleaved. */
export const shuffleNetsV2 = Object.entries(SIZES).map(([size, channels]) =>
  defineNet({
    id: `shufflenetv2-${size}`,
    title: `ShuffleNet V2 ${size}×`,
    source: "Ma et al. 2018, ShuffleNet V2, arXiv 1807.11164, table 5",
    input: [3, 224, 224],
    classes: 1000,
    params: z.strictObject({ width, depth, reduction }),
    build: (input, { classes, width, depth, reduction }) => {
      const next = strides(reduction);
      let x = convBn(input, "stem", { channels: scaled(24, width), kernel: 3, stride: next(2), activation: relu });
      if (next(2) === 2) x = maxPool(x, "pool", { kernel: 3, stride: 2, pads: [1, 1, 1, 1] });
      for (const [stage, blocks] of BLOCKS.entries()) {
        const half = scaled(channels[stage]! / 2, width);
        const first = next(2);
        for (let i = 0; i < repeats(blocks, depth); i++) {
          const name = `stage${stage + 2}.${i}`;
          x = i === 0 ? reducing(x, name, { half, stride: first }) : passing(x, name, half);
        }
      }
      x = convBn(x, "head", { channels: scaled(channels[3], width), activation: relu });
      return dense(flatten(globalPool(x)), "classifier", { units: classes });
    },
  }),
);

/** Ma et al. 2018, figure 3 (c). */
function passing(x: Feature, name: string, half: number): Feature {
  const dims = x.dims.map((d, axis) => (axis === 1 ? half : d));
  const sizes = x.net.constant({ type: "int64", dims: [2], data: BigInt64Array.of(BigInt(half), BigInt(half)) });
  const [kept, taken] = x.net.emitAll(
    "Split",
    [x, sizes],
    [
      { dims, name: `${name}.kept`, attributes: { axis: 1 } },
      { dims, name: `${name}.taken` },
    ],
  );
  return shuffle(concat([kept!, branch(taken!, `${name}.branch`, { half, stride: 1 })]), half);
}

interface UnitParts {
  /** Channels of each half of the output. */
  readonly half: number;
  readonly stride: number;
}

/** Ma et al. 2018, figure 3 (d): both halves see the whole input. */
function reducing(x: Feature, name: string, { half, stride }: UnitParts): Feature {
  const pooled = depthwiseBn(x, `${name}.shortcut.depthwise`, { kernel: 3, stride });
  const shortcut = convBn(pooled, `${name}.shortcut.pointwise`, { channels: half, activation: relu });
  return shuffle(concat([shortcut, branch(x, `${name}.branch`, { half, stride })]), half);
}

function branch(x: Feature, name: string, { half, stride }: UnitParts): Feature {
  let y = convBn(x, `${name}.pointwise1`, { channels: half, activation: relu });
  y = depthwiseBn(y, `${name}.depthwise`, { kernel: 3, stride });
  return convBn(y, `${name}.pointwise2`, { channels: half, activation: relu });
}

/** Interleaves two halves: [batch, 2, half, H, W] → [batch, half, 2, H, W]. */
function shuffle(x: Feature, half: number): Feature {
  const { net } = x;
  const [batch, channels, height, width] = [x.dims[0]!, sizeOf(x, 1), sizeOf(x, 2), sizeOf(x, 3)];
  const shape = (...dims: readonly number[]): string =>
    net.constant({ type: "int64", dims: [dims.length], data: BigInt64Array.from(dims, BigInt) });
  // 0 copies the batch.
  const split = net.emit("Reshape", [x, shape(0, 2, half, height, width)], {
    dims: [batch, 2, half, height, width],
  });
  const swapped = net.emit("Transpose", [split], {
    dims: [batch, half, 2, height, width],
    attributes: { perm: [0, 2, 1, 3, 4] },
  });
  return net.emit("Reshape", [swapped, shape(0, channels, height, width)], { dims: x.dims });
}
