import { describe, it } from "vitest";
import { checkGradient, type GradientCheck } from "./check.ts";
import { ints } from "./operands.ts";

/** Every way to say the axes, at the opset before and after they became an input. */
async function checkReduction(op: string, shown: Partial<GradientCheck> = {}): Promise<void> {
  const x = { shape: [2, 3, 4] };
  for (const keepdims of [0, 1]) {
    await checkGradient({ op, inputs: [x], attributes: { keepdims }, ...shown });
    const isInput = op === "ReduceSum";
    for (const axes of [[1], [-1, 0]]) {
      const old: Record<string, number[]> = isInput ? {} : { axes };
      const [before, after] = [{ inputs: isInput ? [x, ints(...axes)] : [x] }, { inputs: [x, ints(...axes)] }];
      await checkGradient({ op, ...before, attributes: { keepdims, ...old }, opset: 17, ...shown });
      await checkGradient({ op, ...after, attributes: { keepdims }, opset: 18, ...shown });
      await checkGradient({
        op,
        ...after,
        attributes: { keepdims },
        opset: 18,
        symbols: { 0: { 0: "batch" } },
        ...shown,
      });
    }
  }
}

describe("gradients of reductions", () => {
  for (const op of ["ReduceSum", "ReduceMean"]) it(op, () => checkReduction(op));

  it("passes through where no axes means none", async () => {
    const attributes = { noop_with_empty_axes: 1, keepdims: 0 };
    await checkGradient({ op: "ReduceSum", inputs: [{ shape: [2, 3] }, ints()], attributes });
    await checkGradient({ op: "ReduceMean", inputs: [{ shape: [2, 3] }, ints()], attributes, opset: 18 });
  });
});
