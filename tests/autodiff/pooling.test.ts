import { describe, expect, it } from "vitest";
import { checkGradient, type GradientCheck } from "./check.ts";
import { gradientsOf } from "./single.ts";

type Setting = readonly [name: string, x: readonly number[], attributes: NonNullable<GradientCheck["attributes"]>];

/** Windows that every pool knows. */
const WINDOWS: readonly Setting[] = [
  ["one spatial axis", [2, 3, 7], { kernel_shape: [3] }],
  ["two spatial axes", [2, 3, 4, 5], { kernel_shape: [2, 3] }],
  ["three spatial axes", [1, 2, 4, 3, 4], { kernel_shape: [2, 1, 2], strides: [2, 1, 2] }],
  ["tiles of one axis", [2, 3, 6], { kernel_shape: [3], strides: [3] }],
  ["tiles of three axes", [1, 2, 2, 4, 3], { kernel_shape: [2, 2, 3], strides: [2, 2, 3] }],
  ["tiles", [2, 2, 4, 6], { kernel_shape: [2, 2], strides: [2, 2] }],
  ["overlapping strides and padding", [1, 2, 6, 5], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }],
  ["padding that differs by side", [1, 2, 5, 5], { kernel_shape: [3, 2], pads: [0, 1, 2, 0] }],
  ["input that no window reaches", [1, 2, 8, 7], { kernel_shape: [2, 2], strides: [3, 4] }],
  ["auto_pad SAME_UPPER", [1, 2, 5, 6], { kernel_shape: [2, 3], strides: [2, 2], auto_pad: "SAME_UPPER" }],
  ["auto_pad SAME_LOWER", [1, 2, 5, 6], { kernel_shape: [2, 3], strides: [2, 2], auto_pad: "SAME_LOWER" }],
  ["auto_pad VALID", [1, 2, 5, 6], { kernel_shape: [2, 3], strides: [2, 1], auto_pad: "VALID" }],
];

const ROUNDED_UP: readonly Setting[] = [
  ["ceil_mode", [1, 2, 6, 7], { kernel_shape: [3, 3], strides: [2, 3], ceil_mode: 1 }],
  ["ceil_mode and padding", [1, 2, 6, 7], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceil_mode: 1 }],
  ["ceil_mode and stride 4", [1, 2, 8, 9], { kernel_shape: [3, 2], strides: [4, 4], pads: [1, 0, 1, 0], ceil_mode: 1 }],
];

const hidden = { 0: { 0: "batch", 1: "channels", 2: "height", 3: "width" } };

/** Numbers 0.1 apart in a seeded order: steps of the differences change no maximum. */
const apart = (shape: readonly number[]): NonNullable<GradientCheck["inputs"][number]> => {
  const count = shape.reduce((all, d) => all * d, 1);
  const data = Float64Array.from({ length: count }, (_, i) => (((i * 37) % count) - count / 3) / 10);
  return { type: "float64", dims: shape, data };
};

describe("gradients of MaxPool", () => {
  const dilated: readonly Setting[] = [
    ["dilation", [1, 2, 7, 5], { kernel_shape: [2, 2], dilations: [3, 2], strides: [2, 1], pads: [1, 0, 1, 1] }],
  ];
  for (const [name, x, attributes] of [...WINDOWS, ...ROUNDED_UP, ...dilated]) {
    it(`hold with ${name}`, async () => {
      await checkGradient({ op: "MaxPool", inputs: [apart(x)], attributes });
      await checkGradient({ op: "MaxPool", inputs: [apart(x)], attributes, opset: 13 });
    });
  }
  it("hold where all sizes are symbols, and beside the places", async () => {
    const attributes = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] };
    await checkGradient({ op: "MaxPool", inputs: [apart([2, 3, 5, 6])], attributes, symbols: hidden });
    await checkGradient({ op: "MaxPool", inputs: [apart([2, 3, 5, 6])], attributes, symbols: hidden, opset: 13 });
    await checkGradient({ op: "MaxPool", inputs: [apart([2, 3, 5, 6])], attributes, outputs: 2 });
  });
  it("hold where the places are counted by column", async () => {
    const check = {
      op: "MaxPool",
      inputs: [apart([1, 2, 4, 3])],
      attributes: { kernel_shape: [2, 2], storage_order: 1 },
    };
    await checkGradient(check);
    await checkGradient({ ...check, outputs: 2 });
  });
});

