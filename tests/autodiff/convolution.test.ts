import { describe, expect, it } from "vitest";
import { checkGradient, type GradientCheck } from "./check.ts";

const SETTINGS: readonly (readonly [name: string, check: Omit<GradientCheck, "op">])[] = [
  ["one spatial axis", { inputs: [{ shape: [2, 3, 7] }, { shape: [4, 3, 3] }, { shape: [4] }] }],
  ["three spatial axes", { inputs: [{ shape: [1, 2, 3, 4, 3] }, { shape: [2, 2, 2, 3, 2] }] }],
  ["a bias", { inputs: [{ shape: [2, 2, 4, 4] }, { shape: [3, 2, 3, 3] }, { shape: [3] }] }],
  ["a 1×1 kernel", { inputs: [{ shape: [2, 3, 3, 2] }, { shape: [4, 3, 1, 1] }] }],
  ["a strided 1×1 kernel", conv([2, 2, 5, 4], [3, 2, 1, 1], { strides: [2, 2] })],
  ["padding", conv([1, 2, 4, 5], [2, 2, 3, 3], { pads: [1, 1, 1, 1] })],
  ["padding that differs by side", conv([1, 2, 4, 5], [2, 2, 3, 2], { pads: [2, 0, 1, 1] })],
  ["padding wider than the kernel", conv([1, 1, 3, 3], [1, 1, 2, 2], { pads: [2, 3, 2, 2] })],
  ["stride", conv([2, 2, 6, 7], [3, 2, 3, 3], { strides: [2, 3], pads: [1, 1, 1, 1] })],
  ["a stride that leaves input unread", conv([1, 2, 8, 6], [2, 2, 3, 1], { strides: [3, 4] })],
  ["dilation", conv([1, 2, 6, 5], [2, 2, 3, 2], { dilations: [2, 3], pads: [2, 1, 0, 1] })],
  [
    "dilation with stride",
    conv([1, 2, 9, 8], [2, 2, 3, 2], { dilations: [2, 3], strides: [2, 2], pads: [1, 0, 2, 1] }),
  ],
  ["groups", conv([2, 4, 4, 4], [6, 2, 3, 3], { group: 2, pads: [1, 1, 1, 1] })],
  ["groups with stride", conv([2, 4, 5, 4], [6, 2, 3, 3], { group: 2, strides: [2, 2], pads: [1, 1, 1, 1] })],
  ["one channel per group", conv([2, 3, 4, 4], [3, 1, 3, 3], { group: 3, pads: [1, 1, 1, 1] })],
  [
    "one channel per group, strided",
    conv([2, 3, 5, 5], [3, 1, 3, 3], { group: 3, strides: [2, 2], pads: [1, 1, 1, 1] }),
  ],
  ["a depth multiplier", conv([1, 2, 4, 4], [6, 1, 3, 3], { group: 2, pads: [1, 1, 1, 1] })],
  ["a large kernel", conv([1, 2, 7, 8], [2, 2, 6, 6], { strides: [1, 2], pads: [0, 1, 0, 0] })],
  ["auto_pad VALID", conv([1, 2, 5, 5], [2, 2, 3, 3], { auto_pad: "VALID", strides: [2, 2] })],
  ["auto_pad SAME_UPPER", conv([1, 2, 5, 6], [2, 2, 2, 3], { auto_pad: "SAME_UPPER", strides: [2, 2] })],
  ["auto_pad SAME_LOWER", conv([1, 2, 5, 6], [2, 2, 2, 3], { auto_pad: "SAME_LOWER", strides: [2, 2] })],
];

function conv(
  x: readonly number[],
  w: readonly number[],
  attributes: NonNullable<GradientCheck["attributes"]>,
): Omit<GradientCheck, "op"> {
  return { inputs: [{ shape: x }, { shape: w }], attributes };
}

