import { describe, expect, it } from "vitest";
import { checkGradient, type Operand } from "./check.ts";
import { bools, floats, ints } from "./operands.ts";
import { gradientsOf } from "./single.ts";

const between = (low: number, high: number, shape: readonly number[] = [2, 3]): Operand => ({ shape, low, high });

describe("gradients of arithmetic", () => {
  for (const op of ["Add", "Mul", "Sub", "Min", "Max", "Sum", "Mean"]) {
    it(`${op} sums over what was broadcast`, async () => {
      await checkGradient({ op, inputs: [{ shape: [2, 3, 4] }, { shape: [2, 3, 4] }] });
      await checkGradient({ op, inputs: [{ shape: [2, 3, 4] }, { shape: [3, 1] }] });
      await checkGradient({ op, inputs: [{ shape: [4] }, { shape: [2, 3, 1] }] });
      await checkGradient({ op, inputs: [{ shape: [2, 3, 4] }, { shape: [] }] });
    });
    it(`${op} finds at run time what was broadcast along a size that is not known`, async () => {
      await checkGradient({ op, inputs: [{ shape: [5, 3] }, { shape: [1, 3] }], symbols: { 0: { 0: "batch" } } });
      await checkGradient({ op, inputs: [{ shape: [5, 3] }, { shape: [3] }], symbols: { 0: { 0: "batch", 1: "?" } } });
    });
  }

  for (const op of ["Min", "Max", "Sum", "Mean"]) {
    it(`${op} of one and of three`, async () => {
      await checkGradient({ op, inputs: [{ shape: [2, 3] }] });
      await checkGradient({ op, inputs: [{ shape: [2, 3] }, { shape: [3] }, { shape: [2, 1] }] });
    });
  }

  it("Min and Max share evenly among those that tie", async () => {
    const [x, same] = [floats([3], [1, 2, 3]), floats([3], [1, 0, 5])];
    expect(await gradientsOf("Max", { inputs: [x, same] })).toEqual([
      [0.5, 1, 0],
      [0.5, 0, 1],
    ]);
    expect(await gradientsOf("Min", { inputs: [x, same] })).toEqual([
      [0.5, 0, 1],
      [0.5, 1, 0],
    ]);
    const four = floats([1], [4]);
    const thirds = await gradientsOf("Max", { inputs: [four, four, four] });
    expect(thirds.flat()).toEqual([1 / 3, 1 / 3, 1 / 3]);
  });

  it("Div, broadcast on either side", async () => {
    await checkGradient({ op: "Div", inputs: [{ shape: [2, 3] }, between(0.5, 2)] });
    await checkGradient({ op: "Div", inputs: [{ shape: [2, 3] }, between(-2, -0.5, [3])] });
    await checkGradient({ op: "Div", inputs: [{ shape: [1] }, between(0.5, 2)] });
  });

  it("Pow with exponents of every kind", async () => {
    await checkGradient({ op: "Pow", inputs: [between(0.5, 2), between(-2, 2)] });
    await checkGradient({ op: "Pow", inputs: [between(0.5, 2, [3, 1]), between(-2, 2, [2])] });
    for (const exponent of [-1, 0, 0.5, 1, 2, 3]) {
      await checkGradient({ op: "Pow", inputs: [between(0.5, 2), floats([], [exponent])], constants: [1] });
    }
    await checkGradient({ op: "Pow", inputs: [{ shape: [2, 3] }, floats([], [2])], constants: [1] });
    await checkGradient({ op: "Pow", inputs: [{ shape: [2, 3] }, ints(0, 1, 3)] });
  });

  it("Pow has a finite gradient at a base of 0", async () => {
    const gradients = await gradientsOf("Pow", { inputs: [floats([4], [0, 0, 0, -2]), floats([4], [0, 1, 2, 2])] });
    expect(gradients).toEqual([
      [0, 1, 0, -4],
      [0, 0, 0, 0],
    ]);
  });

  it("Mod that rounds to zero", async () => {
    const inputs = [floats([4], [5.3, -5.3, 5.3, 1.1]), floats([4], [2.1, 2.1, -2.1, 7.4])];
    await checkGradient({ op: "Mod", inputs, attributes: { fmod: 1 } });
  });

  it("Where sends it to the operand that was chosen", async () => {
    const condition = bools([2, 3], [true, false, true, false, false, true]);
    await checkGradient({ op: "Where", inputs: [condition, { shape: [2, 3] }, { shape: [2, 3] }] });
    await checkGradient({ op: "Where", inputs: [condition, { shape: [] }, { shape: [2, 1] }] });
    const one = bools([2, 1], [true, false]);
    await checkGradient({ op: "Where", inputs: [one, { shape: [3] }, { shape: [2, 3] }] });
    await checkGradient({
      op: "Where",
      inputs: [one, { shape: [5, 2, 3] }, { shape: [2, 1] }],
      symbols: { 1: { 0: "n" } },
    });
  });
});

describe("gradients of functions of one variable", () => {
  const domains: Readonly<Record<string, readonly [number, number]>> = {
    ...{ Neg: [-2, 2], Abs: [-2, 2], Exp: [-2, 2], Reciprocal: [0.5, 2], Sqrt: [0.5, 2], Log: [0.5, 2], Erf: [-2, 2] },
    ...{ Sin: [-2, 2], Cos: [-2, 2], Tan: [-1, 1], Asin: [-0.7, 0.7], Acos: [-0.7, 0.7], Atan: [-2, 2] },
    ...{ Sinh: [-2, 2], Cosh: [-2, 2], Asinh: [-2, 2], Acosh: [1.5, 3], Atanh: [-0.7, 0.7] },
  };
  for (const [op, [low, high]] of Object.entries(domains)) {
    it(op, () => checkGradient({ op, inputs: [between(low, high, [2, 5])] }));
  }

  it("Abs has none at 0", async () => {
    expect(await gradientsOf("Abs", { inputs: [floats([3], [-1, 0, 2])] })).toEqual([[-1, 0, 1]]);
  });

  for (const op of ["Sign", "Floor", "Ceil", "Round"]) {
    it(`${op} stops it`, async () => {
      expect(await gradientsOf(op, { inputs: [floats([2], [0.3, 1.7])] })).toEqual([[]]);
    });
  }
});
