import { floatOf } from "../../graph/attributes.ts";
import type { Model } from "../../graph/model.ts";
import { indexGraph } from "../../graph/uses.ts";
import { floatConstant } from "../../transform/constants.ts";

/**
 * Layer → γ/√(σ²+ε) of the batch norm behind it: what folding multiplies each output channel of its weight by.
 * @param kept the prepared model with its batch norms
 * @param folded names of those that folding removes
 */
export function foldingFactors(kept: Model, folded: readonly string[]): ReadonlyMap<string, Float64Array> {
  const index = indexGraph(kept.graph);
  const isFolded = new Set(folded);
  const factors = new Map<string, Float64Array>();
  for (const norm of kept.graph.nodes) {
    if (!isFolded.has(norm.name)) continue;
    const layer = index.producer.get(norm.inputs[0] ?? "");
    const gamma = floatConstant(index, norm.inputs[1])?.data;
    const variance = floatConstant(index, norm.inputs[4])?.data;
    if (layer === undefined || gamma === undefined || variance === undefined) continue;
    const epsilon = floatOf(norm, "epsilon", 1e-5);
    factors.set(
      layer.name,
      Float64Array.from(gamma, (g, c) => g / Math.sqrt(variance[c]! + epsilon)),
    );
  }
  return factors;
}
