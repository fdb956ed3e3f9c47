import type { PresetName } from "../contract/presetNames.ts";

/** Value range and normalisation of images. Means and deviations are for scaled levels, in RGB order. */
export interface Normalisation {
  readonly scale: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Order of colours that goes with it; absent: as the model is thought to take them. */
  readonly order?: "rgb" | "bgr";
}

export const PRESETS = {
  /** torchvision's ImageNet weights. */
  imagenet: { scale: 1 / 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  /** Levels in [0, 1]. */
  "zero-one": { scale: 1 / 255, mean: [], std: [] },
  /** Levels in [−1, 1]: v / 127.5 − 1. */
  "minus-one-one": { scale: 1 / 127.5, mean: [1], std: [] },
  /** Levels 0 to 255 as they are. */
  raw: { scale: 1, mean: [], std: [] },
  mnist: { scale: 1 / 255, mean: [0.1307], std: [0.3081] },
  "fashion-mnist": { scale: 1 / 255, mean: [0.286], std: [0.353] },
  cifar10: { scale: 1 / 255, mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] },
  /** Caffe's ImageNet nets, and Keras' VGG and ResNet with their weights: levels less their means, blue first. */
  caffe: { scale: 1, mean: [123.68, 116.779, 103.939], std: [], order: "bgr" },
} as const satisfies Record<PresetName, Normalisation>;
