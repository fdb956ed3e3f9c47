import { globMatcher } from "../base/glob.ts";
import type { Model } from "../graph/model.ts";
import { indexGraph } from "../graph/uses.ts";
import { opOf } from "../ops/registry.ts";

export interface DecayRules {
  /** λ of the weights that decay. */
  readonly weightDecay: number;
  /** Patterns of weights without decay, beside biases and normalisation. */
  readonly noDecay: readonly string[];
  /** Whether biases and normalisation decay as well. */
  readonly decayAll: boolean;
}

/**
 * Decay of each weight by name. Without it are what the patterns name and, unless asked for, vectors that no linear
 * op multiplies with: biases, scales and shifts of normalisation, slopes.
 * @param weights names of all weights that are trained
 */
export function decayOf(model: Model, weights: readonly string[], rules: DecayRules): (weight: string) => number {
  const isExcluded = globMatcher(rules.noDecay, weights);
  const { usesOf, initializer } = indexGraph(model.graph);
  const isVector = (name: string): boolean => (initializer.get(name)?.dims.filter((d) => d > 1).length ?? 0) <= 1;
  const isFactor = (name: string): boolean =>
    usesOf(name).some(({ node, slot }) => opOf(node, model.opsets)?.linear?.weight === slot);
  return (weight) => {
    if (rules.weightDecay === 0 || isExcluded(weight)) return 0;
    return rules.decayAll || isFactor(weight) || !isVector(weight) ? rules.weightDecay : 0;
  };
}
