import { describe, expect, it } from "vitest";
import { checkGradient, type Operand } from "./check.ts";
import { floats, ints } from "./operands.ts";
import { gradientsOf } from "./single.ts";

/** Every way to say the axes, at the opset before and after they became an input. */
async function checkReduction(op: string, x: Operand): Promise<void> {
  const symbols = { 0: { 0: "batch" } };
  for (const keepdims of [0, 1]) {
    await checkGradient({ op, inputs: [x], attributes: { keepdims } });
    await checkGradient({ op, inputs: [x], attributes: { keepdims }, opset: 18 });
    for (const axes of [[1], [-1, 0]]) {
      const asInput = { op, inputs: [x, ints(...axes)], attributes: { keepdims } };
      if (op === "ReduceSum") await checkGradient({ ...asInput, opset: 13 });
      else await checkGradient({ op, inputs: [x], attributes: { keepdims, axes } });
      await checkGradient({ ...asInput, opset: 18 });
      await checkGradient({ ...asInput, opset: 18, symbols });
    }
  }
}

const ops = ["Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSum", "LogSumExp"];

describe("gradients of reductions", () => {
  for (const op of ops) {
    it(op, () => checkReduction(`Reduce${op}`, { shape: [2, 3, 4], ...(op === "LogSum" && { low: 0.5, high: 2 }) }));
  }

  it("take axes that are computed", async () => {
    for (const keepdims of [0, 1]) {
      const shown = { attributes: { keepdims }, constants: [], opset: 18 };
      for (const op of ["ReduceSum", "ReduceMean", "ReduceMax", "ReduceLogSumExp"]) {
        await checkGradient({ op, inputs: [{ shape: [2, 3, 4] }, ints(-1, 0)], ...shown });
      }
    }
  });

  it("pass through where no axes means none", async () => {
    const attributes = { noop_with_empty_axes: 1, keepdims: 0 };
    await checkGradient({ op: "ReduceSum", inputs: [{ shape: [2, 3] }, ints()], attributes });
    for (const op of ["ReduceMean", "ReduceMax"]) {
      await checkGradient({ op, inputs: [{ shape: [2, 3] }, ints()], attributes, opset: 18 });
    }
  });
});

describe("gradients of reductions where finite differences say nothing", () => {
  const attributes = { axes: [1], keepdims: 0 };

  it("the largest and smallest share evenly among those that tie", async () => {
    const x = floats([2, 3], [1, 3, 3, 2, 2, 2]);
    expect(await gradientsOf("ReduceMax", { inputs: [x], attributes })).toEqual([[0, 0.5, 0.5, 1 / 3, 1 / 3, 1 / 3]]);
    expect(await gradientsOf("ReduceMin", { inputs: [x], attributes })).toEqual([[1, 0, 0, 1 / 3, 1 / 3, 1 / 3]]);
  });

  it("the norms have none at 0", async () => {
    const x = floats([2, 3], [0, 8, -6, 0, 0, 0]);
    expect(await gradientsOf("ReduceL1", { inputs: [x], attributes })).toEqual([[0, 1, -1, 0, 0, 0]]);
    expect(await gradientsOf("ReduceL2", { inputs: [x], attributes })).toEqual([
      [0, expect.closeTo(0.8, 12), expect.closeTo(-0.6, 12), 0, 0, 0],
    ]);
  });

  it("a product with one zero, and with two", async () => {
    const x = floats([2, 3], [2, 0, 3, 0, 5, 0]);
    expect(await gradientsOf("ReduceProd", { inputs: [x], attributes })).toEqual([[0, 6, 0, 0, 0, 0]]);
  });
});
