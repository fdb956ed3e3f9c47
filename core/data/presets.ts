/** Value range and normalisation of images, by name. Means and deviations are for levels in [0, 1], in RGB order. */
export interface Normalisation {
  readonly scale: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
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
} as const satisfies Record<string, Normalisation>;

export type PresetName = keyof typeof PRESETS;
export const PRESET_NAMES = Object.keys(PRESETS) as PresetName[];
