import { z } from "zod";
import { convBn, depthwiseBn } from "./blocks.ts";
import { sizeOf, type Feature } from "./build.ts";
import { defineNet } from "./define.ts";
import { xavierUniform, zeros } from "./initialize.ts";
import { dense, flatten, globalPool, relu, type Pads } from "./layers.ts";
import { depth, repeats, scaled, width } from "./params.ts";

interface Design {
  readonly channels: number;
  /** Depthwise separable blocks. */
  readonly blocks: number;
  /** Strides of the first convolution and of the first block. */
  readonly strides: readonly [readonly [number, number], number];
}

/** The settings of the authors' training commands (ARM-software/ML-KWS-for-MCU). */
const DESIGNS: Readonly<Record<string, Design>> = {
  s: { channels: 64, blocks: 4, strides: [[2, 2], 1] },
  m: { channels: 172, blocks: 4, strides: [[2, 1], 2] },
  l: { channels: 276, blocks: 5, strides: [[2, 1], 2] },
};

/** Depthwise separable convolutions over 49 frames of 10 coefficients, for keyword spotting. */
export const dsCnns = Object.entries(DESIGNS).map(([size, { channels, blocks, strides }]) =>
  defineNet({
    id: `ds-cnn-${size}`,
    title: `DS-CNN ${size.toUpperCase()} for keywords`,
    source: "Zhang et al. 2017, Hello Edge: Keyword Spotting on Microcontrollers, arXiv 1711.07128, section 4.4",
    input: [1, 49, 10],
    inputMeaning: "1 × frames × coefficients",
    classes: 12,
    params: z.strictObject({ width, depth }),
    build: (input, { classes, width, depth }) => {
      const initializer = xavierUniform;
      const wide = scaled(channels, width);
      const kernel = [10, 4] as const;
      const pads = samePads(input, kernel, strides[0]);
      let x = convBn(input, "stem", {
        channels: wide,
        kernel,
        stride: strides[0],
        pads,
        activation: relu,
        initializer,
      });
      for (let i = 0; i < repeats(blocks, depth); i++) {
        const stride = i === 0 ? strides[1] : 1;
        x = depthwiseBn(x, `block${i + 1}.depthwise`, { kernel: 3, stride, activation: relu, initializer });
        x = convBn(x, `block${i + 1}.pointwise`, { channels: wide, activation: relu, initializer });
      }
      return dense(flatten(globalPool(x)), "classifier", { units: classes, initializer, bias: zeros });
    },
  }),
);

/** TensorFlow's SAME: ⌈size / stride⌉ outputs, the odd row behind. */
function samePads(x: Feature, kernel: readonly [number, number], stride: readonly [number, number]): Pads {
  const missing = ([0, 1] as const).map((axis) => {
    const size = sizeOf(x, axis + 2);
    return Math.max(0, (Math.ceil(size / stride[axis]) - 1) * stride[axis] + kernel[axis] - size);
  });
  const [height = 0, width = 0] = missing;
  const [top, left] = [Math.floor(height / 2), Math.floor(width / 2)];
  return [top, left, height - top, width - left];
}
