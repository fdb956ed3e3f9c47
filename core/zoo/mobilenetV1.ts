import { z } from "zod";
import { convBn, depthwiseBn } from "./blocks.ts";
import { defineNet } from "./define.ts";
import { dense, flatten, globalPool, relu } from "./layers.ts";
import { depth, inEights, reduction, repeats, strides, width } from "./params.ts";

/** Channels and blocks of each stage (Howard et al. 2017, table 1); all but the first halve the size. */
const STAGES = [
  [64, 1],
  [128, 2],
  [256, 2],
  [512, 6],
  [1024, 2],
] as const;

/** Depthwise separable convolutions throughout. */
export const mobileNetV1 = defineNet({
  id: "mobilenetv1",
  title: "MobileNet V1",
  source: "Howard et al. 2017, MobileNets, arXiv 1704.04861, table 1",
  input: [3, 224, 224],
  classes: 1000,
  params: z.strictObject({ width, depth, reduction }),
  build: (input, { classes, width, depth, reduction }) => {
    const next = strides(reduction);
    let x = convBn(input, "stem", { channels: inEights(32 * width), kernel: 3, stride: next(2), activation: relu });
    for (const [stage, [channels, blocks]] of STAGES.entries()) {
      const first = stage === 0 ? 1 : next(2);
      for (let i = 0; i < repeats(blocks, depth); i++) {
        const name = `stage${stage + 1}.${i}`;
        x = depthwiseBn(x, `${name}.depthwise`, { kernel: 3, stride: i === 0 ? first : 1, activation: relu });
        x = convBn(x, `${name}.pointwise`, { channels: inEights(channels * width), activation: relu });
      }
    }
    return dense(flatten(globalPool(x)), "classifier", { units: classes });
  },
});
