import { describe, expect, it } from "vitest";
import { checkGradient } from "./check.ts";
import { bools, floats, intArray, ints } from "./operands.ts";
import { gradientsOf } from "./single.ts";

describe("gradients of ops that only change the shape", () => {
  it("Reshape, with sizes that are copied, inferred or unknown", async () => {
    const inputs = [{ shape: [2, 3, 4] }, ints(0, -1)];
    await checkGradient({ op: "Reshape", inputs });
    await checkGradient({ op: "Reshape", inputs, symbols: { 0: { 0: "batch" } } });
    await checkGradient({ op: "Reshape", inputs, symbols: { 0: { 0: "batch", 1: "?" } } });
  });

  it("Flatten at every axis", async () => {
    for (const axis of [0, 1, 2, 3, -1]) {
      await checkGradient({ op: "Flatten", inputs: [{ shape: [2, 3, 4] }], attributes: { axis } });
    }
  });

  it("Squeeze and Unsqueeze, negative axes and none", async () => {
    await checkGradient({ op: "Squeeze", inputs: [{ shape: [2, 1, 3, 1] }, ints(-1)] });
    await checkGradient({ op: "Squeeze", inputs: [{ shape: [2, 1, 3, 1] }] });
    await checkGradient({ op: "Unsqueeze", inputs: [{ shape: [2, 3] }, ints(0, -1)] });
    await checkGradient({ op: "Unsqueeze", inputs: [{ shape: [2, 3] }, ints(1)], symbols: { 0: { 0: "batch" } } });
  });

  it("where shape and axes are computed", async () => {
    const constants: number[] = [];
    await checkGradient({ op: "Reshape", inputs: [{ shape: [2, 3, 4] }, ints(4, 6)], constants });
    await checkGradient({ op: "Squeeze", inputs: [{ shape: [2, 1, 3] }, ints(1)], constants });
    await checkGradient({ op: "Unsqueeze", inputs: [{ shape: [2, 3] }, ints(-1)], constants });
    const parts = { attributes: { axis: 1 }, outputs: 2, lossOn: [1] };
    await checkGradient({ op: "Split", inputs: [{ shape: [2, 4] }, ints(1, 3)], ...parts, constants });
  });

  it("Transpose, with a permutation and without", async () => {
    await checkGradient({ op: "Transpose", inputs: [{ shape: [2, 3, 4] }] });
    await checkGradient({ op: "Transpose", inputs: [{ shape: [2, 3, 4] }], attributes: { perm: [1, 2, 0] } });
    await checkGradient({ op: "Transpose", inputs: [{ shape: [2, 3, 4, 2] }], attributes: { perm: [3, 1, 0, 2] } });
  });

  it("Identity, and Cast between floats", async () => {
    await checkGradient({ op: "Identity", inputs: [{ shape: [2, 3] }] });
    await checkGradient({ op: "Cast", inputs: [{ shape: [2, 3] }], attributes: { to: 11 }, type: "float64" });
    expect(await gradientsOf("Cast", { inputs: [floats([2], [1, 2])], attributes: { to: 1 } })).toEqual([[1, 1]]);
    expect(await gradientsOf("CastLike", { inputs: [floats([2], [1, 2]), floats([], [0])] })).toEqual([[1, 1], []]);
  });
});

describe("gradients of ops that repeat elements", () => {
  it("Expand to more axes, wider ones, and sizes that are not known", async () => {
    await checkGradient({ op: "Expand", inputs: [{ shape: [3, 1] }, ints(2, 3, 4)] });
    await checkGradient({ op: "Expand", inputs: [{ shape: [] }, ints(2, 3)] });
    await checkGradient({ op: "Expand", inputs: [{ shape: [2, 3] }, ints(1, 3)] });
    await checkGradient({ op: "Expand", inputs: [{ shape: [1, 3] }, ints(5, 3)], symbols: { 1: { 0: "batch" } } });
    const computed = { inputs: [{ shape: [1, 3] }, ints(5, 1)], constants: [] };
    await checkGradient({ op: "Expand", ...computed, symbols: { 0: { 0: "?", 1: "width" } } });
  });

  it("Tile", async () => {
    await checkGradient({ op: "Tile", inputs: [{ shape: [2, 3] }, ints(2, 1)] });
    await checkGradient({ op: "Tile", inputs: [{ shape: [2, 1, 3] }, ints(1, 4, 2)] });
    await checkGradient({ op: "Tile", inputs: [{ shape: [5, 3] }, ints(1, 2)], symbols: { 0: { 0: "batch" } } });
    await checkGradient({ op: "Tile", inputs: [{ shape: [5, 3] }, ints(2, 2)], constants: [] });
  });
});

