import { describe, expect, it } from "vitest";
import type { NdArray } from "../../core/base/array.ts";
import type { PlainAttribute } from "../../core/graph/attributes.ts";
import { floatAttribute } from "../../core/graph/attributes.ts";
import { findOp } from "../../core/ops/registry.ts";
import { checkGradient } from "./check.ts";

const ints = (...numbers: number[]): NdArray => ({
  type: "int64",
  dims: [numbers.length],
  data: BigInt64Array.from(numbers, BigInt),
});
/** Always float32, in whatever type the data are: marked as a constant of the graph. */
const scalesOf = (...numbers: number[]): NdArray => ({
  type: "float32",
  dims: [numbers.length],
  data: Float32Array.from(numbers),
});

const hidden = { 0: { 0: "batch", 1: "channels", 2: "height", 3: "width" } };

describe("gradients of DepthToSpace and SpaceToDepth", () => {
  it("hold for both orders of the channels", async () => {
    for (const mode of ["DCR", "CRD"]) {
      const check = { op: "DepthToSpace", inputs: [{ shape: [2, 12, 3, 4] }], attributes: { blocksize: 2, mode } };
      await checkGradient(check);
      await checkGradient({ ...check, symbols: hidden });
    }
    await checkGradient({ op: "DepthToSpace", inputs: [{ shape: [1, 9, 2, 1] }], attributes: { blocksize: 3 } });
  });
  it("hold for SpaceToDepth", () =>
    checkGradient({ op: "SpaceToDepth", inputs: [{ shape: [2, 3, 4, 6] }], attributes: { blocksize: 2 } }));
});

describe("gradients of Pad", () => {
  const x = { shape: [2, 3, 4] };
  it("cut off what was padded, and pad what was cut off", async () => {
    await checkGradient({ op: "Pad", inputs: [x, ints(0, 1, 2, 1, 0, 3)] });
    await checkGradient({ op: "Pad", inputs: [x, ints(0, -1, 2, 1, 0, -1)] });
    await checkGradient({ op: "Pad", inputs: [x, ints(0, 1, 2, 1, 0, 3)], symbols: hidden });
  });
  it("give the padded constant its share", async () => {
    await checkGradient({ op: "Pad", inputs: [x, ints(0, 1, 2, 1, 0, 3), { shape: [] }] });
    await checkGradient({ op: "Pad", inputs: [x, ints(0, 1, 2, 1, 0, 3), { shape: [] }], by: [2] });
  });
  it("hold for pads that are computed and for some of the axes", async () => {
    await checkGradient({ op: "Pad", inputs: [x, ints(0, 1, 2, 1, 0, 3)], constants: [] });
    await checkGradient({ op: "Pad", inputs: [x, ints(1, 2, 0, 3), undefined, ints(-1, 0)], opset: 18 });
  });
  for (const mode of ["reflect", "edge", "wrap"]) {
    it(`add up what mode ${mode} repeats`, async () => {
      const attributes = { mode };
      await checkGradient({ op: "Pad", attributes, inputs: [x, ints(0, 1, 2, 0, 2, 3)], opset: 19 });
      await checkGradient({ op: "Pad", attributes, inputs: [x, ints(1, 0, 0, 1, 0, 0)], opset: 19, symbols: hidden });
      const some = [x, ints(1, 2, 0, 3), undefined, ints(1, -1)];
      await checkGradient({ op: "Pad", attributes, inputs: some, opset: 19 });
    });
  }
  it("are refused where other padding than with a constant is computed", async () => {
    const check = checkGradient({
      op: "Pad",
      inputs: [x, ints(0, 1, 2, 0, 2, 3)],
      constants: [],
      attributes: { mode: "edge" },
    });
    await expect(check).rejects.toThrow('Pad "y0": no gradient for mode "edge" with computed pads.');
  });
});

type Attributes = Readonly<Record<string, PlainAttribute>>;

