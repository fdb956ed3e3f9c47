import { describe, it } from "vitest";
import { checkGradient } from "./check.ts";
import { ints } from "./operands.ts";

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

  it("Transpose, with a permutation and without", async () => {
    await checkGradient({ op: "Transpose", inputs: [{ shape: [2, 3, 4] }] });
    await checkGradient({ op: "Transpose", inputs: [{ shape: [2, 3, 4] }], attributes: { perm: [1, 2, 0] } });
    await checkGradient({ op: "Transpose", inputs: [{ shape: [2, 3, 4, 2] }], attributes: { perm: [3, 1, 0, 2] } });
  });
});