describe("gradients of ops that join and part", () => {
  it("Concat along every axis, of one, two and three", async () => {
    await checkGradient({ op: "Concat", inputs: [{ shape: [2, 3] }, { shape: [4, 3] }], attributes: { axis: 0 } });
    await checkGradient({ op: "Concat", inputs: [{ shape: [2, 3] }], attributes: { axis: 1 } });
    const three = [{ shape: [2, 1, 2] }, { shape: [2, 3, 2] }, { shape: [2, 2, 2] }];
    for (const axis of [1, -2]) await checkGradient({ op: "Concat", inputs: three, attributes: { axis } });
  });

  it("Concat where only some are asked for, or sizes are not known", async () => {
    const inputs = [{ shape: [5, 1] }, { shape: [5, 3] }, { shape: [5, 2] }];
    const attributes = { axis: 1 };
    for (const by of [[0], [1], [0, 2]]) await checkGradient({ op: "Concat", inputs, attributes, by });
    await checkGradient({ op: "Concat", inputs, attributes, symbols: { 0: { 0: "batch" } } });
    await checkGradient({ op: "Concat", inputs, attributes, by: [1], symbols: { 1: { 0: "batch", 1: "width" } } });
  });

  it("Split in equal parts and others, where the loss reads some", async () => {
    const x = { shape: [2, 6] };
    await checkGradient({ op: "Split", inputs: [x], attributes: { axis: 1 }, outputs: 2, lossOn: [0, 1] });
    const parts = { op: "Split", inputs: [x, ints(1, 3, 2)], attributes: { axis: -1 }, outputs: 3 };
    for (const lossOn of [[0], [1], [0, 2]]) await checkGradient({ ...parts, lossOn });
    await checkGradient({ ...parts, lossOn: [2], symbols: { 0: { 0: "batch" } } });
    const uneven = { attributes: { axis: 0, num_outputs: 2 }, outputs: 2, opset: 18, lossOn: [1] };
    await checkGradient({ op: "Split", inputs: [{ shape: [5, 2] }], ...uneven });
  });
});

