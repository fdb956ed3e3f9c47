import { z } from "zod";
import type { Feature } from "./build.ts";
import { defineNet } from "./define.ts";
import { heUniform, normal } from "./initialize.ts";
import { concat, conv, flatten, globalPool, maxPool, relu, type Pads } from "./layers.ts";
import { depth, scaled, stretch, width } from "./params.ts";

interface Design {
  readonly title: string;
  readonly stem: { readonly channels: number; readonly kernel: number };
  /** Squeeze channels of the fire modules between two poolings; each branch expands them by four. */
  readonly stages: readonly (readonly number[])[];
}

/** Iandola et al. 2016, table 1, and the authors' lighter version 1.1. */
const DESIGNS: Readonly<Record<string, Design>> = {
  "squeezenet1.0": {
    title: "SqueezeNet 1.0",
    stem: { channels: 96, kernel: 7 },
    stages: [[16, 16, 32], [32, 48, 48, 64], [64]],
  },
  "squeezenet1.1": {
    title: "SqueezeNet 1.1",
    stem: { channels: 64, kernel: 3 },
    stages: [
      [16, 16],
      [32, 32],
      [48, 48, 64, 64],
    ],
  },
};

const NO_PADS: Pads = [0, 0, 0, 0];

/** Fire modules: a few 1×1 channels feed 1×1 and 3×3 ones side by side. No normalisation, no dense layer. */
export const squeezeNets = Object.entries(DESIGNS).map(([id, { title, stem, stages }]) =>
  defineNet({
    id,
    title,
    source: "Iandola et al. 2016, SqueezeNet, arXiv 1602.07360, table 1; version 1.1 of the authors' repository",
    input: [3, 224, 224],
    classes: 1000,
    params: z.strictObject({ width, depth }),
    build: (input, { classes, width, depth }) => {
      const { kernel } = stem;
      const channels = scaled(stem.channels, width);
      let x = relu(conv(input, "stem", { channels, kernel, stride: 2, pads: NO_PADS, ...LEARNED }));
      for (const [stage, fires] of stages.entries()) {
        x = maxPool(x, `stage${stage + 1}.pool`, { kernel: 3, stride: 2, ceil: true });
        for (const [i, squeeze] of stretch(fires, depth).entries()) {
          x = fire(x, `stage${stage + 1}.${i}`, scaled(squeeze, width));
        }
      }
      x = relu(conv(x, "classifier", { channels: classes, bias: true, initializer: normal(0.01) }));
      return flatten(globalPool(x));
    },
  }),
);

const LEARNED = { bias: true, initializer: heUniform } as const;

function fire(x: Feature, name: string, channels: number): Feature {
  const squeezed = relu(conv(x, `${name}.squeeze`, { channels, ...LEARNED }));
  const expanded = [1, 3].map((kernel) =>
    relu(conv(squeezed, `${name}.expand${kernel}x${kernel}`, { channels: 4 * channels, kernel, ...LEARNED })),
  );
  return concat([expanded[0]!, expanded[1]!]);
}
