import { describe, it } from "vitest";
import { floatAttribute } from "../../core/graph/attributes.ts";
import { checkGradient } from "./check.ts";

const shaped = (...shapes: number[][]): { shape: number[] }[] => shapes.map((shape) => ({ shape }));

describe("gradient of MatMul", () => {
  for (const [a, b] of [
    [
      [3, 4],
      [4, 2],
    ],
    [
      [2, 3, 4],
      [2, 4, 2],
    ],
    [
      [2, 3, 4],
      [4, 2],
    ],
    [
      [3, 4],
      [2, 4, 2],
    ],
    [
      [2, 1, 3, 4],
      [5, 4, 2],
    ],
    [
      [1, 3, 4],
      [2, 4, 2],
    ],
    [[4], [4]],
    [[4], [4, 3]],
    [[3, 4], [4]],
    [[4], [2, 4, 3]],
    [[2, 3, 4], [4]],
  ] as const) {
    it(`[${a.join()}] × [${b.join()}]`, () => checkGradient({ op: "MatMul", inputs: shaped([...a], [...b]) }));
  }

  it("keeps the batch symbolic", async () => {
    await checkGradient({ op: "MatMul", inputs: shaped([5, 3, 4], [4, 2]), symbols: { 0: { 0: "batch" } } });
    await checkGradient({ op: "MatMul", inputs: shaped([5, 3, 4], [1, 4, 2]), symbols: { 0: { 0: "batch" } } });
    await checkGradient({ op: "MatMul", inputs: shaped([5, 3, 4], [4, 2]), symbols: { 0: { 0: "batch", 2: "in" } } });
  });
});

describe("gradient of Gemm", () => {
  for (const [transA, transB] of [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ] as const) {
    it(`transA ${transA}, transB ${transB}, with factors`, async () => {
      const inputs = shaped(transA === 1 ? [4, 3] : [3, 4], transB === 1 ? [2, 4] : [4, 2], [2]);
      const attributes = { transA, transB, alpha: floatAttribute(0.5), beta: floatAttribute(2) };
      await checkGradient({ op: "Gemm", inputs, attributes });
    });
  }

  it("sums the bias over the axes along which it was broadcast", async () => {
    for (const bias of [[2], [1, 2], [3, 1], [1], [], [3, 2]]) {
      await checkGradient({ op: "Gemm", inputs: shaped([3, 4], [4, 2], bias) });
    }
    await checkGradient({ op: "Gemm", inputs: shaped([3, 4], [4, 2]) });
    await checkGradient({ op: "Gemm", inputs: shaped([5, 4], [4, 2], [2]), symbols: { 0: { 0: "batch" } } });
  });
});