describe("gradients of Conv", () => {
  for (const [name, check] of SETTINGS) it(`hold with ${name}`, () => checkGradient({ op: "Conv", ...check }));

  it("hold where batch, channels and image sizes are symbols", async () => {
    const hidden = { 0: { 0: "batch", 1: "channels", 2: "height", 3: "width" }, 1: { 0: "filters" } };
    await checkGradient({ op: "Conv", ...conv([2, 4, 5, 7], [6, 4, 1, 1], {}), symbols: { 0: { 2: "h", 3: "w" } } });
    await checkGradient({ op: "Conv", ...conv([2, 4, 5, 7], [6, 4, 3, 1], { strides: [2, 2] }), symbols: hidden });
    await checkGradient({ op: "Conv", ...conv([2, 4, 5, 7], [6, 4, 3, 3], { pads: [1, 1, 1, 1] }), symbols: hidden });
    const attributes = { strides: [2], pads: [0, 1], group: 2 };
    await checkGradient({
      op: "Conv",
      ...conv([5, 4, 7], [6, 2, 3], attributes),
      symbols: { 0: { 0: "batch" } },
    });
    await checkGradient({ op: "Conv", ...conv([5, 4, 7], [6, 2, 3], attributes), symbols: hidden });
    const dense = { group: 2, pads: [1, 1] };
    const filters = { 1: { 0: "filters" } };
    await checkGradient({ op: "Conv", ...conv([5, 4, 7], [6, 2, 3], dense), symbols: hidden });
    await checkGradient({ op: "Conv", ...conv([5, 4, 7], [6, 2, 3], dense), symbols: filters });
    await checkGradient({
      op: "Conv",
      ...conv([5, 4, 7], [6, 2, 3], dense),
      symbols: { 1: { 0: "filters", 1: "channels" } },
    });
    const depthwise = { pads: [1, 1, 1, 1], group: 4 };
    await checkGradient({ op: "Conv", ...conv([2, 4, 5, 6], [4, 1, 3, 3], depthwise), symbols: hidden });
  });

  it("leave out what is not asked for", async () => {
    await checkGradient({ op: "Conv", ...conv([1, 2, 4, 4], [2, 2, 3, 3], {}), by: [0] });
    await checkGradient({ op: "Conv", ...conv([1, 2, 4, 4], [2, 2, 3, 3], {}), by: [1] });
  });

  it("are refused where auto_pad depends on sizes that are not known", async () => {
    const check = conv([1, 2, 5, 6], [2, 2, 2, 3], { auto_pad: "SAME_UPPER", strides: [2, 2] });
    await expect(checkGradient({ op: "Conv", ...check, symbols: { 0: { 2: "height" } } })).rejects.toThrow(
      'Conv "y0": no gradient for auto_pad "SAME_UPPER" over sizes that are not known.',
    );
  });

  it("are refused where not even the kernel's size is known", async () => {
    const check = checkGradient({ op: "Conv", ...conv([1, 2, 6, 6], [2, 2, 3, 4], {}), symbols: { 1: { 3: "k" } } });
    await expect(check).rejects.toThrow('Conv "y0": no gradient for a kernel whose size is not known ("[3,k]").');
  });
});

const TRANSPOSED: readonly (readonly [name: string, check: Omit<GradientCheck, "op">])[] = [
  ["one spatial axis", { inputs: [{ shape: [2, 3, 4] }, { shape: [3, 2, 3] }, { shape: [2] }] }],
  ["three spatial axes", { inputs: [{ shape: [1, 2, 2, 3, 2] }, { shape: [2, 2, 2, 1, 2] }] }],
  ["stride and padding", conv([2, 3, 3, 4], [3, 2, 3, 3], { strides: [2, 2], pads: [1, 1, 1, 0] })],
  ["output padding", conv([1, 2, 3, 3], [2, 2, 3, 3], { strides: [2, 3], pads: [1, 1, 1, 1], output_padding: [1, 2] })],
  ["dilation", conv([1, 2, 4, 3], [2, 2, 2, 3], { dilations: [2, 1], pads: [1, 0, 0, 1] })],
  ["groups", conv([2, 4, 3, 3], [4, 3, 3, 3], { group: 2, strides: [2, 1] })],
  ["one channel per group", conv([2, 3, 3, 3], [3, 1, 3, 3], { group: 3, strides: [2, 2] })],
  ["an output shape", conv([1, 2, 3, 3], [2, 2, 3, 3], { strides: [3, 2], output_shape: [10, 8] })],
  ["an output shape and an odd pad", conv([1, 2, 3, 3], [2, 2, 3, 3], { strides: [2, 2], output_shape: [6, 6] })],
  ["auto_pad SAME_UPPER", conv([1, 2, 3, 3], [2, 2, 3, 3], { strides: [2, 2], auto_pad: "SAME_UPPER" })],
  ["auto_pad SAME_LOWER", conv([1, 2, 3, 3], [2, 2, 3, 3], { strides: [2, 2], auto_pad: "SAME_LOWER" })],
];

describe("gradients of ConvTranspose", () => {
  for (const [name, check] of TRANSPOSED)
    it(`hold with ${name}`, () => checkGradient({ op: "ConvTranspose", ...check }));

  it("hold where batch, channels and image sizes are symbols", async () => {
    const hidden = { 0: { 0: "batch", 1: "channels", 2: "height", 3: "width" } };
    const check = conv([6, 3, 4, 5], [3, 6, 2, 1], { strides: [2, 2], pads: [1, 0, 0, 0] });
    await checkGradient({ op: "ConvTranspose", ...check, symbols: hidden });
  });
});