describe("gradients of Resize", () => {
  const by = { by: [0], type: "float32" as const };
  const toSizes = (shape: readonly number[], sizes: readonly number[], attributes: Attributes): Promise<void> =>
    checkGradient({
      op: "Resize",
      inputs: [{ shape }, undefined, undefined, ints(...sizes)],
      attributes,
      opset: 18,
      ...by,
    });
  const byScales = (shape: readonly number[], scales: readonly number[], attributes: Attributes): Promise<void> =>
    checkGradient({
      op: "Resize",
      inputs: [{ shape }, undefined, scalesOf(...scales)],
      constants: [2],
      attributes,
      opset: 18,
      ...by,
    });

  for (const place of ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "half_pixel_symmetric"]) {
    it(`hold for ${place}, nearest and linear, larger and smaller`, async () => {
      for (const mode of ["nearest", "linear"]) {
        const attributes = { mode, coordinate_transformation_mode: place };
        await toSizes([1, 2, 3, 4], [1, 2, 7, 6], attributes);
        await toSizes([1, 2, 5, 6], [1, 2, 3, 4], attributes);
        await byScales([1, 2, 3, 4], [1, 1, 1.7, 0.6], attributes);
      }
    });
  }
  it("hold for every rounding of nearest", async () => {
    for (const nearest_mode of ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]) {
      for (const place of ["half_pixel", "asymmetric"]) {
        const attributes = { mode: "nearest", nearest_mode, coordinate_transformation_mode: place };
        await toSizes([1, 1, 3, 4], [1, 1, 7, 3], attributes);
        await byScales([1, 1, 3, 4], [1, 1, 2, 3], attributes);
        await toSizes([1, 1, 3, 4], [1, 1, 6, 4], attributes);
      }
    }
  });
  it("hold for cubic, and for antialiasing", async () => {
    await toSizes([1, 2, 4, 5], [1, 2, 7, 3], { mode: "cubic" });
    await byScales([1, 1, 4, 5], [1, 1, 0.7, 1.5], { mode: "cubic", exclude_outside: 1 });
    await toSizes([1, 1, 6, 7], [1, 1, 3, 4], { mode: "linear", antialias: 1 });
  });
  it("hold for one and three image axes, and for channels last", async () => {
    await toSizes([2, 3, 4], [2, 3, 9], { mode: "nearest" });
    await byScales([1, 1, 2, 3, 2], [1, 1, 2, 1.5, 2], { mode: "linear" });
    await byScales([1, 2, 3, 2], [1, 2, 2, 1], { mode: "nearest", coordinate_transformation_mode: "asymmetric" });
  });
  it("hold for a crop", async () => {
    const attributes = {
      mode: "linear",
      coordinate_transformation_mode: "tf_crop_and_resize",
      extrapolation_value: floatAttribute(3),
    };
    const region = scalesOf(0, 0, 0.2, -0.3, 1, 1, 0.9, 0.8);
    await checkGradient({
      op: "Resize",
      inputs: [{ shape: [1, 1, 4, 5] }, region, undefined, ints(1, 1, 3, 5)],
      constants: [1, 3],
      attributes,
      ...by,
    });
  });
  it("hold for some of the axes", () =>
    checkGradient({
      op: "Resize",
      inputs: [{ shape: [1, 2, 3, 4] }, undefined, undefined, ints(6, 5)],
      attributes: { axes: [3, 2], mode: "linear" },
      opset: 18,
      ...by,
    }));
  it("hold where sizes are symbols", async () => {
    const inputs = [{ shape: [2, 3, 4, 5] }, undefined, scalesOf(1, 1, 2, 2)];
    for (const mode of ["nearest", "linear"])
      await checkGradient({ op: "Resize", inputs, constants: [2], attributes: { mode }, symbols: hidden, ...by });
  });
  it("are refused where the ratio of the sides decides", async () => {
    const attributes = { keep_aspect_ratio_policy: "not_larger", mode: "linear" };
    await expect(toSizes([1, 1, 4, 4], [1, 1, 6, 8], attributes)).rejects.toThrow(
      'Resize "y0": no gradient for keep_aspect_ratio_policy "not_larger".',
    );
  });
});

describe("gradients of Upsample", () => {
  it("are declared impossible in favour of Resize, as Upsample ended before the first opset with gradients", () => {
    expect(findOp("", "Upsample", 9)?.gradient).toEqual({
      unsupported: "it ended with opset 9; Resize is what became of it",
    });
  });
});
