/** Normalisations that have a name; `core/data/presets.ts` has their numbers. Pages read this file, so it has no schema. */
export const PRESET_NAMES = [
  "imagenet",
  "zero-one",
  "minus-one-one",
  "raw",
  "mnist",
  "fashion-mnist",
  "cifar10",
  "caffe",
] as const;
export type PresetName = (typeof PRESET_NAMES)[number];
