import { z } from "zod";
import { LatheError } from "../base/error.ts";
import { batchNorm, conv, concat, maxPool, relu, upConv } from "./layers.ts";
import { sizeOf, type Feature } from "./build.ts";
import { defineNet } from "./define.ts";
import { heNormal } from "./initialize.ts";
import { scaled, width } from "./params.ts";

const params = z.strictObject({
  width,
  levels: z.int().min(1).max(8).default(4).meta({
    title: "Levels",
    description: "How often the picture is halved.",
  }),
  normalize: z.boolean().default(true).meta({
    title: "Normalise",
    description: "Batch normalisation behind every 3×3 convolution; the paper has none.",
  }),
});

/**
 * Segmentation by contraction and expansion with shortcuts between equal sizes. Unlike in the paper the
 * convolutions pad, so that the output has the size of the input: logits are [batch, classes, height, width].
 */
export const unet = defineNet({
  id: "unet",
  title: "U-Net for segmentation",
  source: "Ronneberger et al. 2015, U-Net, arXiv 1505.04597, figure 1; padded convolutions",
  input: [1, 256, 256],
  classes: 2,
  params,
  build: (input, { classes, width, levels, normalize }) => {
    checkSides(input, 2 ** levels);
    const wide = (level: number): number => scaled(64, width) * 2 ** level;
    let x = twice(input, "down0", { channels: wide(0), normalize });
    const passed: Feature[] = [];
    for (let level = 1; level <= levels; level++) {
      passed.push(x);
      x = maxPool(x, `down${level}.pool`, { kernel: 2 });
      x = twice(x, `down${level}`, { channels: wide(level), normalize });
    }
    for (let level = levels - 1; level >= 0; level--) {
      x = upConv(x, `up${level}.up`, { channels: wide(level), factor: 2, initializer: heNormal });
      x = twice(concat([passed[level]!, x]), `up${level}`, { channels: wide(level), normalize });
    }
    return conv(x, "output", { channels: classes, bias: true, initializer: heNormal });
  },
});

interface TwiceParts {
  readonly channels: number;
  readonly normalize: boolean;
}

function twice(x: Feature, name: string, { channels, normalize }: TwiceParts): Feature {
  let y = x;
  for (const i of [1, 2]) {
    y = conv(y, `${name}.conv${i}`, { channels, kernel: 3, bias: !normalize, initializer: heNormal });
    if (normalize) y = batchNorm(y, `${name}.bn${i}`);
    y = relu(y);
  }
  return y;
}

function checkSides(input: Feature, factor: number): void {
  const sides = [sizeOf(input, 2), sizeOf(input, 3)];
  if (sides.every((side) => side % factor === 0)) return;
  throw new LatheError("invalid-argument", `unet cannot halve "${sides.join("×")}" evenly so often.`, {
    hint: `Choose height and width that are multiples of ${factor}, or fewer levels.`,
  });
}
