import { elementCount } from "../base/array.ts";
import { globMatcher } from "../base/glob.ts";
import type { Model, Tensor } from "../graph/model.ts";
import { indexGraph, type GraphIndex } from "../graph/uses.ts";
import { opOf } from "../ops/registry.ts";

/** Slots of ops beside the linear ones that hold weights even where these have a single element. */
const WEIGHT_SLOTS: Readonly<Record<string, readonly number[]>> = {
  PRelu: [1],
  LSTM: [1, 2, 3, 7],
  GRU: [1, 2, 3],
  RNN: [1, 2, 3],
  BatchNormalization: [1, 2],
  InstanceNormalization: [1, 2],
  LayerNormalization: [1, 2],
  GroupNormalization: [1, 2],
  RMSNormalization: [1],
};

/** Slots of running statistics, which training follows and no gradient changes. */
export const STATISTIC_SLOTS: Readonly<Record<string, readonly number[]>> = { BatchNormalization: [3, 4] };

/** Whether a node or constant of this name stays as it is. */
export type Frozen = (name: string) => boolean;

/** Patterns over the names of nodes and constants. @throws invalid-recipe for a pattern that matches none */
export function frozenBy(model: Model, patterns: readonly string[]): Frozen {
  const { nodes, initializers } = model.graph;
  return globMatcher(patterns, [...nodes.map((n) => n.name), ...initializers.map((t) => t.name)]);
}

/**
 * Constants that training may change: float32, used by nodes that are not frozen, and either in a slot for weights
 * or with more than one element. Lone numbers in arithmetic (½, √d, bounds) are part of the formula.
 * @param model normalised
 * @param trained names of lone numbers that are weights all the same
 */
export function candidateParameters(
  model: Model,
  isFrozen: Frozen,
  trained: readonly string[] = [],
): readonly Tensor[] {
  const isNamed = new Set(trained);
  const index = indexGraph(model.graph);
  return model.graph.initializers.filter((constant) => {
    if (constant.type !== "float32" || isFrozen(constant.name) || index.isOutput(constant.name)) return false;
    const uses = index.usesOf(constant.name);
    if (uses.length === 0 || uses.some(({ node, slot }) => slot < 0 || isFrozen(node.name))) return false;
    if (uses.some(({ node, slot }) => STATISTIC_SLOTS[node.op]?.includes(slot) === true)) return false;
    const isNumber = elementCount(constant.dims) <= 1 && !isNamed.has(constant.name);
    return !isNumber || isWeight(constant.name, { model, index });
  });
}

function isWeight(name: string, { model, index }: { readonly model: Model; readonly index: GraphIndex }): boolean {
  return index.usesOf(name).some(({ node, slot }) => {
    const linear = opOf(node, model.opsets)?.linear;
    const isLinear = linear !== undefined && (slot === linear.weight || slot === linear.bias);
    return isLinear || WEIGHT_SLOTS[node.op]?.includes(slot) === true;
  });
}
