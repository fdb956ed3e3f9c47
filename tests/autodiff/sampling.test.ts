import { describe, expect, it } from "vitest";
import { checkGradient } from "./check.ts";
import { intArray, ints } from "./operands.ts";

describe("gradients of ops on image positions", () => {
  it("MaxUnpool takes back what it put", async () => {
    const index = intArray([1, 1, 2, 2], [5, 7, 13, 10]);
    const attributes = { kernel_shape: [2, 2], strides: [2, 2] };
    await checkGradient({ op: "MaxUnpool", inputs: [{ shape: [1, 1, 2, 2] }, index], attributes });
    const shaped = [{ shape: [1, 1, 2, 2] }, index, ints(1, 1, 5, 5)];
    await expect(checkGradient({ op: "MaxUnpool", inputs: shaped, attributes })).rejects.toThrow(
      'MaxUnpool "y0": no gradient for an output shape of its own.',
    );
  });

  it("CenterCropPad pads what was cropped, and crops what was padded", async () => {
    for (const size of [2, 3, 6, 7]) {
      const inputs = [{ shape: [2, 5, 4] }, ints(size)];
      await checkGradient({ op: "CenterCropPad", inputs, attributes: { axes: [1] }, opset: 18 });
      await checkGradient({ op: "CenterCropPad", inputs, attributes: { axes: [-1] }, opset: 18 });
    }
    const inputs = [{ shape: [5, 4] }, ints(3, 6)];
    await checkGradient({ op: "CenterCropPad", inputs, opset: 18, symbols: { 0: { 0: "batch" } } });
  });
});
