import { describe, expect, it } from "vitest";
import { mergeProducts } from "../../core/autodiff/mergeProducts.ts";
import { node } from "../../core/graph/build.ts";
import type { Node } from "../../core/graph/model.ts";

const product = (step: number, parts: Parameters<typeof node>[2] = { attributes: { transA: 1 } }): Node =>
  node("Gemm", [[`a${step}`, `b${step}`], [`p${step}`]], parts);
const total = (steps: number): Node => node("Sum", [Array.from({ length: steps }, (_, i) => `p${i}`), ["dw"]]);
const merge = (nodes: readonly Node[], kept = "dw"): readonly string[] => {
  let count = 0;
  const merged = mergeProducts(nodes, { fresh: (wish) => `${wish}${count++}`, isKept: (name) => name === kept });
  return merged.map((n) => `${n.op}(${n.inputs.join()}) ${n.outputs.join()}`);
};

describe("sums of products", () => {
  it("become one product of all rows", () => {
    expect(merge([product(0), product(1), product(2), total(3)])).toEqual([
      "Concat(a0,a1,a2) dw.rows0",
      "Concat(b0,b1,b2) dw.rows1",
      "Gemm(dw.rows0,dw.rows1) dw",
    ]);
  });

  it("stay where a part is used elsewhere, has factors, or there are few", () => {
    const shared = [product(0), product(1), product(2), total(3), node("Relu", [["p1"], ["other"]])];
    expect(merge(shared)).toHaveLength(5);
    expect(merge([product(0), product(1), product(2), total(3)], "p1")).toHaveLength(4);
    expect(
      merge([product(0), product(1), product(2, { attributes: { transA: 1, alpha: 0.5 } }), total(3)]),
    ).toHaveLength(4);
    expect(merge([product(0), product(1, { attributes: { transB: 1 } }), product(2), total(3)])).toHaveLength(4);
    expect(merge([product(0), product(1), total(2)])).toHaveLength(3);
  });
});
