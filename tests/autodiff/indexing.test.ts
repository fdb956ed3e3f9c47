import { describe, expect, it } from "vitest";
import { checkGradient } from "./check.ts";
import { bools, floats, intArray, ints } from "./operands.ts";
import { gradientsOf } from "./single.ts";

describe("gradient of Gather", () => {
  for (const opset of [13, 17, 18]) {
    it(`adds up what was taken twice, at every axis (opset ${opset})`, async () => {
      for (const axis of [0, 1, 2, -1]) {
        const inputs = [{ shape: [3, 4, 3] }, intArray([2, 2], [0, 2, -1, 1])];
        await checkGradient({ op: "Gather", inputs, attributes: { axis }, opset });
      }
      await checkGradient({ op: "Gather", inputs: [{ shape: [5] }, ints(1, 1, 3)], opset });
    });
    it(`takes a single index that is computed (opset ${opset})`, async () => {
      const inputs = [{ shape: [5, 4, 3] }, intArray([], [-1])];
      for (const axis of [0, 1, 2]) {
        await checkGradient({ op: "Gather", inputs, attributes: { axis }, opset, constants: [] });
      }
      await checkGradient({ op: "Gather", inputs: [{ shape: [5, 4] }, ints(2)], opset, constants: [] });
    });
    it(`takes a single index, and sizes that are not known (opset ${opset})`, async () => {
      const inputs = [{ shape: [5, 4, 3] }, intArray([], [1])];
      for (const axis of [0, 1, 2]) {
        await checkGradient({ op: "Gather", inputs, attributes: { axis }, opset });
        await checkGradient({ op: "Gather", inputs: [inputs[0], ints(-1)], attributes: { axis }, opset });
      }
      await checkGradient({ op: "Gather", inputs: [{ shape: [1, 3] }, intArray([], [0])], opset });
      const symbols = { 0: { 0: "batch", 1: "length", 2: "?" } };
      await checkGradient({ op: "Gather", inputs, attributes: { axis: 1 }, opset, symbols });
    });
  }
});

describe("gradients of the other ops that take elements by position", () => {
  it("GatherElements adds up what was taken twice", async () => {
    const index = intArray([2, 3], [0, 1, -1, 1, 1, 0]);
    await checkGradient({ op: "GatherElements", inputs: [{ shape: [2, 3] }, index], attributes: { axis: 0 } });
    await checkGradient({ op: "GatherElements", inputs: [{ shape: [2, 3] }, index], attributes: { axis: -1 } });
    const symbols = { 0: { 0: "batch" } };
    await checkGradient({ op: "GatherElements", inputs: [{ shape: [5, 3] }, index], symbols });
  });

  it("GatherND with tuples of every length", async () => {
    const x = { shape: [3, 2, 4] };
    await checkGradient({ op: "GatherND", inputs: [x, intArray([3, 1], [0, 2, 0])] });
    await checkGradient({ op: "GatherND", inputs: [x, intArray([2, 2], [0, 1, -1, -2])] });
    await checkGradient({ op: "GatherND", inputs: [x, intArray([2, 2, 3], [0, 1, 3, 2, 0, 0, 0, 1, 3, 1, 1, 1])] });
    const symbols = { 0: { 0: "batch", 2: "?" } };
    await checkGradient({ op: "GatherND", inputs: [x, intArray([2, 2], [0, 1, -1, -2])], symbols });
  });

  it("GatherND within a batch", async () => {
    const x = { shape: [3, 2, 4] };
    const attributes = { batch_dims: 1 };
    await checkGradient({ op: "GatherND", inputs: [x, intArray([3, 1], [1, 0, 1])], attributes });
    await checkGradient({ op: "GatherND", inputs: [x, intArray([3, 2, 1], [1, 0, 1, 1, 0, -1])], attributes });
    await checkGradient({ op: "GatherND", inputs: [x, intArray([3, 2], [1, 0, 1, 1, 0, -1])], attributes });
    const two = { attributes: { batch_dims: 2 }, symbols: { 0: { 0: "batch" } } };
    await checkGradient({ op: "GatherND", inputs: [x, intArray([3, 2, 1], [1, 0, 3, 3, 0, -1])], ...two });
  });

  it("refuse opsets whose scatters cannot add", async () => {
    const inputs = [{ shape: [2, 3] }, intArray([1, 1], [0])];
    for (const op of ["GatherElements", "GatherND"]) {
      await expect(checkGradient({ op, inputs, opset: 13 })).rejects.toThrow(
        `${op} "y0": no gradient for opset "13"; 16 is the first whose scatters add.`,
      );
    }
  });

  it("Compress, along an axis and of all elements", async () => {
    const kept = bools([3], [true, false, true]);
    await checkGradient({ op: "Compress", inputs: [{ shape: [3, 2] }, kept], attributes: { axis: 0 } });
    await checkGradient({ op: "Compress", inputs: [{ shape: [2, 4] }, kept], attributes: { axis: -1 } });
    await checkGradient({ op: "Compress", inputs: [{ shape: [2, 4] }, kept] });
  });

  it("TopK puts the values' gradient back where they stood", async () => {
    const shown = { op: "TopK", inputs: [{ shape: [3, 5] }, ints(2)], outputs: 2 };
    await checkGradient(shown);
    await checkGradient({ ...shown, attributes: { axis: 0, largest: 0 } });
    await checkGradient({ ...shown, symbols: { 0: { 0: "batch" } }, opset: 13 });
  });
});