describe("gradients of AveragePool", () => {
  const dilated: readonly Setting[] = [
    ["dilation", [1, 2, 7, 6], { kernel_shape: [2, 2], dilations: [3, 2], strides: [2, 1], pads: [1, 0, 1, 1] }],
  ];
  for (const withPads of [0, 1]) {
    const suffix = withPads === 1 ? ", counting padding" : "";
    for (const [name, x, attributes] of [...WINDOWS, ...ROUNDED_UP, ...dilated]) {
      it(`hold with ${name}${suffix}`, () =>
        checkGradient({
          op: "AveragePool",
          inputs: [{ shape: x }],
          attributes: { ...attributes, count_include_pad: withPads },
          opset: 19,
          type: "float32",
        }));
    }
  }
  it("hold where sizes are symbols", async () => {
    const inputs = [{ shape: [2, 4, 5, 6] }];
    const attributes = { kernel_shape: [2, 2], strides: [2, 2] };
    await checkGradient({ op: "AveragePool", inputs, attributes, symbols: hidden });
    await checkGradient({ op: "AveragePool", inputs, attributes: { kernel_shape: [3, 2] }, symbols: hidden });
    const padded = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] };
    await checkGradient({ op: "AveragePool", inputs, attributes: padded, symbols: { 0: { 0: "n", 1: "c" } } });
  });
  it("are refused where the count of a window depends on sizes that are not known", async () => {
    const attributes = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] };
    const check = checkGradient({ op: "AveragePool", inputs: [{ shape: [2, 4, 5, 6] }], attributes, symbols: hidden });
    await expect(check).rejects.toThrow(
      'AveragePool "y0": no gradient for windows that reach over the edge of images whose sizes are not known.',
    );
  });
});

describe("gradients of LpPool", () => {
  for (const p of [1, 2, 3]) {
    for (const [name, x, attributes] of WINDOWS) {
      it(`hold with ${name}, p = ${p}`, () =>
        checkGradient({ op: "LpPool", inputs: [apart(x)], attributes: { ...attributes, p } }));
    }
  }
});

describe("gradients of global pools", () => {
  for (const op of ["GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"]) {
    it(`${op} for one, two and three spatial axes, and symbols`, async () => {
      await checkGradient({ op, inputs: [apart([2, 3, 4])] });
      await checkGradient({ op, inputs: [apart([2, 3, 4, 2])] });
      await checkGradient({ op, inputs: [apart([2, 2, 2, 1, 3])] });
      await checkGradient({ op, inputs: [apart([2, 3, 4, 5])], symbols: hidden });
    });
  }
  it("GlobalLpPool of other powers", async () => {
    for (const p of [1, 3]) await checkGradient({ op: "GlobalLpPool", inputs: [apart([2, 3, 4])], attributes: { p } });
  });
  it("give the first of several greatest elements the whole gradient", async () => {
    const x = { type: "float32" as const, dims: [1, 1, 4], data: Float32Array.of(1, 2, 2, 0) };
    expect(await gradientsOf("GlobalMaxPool", { inputs: [x] })).toEqual([[0, 1, 0, 0]]);
  });
});

describe("ties in MaxPool", () => {
  it("give one element of each window the whole gradient", async () => {
    const x = { type: "float64" as const, dims: [1, 1, 2, 4], data: Float64Array.of(0, 0, 1, 3, 0, 0, 3, 1) };
    const tiles = { kernel_shape: [2, 2], strides: [2, 2] };
    for (const opset of [13, 17]) {
      const [dx] = await gradientsOf("MaxPool", { inputs: [x], attributes: tiles, opset });
      expect(dx).toEqual([1, 0, 0, 1, 0, 0, 0, 0]);
      const [overlapping] = await gradientsOf("MaxPool", { inputs: [x], attributes: { kernel_shape: [2, 2] }, opset });
      expect(overlapping).toEqual([1, 0, 0, 1, 0, 0, 1, 0]);
    }
  });
});
