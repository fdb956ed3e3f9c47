import { z } from "zod";
import { convBn, invertedResidual } from "./blocks.ts";
import { sizeOf } from "./build.ts";
import { defineNet } from "./define.ts";
import { normal, zeros } from "./initialize.ts";
import { dense, flatten, globalPool, relu6 } from "./layers.ts";
import { depth, inEights, reduction, repeats, strides, width } from "./params.ts";

/** Expansion, channels, blocks and stride of each stage (Sandler et al. 2018, table 2). */
const STAGES = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/** Inverted residuals with linear bottlenecks. The last 1280 channels grow with the width, but never shrink. */
export const mobileNetV2 = defineNet({
  id: "mobilenetv2",
  title: "MobileNet V2",
  source: "Sandler et al. 2018, MobileNetV2: Inverted Residuals and Linear Bottlenecks, arXiv 1801.04381, table 2",
  input: [3, 224, 224],
  classes: 1000,
  params: z.strictObject({
    width,
    depth,
    reduction,
    kernel: z
      .literal([3, 5, 7])
      .default(3)
      .meta({
        title: "Kernel",
        description: "Height and width of the depthwise convolutions.",
        search: [3, 5],
      }),
    expansion: z
      .number()
      .min(1)
      .max(12)
      .default(6)
      .meta({ title: "Expansion", description: "Channels inside the blocks behind the first.", search: [2, 3, 4, 6] }),
  }),
  build: (input, { classes, width, depth, reduction, kernel, expansion: inner }) => {
    const next = strides(reduction);
    const activation = relu6;
    let x = convBn(input, "stem", { channels: inEights(32 * width), kernel: 3, stride: next(2), activation });
    for (const [stage, [expansion, channels, blocks, stride]] of STAGES.entries()) {
      const first = next(stride);
      for (let i = 0; i < repeats(blocks, depth); i++) {
        x = invertedResidual(x, `stage${stage + 1}.${i}`, {
          expanded: Math.round((expansion === 1 ? 1 : inner) * sizeOf(x, 1)),
          channels: inEights(channels * width),
          kernel,
          stride: i === 0 ? first : 1,
          activation,
        });
      }
    }
    x = convBn(x, "head", { channels: inEights(1280 * Math.max(1, width)), activation });
    return dense(flatten(globalPool(x)), "classifier", { units: classes, initializer: normal(0.01), bias: zeros });
  },
});
