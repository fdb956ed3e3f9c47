import type { ImagePreprocessing } from "../core/contract/preprocessing.ts";

/** What the public CIFAR-10 nets take: levels in [0, 1], less ImageNet's means, over its deviations. */
export const CIFAR: ImagePreprocessing = {
  kind: "image",
  channels: "rgb",
  height: 32,
  width: 32,
  resize: "none",
  interpolation: "bilinear",
  scale: 1 / 255,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  layout: "nchw",
  type: "float32",
};
