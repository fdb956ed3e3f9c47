import { intOf } from "../graph/attributes.ts";
import { node as makeNode } from "../graph/build.ts";
import type { Node } from "../graph/model.ts";

/** Sums of fewer products stay: joining their operands costs two copies. */
const FEWEST = 3;

export interface MergeOptions {
  readonly fresh: (wish: string) => string;
  /** Whether a value is used outside these nodes. */
  readonly isKept: (value: string) => boolean;
}

/**
 * Makes one product of a sum of products: Σ Aₜᵀ·Bₜ = Aᵀ·B, where the rows of A and B are those of all Aₜ and Bₜ. It is
 * what the gradient of a weight that every step of an unrolled layer uses amounts to, and spares a matrix per step.
 */
export function mergeProducts(nodes: readonly Node[], { fresh, isKept }: MergeOptions): readonly Node[] {
  const producer = new Map(nodes.flatMap((n) => n.outputs.map((o) => [o, n] as const)));
  const uses = new Map<string, number>();
  for (const n of nodes) for (const input of n.inputs) uses.set(input, (uses.get(input) ?? 0) + 1);
  const gone = new Set<Node>();
  const merged = new Map<Node, readonly Node[]>();
  for (const sum of nodes) {
    if (sum.op !== "Sum" || sum.domain !== "" || sum.inputs.length < FEWEST) continue;
    const products = sum.inputs.map((name) => producer.get(name));
    const areOwn = sum.inputs.every((name) => uses.get(name) === 1 && !isKept(name));
    if (!areOwn || !products.every((p) => p !== undefined && isInnerProduct(p))) continue;
    const factors = products as readonly Node[];
    const joined = ([0, 1] as const).map((slot) => {
      const name = fresh(`${sum.name}.rows`);
      return makeNode("Concat", [factors.map((p) => p.inputs[slot] ?? ""), [name]], { attributes: { axis: 0 } });
    });
    const operands = joined.map((n) => n.outputs[0] ?? "");
    merged.set(sum, [
      ...joined,
      makeNode("Gemm", [operands, sum.outputs], { name: sum.name, attributes: { transA: 1 } }),
    ]);
    for (const p of factors) gone.add(p);
  }
  return nodes.filter((n) => !gone.has(n)).flatMap((n) => merged.get(n) ?? [n]);
}

/** Aᵀ·B with nothing added. */
function isInnerProduct(node: Node): boolean {
  const isPlain = Object.keys(node.attributes).every((name) => name === "transA" || name === "transB");
  if (node.op !== "Gemm" || node.domain !== "" || node.inputs.length !== 2 || !isPlain) return false;
  return intOf(node, "transA", 0) === 1 && intOf(node, "transB", 0) === 0;
}
