import { describe, expect, it } from "vitest";
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

describe("gradient of Einsum", () => {
  const equations: Readonly<Record<string, readonly number[][]>> = {
    "ij,jk->ik": [
      [2, 3],
      [3, 4],
    ],
    "ij, jk": [
      [2, 3],
      [3, 4],
    ],
    "bhid,bhjd->bhij": [
      [2, 2, 3, 4],
      [2, 2, 5, 4],
    ],
    "bij,jk->bik": [
      [2, 3, 4],
      [4, 2],
    ],
    "...ij,...jk->...ik": [
      [2, 3, 4],
      [2, 4, 2],
    ],
    "...ij,jk": [
      [2, 2, 3, 4],
      [4, 2],
    ],
    "i...,i...->...": [
      [3, 2, 2],
      [3, 2, 1],
    ],
    "i,j->ij": [[3], [4]],
    "i,i->": [[3], [3]],
    "ij,kj->": [
      [3, 2],
      [4, 2],
    ],
    "ij->ji": [[2, 3]],
    "ij->i": [[2, 3]],
    "ij->": [[2, 3]],
    ba: [[2, 3]],
    "ij,j,jk->ik": [[2, 3], [3], [3, 2]],
    "ij,k->k": [[2, 3], [4]],
    "bij,bjk->bik": [
      [1, 3, 4],
      [2, 4, 2],
    ],
  };
  for (const [equation, shapes] of Object.entries(equations)) {
    it(`"${equation}" of ${shapes.map((shape) => `[${shape.join()}]`).join(" and ")}`, () =>
      checkGradient({ op: "Einsum", inputs: shaped(...shapes), attributes: { equation } }));
  }

  it("keeps the batch symbolic", async () => {
    const symbols = { 0: { 0: "batch" } };
    const attributes = { equation: "bij,bkj->bik" };
    await checkGradient({ op: "Einsum", inputs: shaped([5, 3, 4], [5, 2, 4]), attributes, symbols });
    await checkGradient({ op: "Einsum", inputs: shaped([5, 3, 4], [1, 2, 4]), attributes, symbols });
    await checkGradient({ op: "Einsum", inputs: shaped([5, 3]), attributes: { equation: "ij->j" }, symbols });
  });

  it("puts the gradient of a diagonal on it", async () => {
    const symbols = { 0: { 0: "n" } };
    for (const equation of ["ii->i", "ii->", "...ii->...i"]) {
      await checkGradient({ op: "Einsum", inputs: shaped([3, 3]), attributes: { equation }, symbols });
    }
    await checkGradient({ op: "Einsum", inputs: shaped([2, 3, 3], [3]), attributes: { equation: "bii,i->bi" } });
  });
});

describe("gradient of the runtime's FusedMatMul", () => {
  const own = { op: "FusedMatMul", domain: "com.microsoft", opsets: { "com.microsoft": 1 } };
  for (const [transA, transB] of [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ] as const) {
    it(`transA ${transA}, transB ${transB}, with a factor and a batch`, async () => {
      const attributes = { transA, transB, alpha: floatAttribute(0.5) };
      const a = transA === 1 ? [2, 4, 3] : [2, 3, 4];
      const b = transB === 1 ? [2, 4] : [4, 2];
      await checkGradient({ ...own, inputs: shaped(a, b), attributes });
      await checkGradient({ ...own, inputs: shaped(a, [2, ...b]), attributes });
    });
  }

  it("refuses vectors", async () => {
    await expect(checkGradient({ ...own, inputs: shaped([4], [4, 2]) })).rejects.toThrow(
      'FusedMatMul "y0": no gradient for vectors.',
    );
  });
});