describe("gradient of Slice", () => {
  const x = { shape: [5, 6, 3] };

  it("with bounds of every kind", async () => {
    await checkGradient({ op: "Slice", inputs: [x, ints(1), ints(4)] });
    await checkGradient({ op: "Slice", inputs: [x, ints(1, 2), ints(4, 100)] });
    await checkGradient({ op: "Slice", inputs: [x, ints(-3), ints(-1), ints(1)] });
    await checkGradient({ op: "Slice", inputs: [x, ints(-100, 1), ints(3, 2), ints(-2, 0)] });
    await checkGradient({ op: "Slice", inputs: [x, ints(0), ints(6), ints(1)] });
  });

  it("with steps forwards and backwards", async () => {
    for (const step of [2, 3, 5]) {
      await checkGradient({ op: "Slice", inputs: [x, ints(1), ints(6), ints(1), ints(step)] });
    }
    await checkGradient({ op: "Slice", inputs: [x, ints(-1), ints(-100), ints(1), ints(-1)] });
    await checkGradient({ op: "Slice", inputs: [x, ints(100), ints(0), ints(1), ints(-2)] });
    await checkGradient({ op: "Slice", inputs: [x, ints(4, 0), ints(0, 6), ints(0, 1), ints(-3, 2)] });
  });

  it("with sizes that are not known", async () => {
    const symbols = { 0: { 0: "batch", 1: "?" } };
    await checkGradient({ op: "Slice", inputs: [x, ints(1), ints(4), ints(1)], symbols: { 0: { 0: "batch" } } });
    await checkGradient({ op: "Slice", inputs: [x, ints(1), ints(100), ints(1)], symbols });
    await checkGradient({ op: "Slice", inputs: [x, ints(-2), ints(100), ints(0)], symbols });
    await checkGradient({ op: "Slice", inputs: [x, ints(1, 0), ints(6, 5), ints(1, 0), ints(2, 3)], symbols });
    await checkGradient({ op: "Slice", inputs: [x, ints(-1), ints(-100), ints(1), ints(-2)], symbols });
  });

  it("with bounds that are computed", async () => {
    const constants = [3, 4];
    await checkGradient({ op: "Slice", inputs: [x, ints(0), ints(2), ints(0)], constants });
    await checkGradient({ op: "Slice", inputs: [x, ints(1, -4), ints(3, 100), ints(0, 1)], constants });
    await checkGradient({ op: "Slice", inputs: [x, ints(1), ints(6), ints(1), ints(2)], constants });
    await checkGradient({ op: "Slice", inputs: [x, ints(-2), ints(-100), ints(1), ints(-2)], constants });
  });

  it("refuses steps that are computed", async () => {
    const asked = checkGradient({ op: "Slice", inputs: [x, ints(0), ints(6), ints(1), ints(2)], constants: [3] });
    await expect(asked).rejects.toThrow('Slice "y0": no gradient for computed steps.');
  });
});

describe("gradient of Dropout", () => {
  it("passes where nothing is dropped", async () => {
    await checkGradient({ op: "Dropout", inputs: [{ shape: [2, 3] }] });
    await checkGradient({ op: "Dropout", inputs: [{ shape: [2, 3] }, floats([], [0.4])], by: [0], constants: [1] });
    const off = [{ shape: [2, 3] }, floats([], [0.4]), bools([], [false])];
    await checkGradient({ op: "Dropout", inputs: off, by: [0], constants: [1, 2] });
    await checkGradient({ op: "Dropout", inputs: off, by: [0], constants: [1], outputs: 2 });
  });

  it("follows the mask where something is", async () => {
    const inputs = [{ shape: [4, 8] }, floats([], [0.4]), bools([], [true])];
    const shown = { by: [0], constants: [1, 2], attributes: { seed: 7 }, outputs: 2 };
    await expect(checkGradient({ op: "Dropout", inputs, ...shown, outputs: 1 })).rejects.toThrow(
      'Dropout "y0": no gradient for training without the mask as its second output.',
    );
    const x = { type: "float32", dims: [4, 8], data: new Float32Array(32).fill(1) } as const;
    const one = { type: "float32", dims: [], data: Float32Array.of(0.5) } as const;
    const [dx = []] = await gradientsOf("Dropout", { inputs: [x, one, bools([], [true])], outputs: 2 });
    expect(new Set(dx)).toEqual(new Set([0, 2]));
  });
});

describe("gradients of ops that take parts away or reorder", () => {
  it("Trilu, upper and lower, moved by k", async () => {
    for (const upper of [0, 1]) {
      await checkGradient({ op: "Trilu", inputs: [{ shape: [2, 3, 4] }], attributes: { upper } });
      await checkGradient({ op: "Trilu", inputs: [{ shape: [3, 3] }, intArray([], [-1])], attributes: { upper } });
    }
  });

  it("CumSum, from either end, with and without the element itself", async () => {
    for (const exclusive of [0, 1])
      for (const reverse of [0, 1])
        await checkGradient({
          op: "CumSum",
          inputs: [{ shape: [2, 4] }, intArray([], [reverse - 1])],
          attributes: { exclusive, reverse },
        });
  });

  it("ReverseSequence", async () => {
    const attributes = { time_axis: 0, batch_axis: 1 };
    await checkGradient({ op: "ReverseSequence", inputs: [{ shape: [4, 3, 2] }, ints(4, 2, 1)], attributes });
  });
});
