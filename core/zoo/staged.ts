import { z } from "zod";
import { convBn, depthwiseBn, invertedResidual } from "./blocks.ts";
import { sizeOf, type Feature } from "./build.ts";
import { defineNet } from "./define.ts";
import { float32 } from "../base/array.ts";
import { add, dense, flatten, globalPool, relu } from "./layers.ts";

const kernel = z
  .literal([3, 5, 7])
  .default(3)
  .meta({
    title: "Kernel",
    description: "Height and width of the spatial convolution.",
    search: [3, 5],
  });

const residual = z.strictObject({
  op: z.literal("residual"),
  kernel,
  expansion: z
    .number()
    .min(0.125)
    .max(4)
    .default(1)
    .meta({ title: "Expansion", description: "Channels between its two convolutions.", search: [0.5, 1] }),
});

const inverted = z.strictObject({
  op: z.literal("inverted"),
  kernel,
  expansion: z
    .number()
    .min(1)
    .max(8)
    .default(4)
    .meta({ title: "Expansion", description: "Channels of its depthwise convolution.", search: [2, 4, 6] }),
});

const separable = z.strictObject({ op: z.literal("separable"), kernel });

/** One layer group of a stage. */
export const stagedBlock = z.discriminatedUnion("op", [residual, inverted, separable]);
export type StagedBlock = z.output<typeof stagedBlock>;

export const stagedStage = z.strictObject({
  width: z
    .number()
    .min(0.125)
    .max(8)
    .default(1)
    .meta({ title: "Width", description: "Factor on the channels of this stage.", search: [0.5, 0.75, 1, 1.25] }),
  blocks: z.array(stagedBlock).min(1).max(3),
});
export type StagedStage = z.output<typeof stagedStage>;

const plain = (count: number): StagedStage => ({
  width: 1,
  blocks: Array.from({ length: count }, () => ({ op: "residual", kernel: 3, expansion: 1 })),
});

/** The parameters of the net, and the space that is searched where nothing else is asked for. */
export const stagedParams = z.strictObject({
  resolution: z
    .number()
    .min(0.1)
    .max(1)
    .default(1)
    .meta({
      title: "Resolution",
      description: "Share of the picture's height and width that the net computes with.",
      search: [0.5, 0.75, 1],
    }),
  channels: z
    .int()
    .min(4)
    .max(512)
    .default(16)
    .meta({
      title: "Channels",
      description: "Of the first stage at width 1; every stage has twice as many as the one before.",
      search: [8, 16],
    }),
  stages: z
    .array(stagedStage)
    .min(2)
    .max(4)
    .default([plain(1), plain(1), plain(1)])
    .meta({ title: "Stages", description: "Each halves height and width, but the first." }),
});
export type StagedParams = z.output<typeof stagedParams>;

/** Channels in fours, at least four. */
export const inFours = (channels: number): number => Math.max(4, Math.round(channels / 4) * 4);

/** Channels of a stage, counted from 0. */
export function stageChannels({ channels }: Pick<StagedParams, "channels">, stage: number, width: number): number {
  return inFours(channels * 2 ** stage * width);
}

/**
 * Stages of blocks for small pictures, every block with its own operation, kernel and expansion: the net that searches
 * vary. The first block of each stage changes channels and size, by a projection beside it where it is residual
 * (He et al. 2016, arXiv 1512.03385, option B); the others have an identity beside them.
 */
export const staged = defineNet({
  id: "staged",
  title: "Stages of chosen blocks",
  source:
    "Own arrangement of residual (He et al. 2016, arXiv 1512.03385), inverted (Sandler et al. 2018, arXiv 1801.04381) and separable blocks (Howard et al. 2017, arXiv 1704.04861)",
  input: [3, 32, 32],
  classes: 10,
  params: stagedParams,
  build: (input, { classes, ...params }) => {
    let x = resized(input, params.resolution);
    x = convBn(x, "stem", { channels: inFours(params.channels), kernel: 3, activation: relu });
    for (const [s, { width, blocks }] of params.stages.entries()) {
      const channels = stageChannels(params, s, width);
      for (const [b, parts] of blocks.entries()) {
        const stride = s > 0 && b === 0 ? 2 : 1;
        x = block(x, `stage${s + 1}.block${b + 1}`, { ...parts, channels, stride, isFirst: b === 0 });
      }
    }
    return dense(flatten(globalPool(x)), "classifier", { units: classes });
  },
});

type BlockParts = StagedBlock & { readonly channels: number; readonly stride: number; readonly isFirst: boolean };

function block(x: Feature, name: string, parts: BlockParts): Feature {
  const { kernel, channels, stride, isFirst } = parts;
  switch (parts.op) {
    case "residual": {
      const middle = inFours(channels * parts.expansion);
      let y = convBn(x, `${name}.first`, { channels: middle, kernel, stride, activation: relu });
      y = convBn(y, `${name}.second`, { channels, kernel: 3 });
      const beside = isFirst ? convBn(x, `${name}.beside`, { channels, stride }) : x;
      return relu(add(y, beside));
    }
    case "inverted": {
      const expanded = inFours(sizeOf(x, 1) * parts.expansion);
      return invertedResidual(x, name, { expanded, channels, kernel, stride, activation: relu });
    }
    case "separable": {
      let y = depthwiseBn(x, `${name}.depthwise`, { kernel, stride, activation: relu });
      y = convBn(y, `${name}.pointwise`, { channels });
      return relu(isFirst ? y : add(y, x));
    }
  }
}

/** Pictures of another size, by linear interpolation (half-pixel centres). */
function resized(x: Feature, share: number): Feature {
  const [height, width] = [sizeOf(x, 2), sizeOf(x, 3)].map((side) => Math.max(1, Math.round(side * share)));
  if (height === sizeOf(x, 2) && width === sizeOf(x, 3)) return x;
  const scale = (to: number, axis: number): number => exactScale(to / sizeOf(x, axis));
  const scales = x.net.constant(float32([4], [1, 1, scale(height!, 2), scale(width!, 3)]));
  return x.net.emit("Resize", [x, "", scales], {
    name: "resized",
    dims: [x.dims[0]!, x.dims[1]!, height!, width!],
    attributes: { mode: "linear" },
  });
}

/** The runtime cuts size · scale off; a little more than the share keeps it from losing a pixel. */
const exactScale = (scale: number): number => scale * (1 + 1e-6);
