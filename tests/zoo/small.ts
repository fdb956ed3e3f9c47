import type { Json } from "../../core/base/json.ts";

/** Net, sizes of a sample, parameters. */
export type Case = readonly [net: string, input: readonly number[], params?: Readonly<Record<string, Json>>];

/** Every builder, small enough to run in milliseconds. */
export const SMALL: readonly Case[] = [
  ["resnet8", [3, 32, 32]],
  ["resnet14", [1, 28, 28], { shortcut: "B", width: 0.5 }],
  ["resnet18", [3, 64, 64], { width: 0.1 }],
  ["resnet50", [3, 33, 35], { width: 0.1, reduction: 8 }],
  ["resnetrs50", [3, 65, 64], { width: 0.1 }],
  ["mobilenetv1", [3, 32, 32], { width: 0.25, reduction: 8 }],
  ["mobilenetv2", [3, 32, 32], { width: 0.25, reduction: 8 }],
  ["mobilenetv2", [3, 96, 96], { width: 0.25 }],
  ["mobilenetv2", [3, 32, 32], { width: 0.25, depth: 0.35, reduction: 4, kernel: 5, expansion: 3 }],
  ["mobilenetv3-small", [3, 32, 32], { width: 0.5, reduction: 4 }],
  ["mobilenetv3-large", [3, 64, 64], { width: 0.25 }],
  ["efficientnet-b0", [3, 32, 32], { width: 0.25 }],
  ["efficientnet-lite0", [3, 32, 32], { width: 0.25, reduction: 16 }],
  ["squeezenet1.0", [3, 64, 64], { width: 0.25 }],
  ["squeezenet1.1", [3, 32, 32], { width: 0.25 }],
  ["shufflenetv2-0.5", [3, 33, 32]],
  ["vgg11-bn", [3, 32, 32], { width: 0.1, hidden: 16 }],
  ["vgg16-bn", [3, 32, 32], { width: 0.1, hidden: 0 }],
  ["ds-cnn-s", [1, 49, 10], { width: 0.25 }],
  ["ds-cnn-m", [1, 25, 8], { width: 0.1 }],
  ["staged", [1, 28, 28], { channels: 8 }],
  [
    "staged",
    [3, 30, 32],
    {
      resolution: 0.75,
      channels: 8,
      stages: [
        { width: 0.5, blocks: [{ op: "inverted", kernel: 5, expansion: 2 }] },
        {
          width: 1.25,
          blocks: [
            { op: "separable", kernel: 3 },
            { op: "residual", kernel: 5, expansion: 0.5 },
          ],
        },
      ],
    },
  ],
  ["vit-tiny", [3, 32, 32], { depth: 0.2, width: 0.5 }],
  ["deit-tiny", [3, 16, 24], { depth: 0.1, width: 0.3, patch: 8 }],
  ["bert-tiny", [12], { vocabulary: 40 }],
  ["unet", [1, 32, 48], { width: 0.1 }],
  ["unet", [3, 8, 8], { width: 0.1, levels: 2, normalize: false }],
  ["lstm", [9, 6], { hidden: 8 }],
  ["lstm", [9, 6], { hidden: 8, layers: 3, bidirectional: true }],
];
