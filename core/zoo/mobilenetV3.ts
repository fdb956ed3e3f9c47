import { z } from "zod";
import { convBn, invertedResidual } from "./blocks.ts";
import { sizeOf } from "./build.ts";
import { defineNet } from "./define.ts";
import { normal, zeros } from "./initialize.ts";
import { dense, flatten, globalPool, hardSigmoid, hardSwish, relu } from "./layers.ts";
import { depth, inEights, reduction, stretch, strides, width } from "./params.ts";

/** Kernel, depthwise channels, channels, squeeze–excite, activation. */
type Row = readonly [number, number, number, boolean, typeof relu];

interface Stage {
  readonly stride: number;
  readonly rows: readonly Row[];
}

interface Design {
  readonly title: string;
  readonly stages: readonly Stage[];
  /** Units of the layer before the classifier. */
  readonly hidden: number;
}

/** Howard et al. 2019, table 1. */
const LARGE: readonly Stage[] = [
  { stride: 1, rows: [[3, 16, 16, false, relu]] },
  {
    stride: 2,
    rows: [
      [3, 64, 24, false, relu],
      [3, 72, 24, false, relu],
    ],
  },
  {
    stride: 2,
    rows: [
      [5, 72, 40, true, relu],
      [5, 120, 40, true, relu],
      [5, 120, 40, true, relu],
    ],
  },
  {
    stride: 2,
    rows: [
      [3, 240, 80, false, hardSwish],
      [3, 200, 80, false, hardSwish],
      [3, 184, 80, false, hardSwish],
      [3, 184, 80, false, hardSwish],
    ],
  },
  {
    stride: 1,
    rows: [
      [3, 480, 112, true, hardSwish],
      [3, 672, 112, true, hardSwish],
    ],
  },
  {
    stride: 2,
    rows: [
      [5, 672, 160, true, hardSwish],
      [5, 960, 160, true, hardSwish],
      [5, 960, 160, true, hardSwish],
    ],
  },
];

/** Howard et al. 2019, table 2. */
const SMALL: readonly Stage[] = [
  { stride: 2, rows: [[3, 16, 16, true, relu]] },
  {
    stride: 2,
    rows: [
      [3, 72, 24, false, relu],
      [3, 88, 24, false, relu],
    ],
  },
  {
    stride: 2,
    rows: [
      [5, 96, 40, true, hardSwish],
      [5, 240, 40, true, hardSwish],
      [5, 240, 40, true, hardSwish],
    ],
  },
  {
    stride: 1,
    rows: [
      [5, 120, 48, true, hardSwish],
      [5, 144, 48, true, hardSwish],
    ],
  },
  {
    stride: 2,
    rows: [
      [5, 288, 96, true, hardSwish],
      [5, 576, 96, true, hardSwish],
      [5, 576, 96, true, hardSwish],
    ],
  },
];

const DESIGNS: Readonly<Record<string, Design>> = {
  "mobilenetv3-small": { title: "MobileNet V3 Small", stages: SMALL, hidden: 1024 },
  "mobilenetv3-large": { title: "MobileNet V3 Large", stages: LARGE, hidden: 1280 },
};

/** Inverted residuals with squeeze–excite and hard swish. */
export const mobileNetsV3 = Object.entries(DESIGNS).map(([id, { title, stages, hidden }]) =>
  defineNet({
    id,
    title,
    source: "Howard et al. 2019, Searching for MobileNetV3, arXiv 1905.02244, tables 1 and 2",
    input: [3, 224, 224],
    classes: 1000,
    params: z.strictObject({ width, depth, reduction }),
    build: (input, { classes, width, depth, reduction }) => {
      const next = strides(reduction);
      const norm = { epsilon: 1e-3, momentum: 0.99 };
      const wide = (channels: number): number => inEights(channels * width);
      let x = convBn(input, "stem", { channels: wide(16), kernel: 3, stride: next(2), activation: hardSwish, norm });
      for (const [stage, { stride, rows }] of stages.entries()) {
        const first = next(stride);
        for (const [i, [kernel, inner, channels, squeezes, activation]] of stretch(rows, depth).entries()) {
          const expanded = wide(inner);
          const squeeze = { channels: inEights(expanded / 4), activation: relu, gate: hardSigmoid };
          x = invertedResidual(x, `stage${stage + 1}.${i}`, {
            expanded,
            channels: wide(channels),
            kernel,
            stride: i === 0 ? first : 1,
            activation,
            squeeze: squeezes ? squeeze : undefined,
            norm,
          });
        }
      }
      x = convBn(x, "head", { channels: 6 * sizeOf(x, 1), activation: hardSwish, norm });
      const linear = { initializer: normal(0.01), bias: zeros };
      x = hardSwish(dense(flatten(globalPool(x)), "classifier.hidden", { units: wide(hidden), ...linear }));
      return dense(x, "classifier.output", { units: classes, ...linear });
    },
  }),
);
