import { z } from "zod";
import { convBn, invertedResidual } from "./blocks.ts";
import { sizeOf } from "./build.ts";
import { defineNet } from "./define.ts";
import { dense, flatten, globalPool, relu6, sigmoid, swish } from "./layers.ts";
import { depth, inEights, reduction, repeats, strides, width } from "./params.ts";

/** Expansion, kernel, stride, channels and blocks of each stage of B0 (Tan & Le 2019, table 1). */
const STAGES = [
  [1, 3, 1, 16, 1],
  [6, 3, 2, 24, 2],
  [6, 5, 2, 40, 2],
  [6, 3, 2, 80, 3],
  [6, 5, 1, 112, 3],
  [6, 5, 2, 192, 4],
  [6, 3, 1, 320, 1],
] as const;

interface Design {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  /** Without squeeze–excite and swish, and with a stem, head, first and last stage that do not grow. */
  readonly lite: boolean;
  readonly width: number;
  readonly depth: number;
  readonly side: number;
}

/** Width, depth and side of the input of each size; the sides of the lite ones are of the reference code. */
const SIZES = [
  [1, 1, 224, 224],
  [1, 1.1, 240, 240],
  [1.1, 1.2, 260, 260],
  [1.2, 1.4, 300, 280],
  [1.4, 1.8, 380, 300],
] as const;

const DESIGNS = SIZES.flatMap(([width, depth, side, liteSide], i): readonly Design[] => [
  {
    id: `efficientnet-b${i}`,
    title: `EfficientNet-B${i}`,
    source: "Tan & Le 2019, EfficientNet: Rethinking Model Scaling, arXiv 1905.11946, table 1 and section 4",
    lite: false,
    width,
    depth,
    side,
  },
  {
    id: `efficientnet-lite${i}`,
    title: `EfficientNet-Lite${i}`,
    source: "Tan & Le 2019, arXiv 1905.11946, without squeeze–excite and with ReLU6 (Google 2020, EfficientNet-Lite)",
    lite: true,
    width,
    depth,
    side: liteSide,
  },
]);

/** Inverted residuals, scaled in width, depth and resolution together. */
export const efficientNets = [...DESIGNS.filter((d) => !d.lite), ...DESIGNS.filter((d) => d.lite)].map((design) =>
  defineNet({
    id: design.id,
    title: design.title,
    source: design.source,
    input: [3, design.side, design.side],
    classes: 1000,
    params: z.strictObject({ width, depth, reduction }),
    build: (input, { classes, width, depth, reduction }) => {
      const { lite } = design;
      const next = strides(reduction);
      const norm = { epsilon: 1e-3, momentum: 0.99 };
      const activation = lite ? relu6 : swish;
      const wide = (channels: number): number => inEights(channels * design.width * width);
      const ends = (channels: number): number => (lite ? inEights(channels * width) : wide(channels));
      let x = convBn(input, "stem", { channels: ends(32), kernel: 3, stride: next(2), activation, norm });
      for (const [stage, [expansion, kernel, stride, channels, blocks]] of STAGES.entries()) {
        const first = next(stride);
        const isEnd = stage === 0 || stage === STAGES.length - 1;
        const growth = lite && isEnd ? depth : design.depth * depth;
        for (let i = 0; i < repeats(blocks, growth); i++) {
          const inner = sizeOf(x, 1);
          const squeeze = { channels: Math.max(1, Math.floor(inner / 4)), activation: swish, gate: sigmoid };
          x = invertedResidual(x, `stage${stage + 1}.${i}`, {
            expanded: expansion * inner,
            channels: wide(channels),
            kernel,
            stride: i === 0 ? first : 1,
            activation,
            squeeze: lite ? undefined : squeeze,
            norm,
          });
        }
      }
      x = convBn(x, "head", { channels: ends(1280), activation, norm });
      return dense(flatten(globalPool(x)), "classifier", { units: classes });
    },
  }),
);
