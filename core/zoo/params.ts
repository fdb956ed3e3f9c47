import { z } from "zod";

/** Parameters that many nets share, with what the command line says of them. */
export const width = z
  .number()
  .min(0.05)
  .max(16)
  .default(1)
  .meta({
    title: "Width",
    description: "Factor on the channels of every layer.",
    search: [0.25, 0.35, 0.5, 0.75, 1],
  });

export const depth = z
  .number()
  .min(0.05)
  .max(16)
  .default(1)
  .meta({
    title: "Depth",
    description: "Factor on the blocks of every stage, rounded up.",
    search: [0.35, 0.5, 0.75, 1],
  });

export const reduction = z.literal([32, 16, 8, 4]).default(32).meta({
  title: "Reduction",
  description:
    "By how much height and width shrink in all: 32 as published; less, for small pictures, skips the first strides.",
});

/** Blocks of a stage at a depth factor. */
export function repeats(blocks: number, factor: number): number {
  return Math.max(1, Math.ceil(blocks * factor));
}

/** The layers of a stage at a depth factor: the last one is repeated, or the last ones are left out. */
export function stretch<T>(layers: readonly T[], factor: number): readonly T[] {
  return Array.from({ length: repeats(layers.length, factor) }, (_, i) => layers[Math.min(i, layers.length - 1)]!);
}

/** Channels at a width factor, at least 1. */
export function scaled(channels: number, factor: number): number {
  return Math.max(1, Math.round(channels * factor));
}

/**
 * Channels rounded to a multiple of eight, but never down by more than a tenth, as in the MobileNet and
 * EfficientNet reference code.
 */
export function inEights(channels: number): number {
  const rounded = Math.max(8, Math.floor(channels / 8 + 0.5) * 8);
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}

/** Hands out the strides of a net that reduces by 32, leaving out the first ones until `wanted` is met. */
export function strides(wanted: number): (published: number) => number {
  let spare = 32 / wanted;
  return (published) => {
    if (published === 1 || spare === 1) return published;
    spare /= 2;
    return 1;
  };
}
