import { z } from "zod";
import { convBn } from "./blocks.ts";
import { defineNet } from "./define.ts";
import { normal, zeros } from "./initialize.ts";
import { dense, flatten, maxPool, relu } from "./layers.ts";
import { depth, repeats, scaled, width } from "./params.ts";

/** Convolutions in the five stages (Simonyan & Zisserman 2015, table 1, nets A, B, D and E). */
const STAGES = {
  11: [1, 1, 2, 2, 2],
  13: [2, 2, 2, 2, 2],
  16: [2, 2, 3, 3, 3],
  19: [2, 2, 4, 4, 4],
} as const;

const CHANNELS = [64, 128, 256, 512, 512] as const;

const params = z.strictObject({
  width,
  depth,
  hidden: z.int().min(0).max(65536).default(4096).meta({
    title: "Hidden units",
    description: "Units of the two layers before the classifier; 0 leaves them out, which suits small pictures.",
  }),
});

/** 3×3 convolutions and pooling, with a batch normalisation behind every convolution. */
export const vggs = Object.entries(STAGES).map(([layers, stages]) =>
  defineNet({
    id: `vgg${layers}-bn`,
    title: `VGG-${layers} with batch normalisation`,
    source: "Simonyan & Zisserman 2015, arXiv 1409.1556, table 1; normalised as in Ioffe & Szegedy 2015",
    input: [3, 224, 224],
    classes: 1000,
    params,
    build: (input, { classes, width, depth, hidden }) => {
      let x = input;
      for (const [stage, convolutions] of stages.entries()) {
        const channels = scaled(CHANNELS[stage]!, width);
        for (let i = 0; i < repeats(convolutions, depth); i++) {
          x = convBn(x, `stage${stage + 1}.${i}`, { channels, kernel: 3, bias: true, activation: relu });
        }
        x = maxPool(x, `stage${stage + 1}.pool`, { kernel: 2 });
      }
      x = flatten(x);
      const linear = { initializer: normal(0.01), bias: zeros };
      for (let i = 0; hidden > 0 && i < 2; i++) x = relu(dense(x, `classifier.${i}`, { units: hidden, ...linear }));
      return dense(x, "classifier.output", { units: classes, ...linear });
    },
  }),
);
