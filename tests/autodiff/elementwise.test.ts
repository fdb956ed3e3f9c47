import { describe, it } from "vitest";
import { checkGradient } from "./check.ts";

describe("gradients of arithmetic", () => {
  for (const op of ["Add", "Mul", "Sub"]) {
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

  it("Div, broadcast on either side", async () => {
    const away = { low: 0.5, high: 2 };
    await checkGradient({ op: "Div", inputs: [{ shape: [2, 3] }, { shape: [2, 3], ...away }] });
    await checkGradient({ op: "Div", inputs: [{ shape: [2, 3] }, { shape: [3], low: -2, high: -0.5 }] });
    await checkGradient({ op: "Div", inputs: [{ shape: [1] }, { shape: [2, 3], ...away }] });
  });

  it("Exp and Log", async () => {
    await checkGradient({ op: "Exp", inputs: [{ shape: [2, 3] }] });
    await checkGradient({ op: "Log", inputs: [{ shape: [2, 3], low: 0.5, high: 2 }] });
  });
});