describe("gradients of scatters", () => {
  const data = { shape: [4, 3] };
  for (const reduction of ["none", "add"]) {
    it(`ScatterElements (${reduction})`, async () => {
      const inputs = [data, intArray([2, 3], [0, 1, -1, 2, 3, 0]), { shape: [2, 3] }];
      await checkGradient({ op: "ScatterElements", inputs, attributes: { reduction } });
      const across = [data, intArray([4, 1], [0, 2, -1, 1]), { shape: [4, 1] }];
      await checkGradient({ op: "ScatterElements", inputs: across, attributes: { reduction, axis: 1 } });
    });
    it(`ScatterND (${reduction})`, async () => {
      const rows = [data, intArray([2, 1], [3, 1]), { shape: [2, 3] }];
      await checkGradient({ op: "ScatterND", inputs: rows, attributes: { reduction } });
      const single = [data, intArray([3, 2], [3, 1, 0, 0, 2, -1]), { shape: [3] }];
      await checkGradient({ op: "ScatterND", inputs: single, attributes: { reduction } });
    });
  }

  it("ScatterElements shares among those that tie for the largest", async () => {
    const inputs = [data, intArray([2, 3], [0, 1, -1, 2, 1, 0]), { shape: [2, 3] }];
    for (const reduction of ["max", "min"]) {
      await checkGradient({ op: "ScatterElements", inputs, attributes: { reduction }, opset: 18 });
    }
    const same = [floats([3], [1, 2, 3]), ints(0, 1, 1), floats([3], [1, 2, 2])];
    const attributes = { reduction: "max" };
    expect(await gradientsOf("ScatterElements", { inputs: same, attributes, opset: 18 })).toEqual([
      [0.5, 1 / 3, 1],
      [0.5, 1 / 3, 1 / 3],
    ]);
  });

  it("refuse reductions other than the sum", async () => {
    const inputs = [data, intArray([1, 1], [3]), { shape: [1, 3] }];
    const asked = checkGradient({ op: "ScatterND", inputs, attributes: { reduction: "max" }, opset: 18 });
    await expect(asked).rejects.toThrow('ScatterND "y0": no gradient for reduction "max".');
  });
});

describe("gradients of what makes sequences", () => {
  it("Range, by its start and step", async () => {
    const inputs = [floats([], [1.5]), floats([], [4]), floats([], [0.7])];
    await checkGradient({ op: "Range", inputs, by: [0, 2] });
  });

  it("OneHot, by its two values", async () => {
    const inputs = [ints(0, 2, 5, -1), intArray([], [3]), { shape: [2] }];
    await checkGradient({ op: "OneHot", inputs });
    await checkGradient({ op: "OneHot", inputs, attributes: { axis: 0 } });
  });
});
