import { describe, it } from "vitest";
import { checkGradient } from "./check.ts";

describe("gradients of activations", () => {
  it("Relu", () => checkGradient({ op: "Relu", inputs: [{ shape: [2, 3, 4] }] }));

  for (const op of ["Softmax", "LogSoftmax"]) {
    it(`${op} along every axis`, async () => {
      for (const axis of [0, 1, -1]) await checkGradient({ op, inputs: [{ shape: [2, 3, 4] }], attributes: { axis } });
      await checkGradient({ op, inputs: [{ shape: [5, 3] }], symbols: { 0: { 0: "batch" } } });
    });
  }
});
