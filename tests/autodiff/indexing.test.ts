import { describe, it } from "vitest";
import { checkGradient } from "./check.ts";
import { intArray, ints } from "./operands.ts";

describe("gradient of Gather", () => {
  for (const opset of [13, 17, 18]) {
    it(`adds up what was taken twice, at every axis (opset ${opset})`, async () => {
      for (const axis of [0, 1, 2, -1]) {
        const inputs = [{ shape: [3, 4, 3] }, intArray([2, 2], [0, 2, -1, 1])];
        await checkGradient({ op: "Gather", inputs, attributes: { axis }, opset });
      }
      await checkGradient({ op: "Gather", inputs: [{ shape: [5] }, ints(1, 1, 3)], opset });
    });
    it(`takes a single index, and sizes that are not known (opset ${opset})`, async () => {
      const inputs = [{ shape: [5, 4, 3] }, intArray([], [1])];
      await checkGradient({ op: "Gather", inputs, attributes: { axis: 1 }, opset });
      const symbols = { 0: { 0: "batch", 1: "length", 2: "?" } };
      await checkGradient({ op: "Gather", inputs, attributes: { axis: 1 }, opset, symbols });
    });
  }
});
