import { describe, expect, it } from "vitest";
import { float32 } from "../../core/base/array.ts";
import { LatheError } from "../../core/base/error.ts";
import { checkFinite } from "../../core/runtime/finite.ts";

describe("checkFinite", () => {
  it("lets numbers and integers pass", () => {
    const outputs = { y: float32([2], [1, -2]), k: { type: "int64", dims: [1], data: BigInt64Array.of(3n) } as const };
    expect(() => checkFinite(outputs, "Batch 0")).not.toThrow();
  });

  it("names the output and the first element that is NaN", () => {
    const check = (): void => checkFinite({ y: float32([1, 3], [1, NaN, Infinity]) }, "Batch 3");
    expect(check).toThrow('Batch 3: output "y" holds "NaN" at index 1 of shape [1,3].');
    expect(check).toThrow(LatheError);
  });

  it("finds infinities in half precision", () => {
    const y = { type: "float16", dims: [2], data: Float16Array.of(1, 70000) } as const;
    expect(() => checkFinite({ y }, "Batch 0")).toThrow(
      'Batch 0: output "y" holds "Infinity" at index 1 of shape [2].',
    );
  });
});
