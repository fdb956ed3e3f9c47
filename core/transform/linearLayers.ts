import { elementCount } from "../base/array.ts";
import { globMatcher } from "../base/glob.ts";
import type { Model, Node, Tensor } from "../graph/model.ts";
import { indexGraph } from "../graph/uses.ts";
import type { LinearMap } from "../ops/declare.ts";
import { opOf } from "../ops/registry.ts";

/** A weight as rows of output channels and columns of input channels, once per place of a kernel. */
export interface LinearLayer {
  /** Name of the constant. */
  readonly weight: string;
  readonly node: string;
  readonly op: string;
  readonly dims: readonly number[];
  readonly elements: number;
  /** Axis of the weight over output channels. */
  readonly rowAxis: number;
  /** Axis of the weight over those input channels that one output channel sums up. */
  readonly columnAxis: number;
  /** Value that the weight is multiplied with, and its axis over channels. */
  readonly data: string;
  readonly dataAxis: LinearMap["dataAxis"];
}

/** A layer with weights that stays dense, and why. */
export interface DenseLayer {
  readonly weight: string;
  readonly node: string;
  readonly dims: readonly number[];
  readonly reason: string;
}

export interface LinearLayerOptions {
  /** Patterns of nodes and constants that stay dense; * stands for any text. */
  readonly exclude?: readonly string[];
  /** Whether the first and the last layer stay dense: they are small, and most sensitive. */
  readonly keepEnds?: boolean;
}

/**
 * Weights of convolutions and matrix products in the order of the graph, and those of them that are left alone.
 * @param model normalised, constants in memory
 * @throws invalid-recipe for a pattern that matches nothing
 */
export function findLinearLayers(
  model: Model,
  { exclude = [], keepEnds = false }: LinearLayerOptions = {},
): { readonly layers: readonly LinearLayer[]; readonly dense: readonly DenseLayer[] } {
  const { initializer } = indexGraph(model.graph);
  const found = new Map<string, LinearLayer>();
  for (const node of model.graph.nodes) {
    const linear = opOf(node, model.opsets)?.linear;
    const weight = linear && initializer.get(node.inputs[linear.weight] ?? "");
    if (linear === undefined || weight?.type !== "float32" || weight.dims.length < 2) continue;
    if (!found.has(weight.name)) found.set(weight.name, layerOf(node, linear, weight));
  }
  const all = [...found.values()];
  const isExcluded = globMatcher(
    exclude,
    all.flatMap(({ node, weight }) => [node, weight]),
  );
  const reasonOf = (layer: LinearLayer, i: number): string | undefined => {
    if (isExcluded(layer.node) || isExcluded(layer.weight)) return "excluded by the recipe";
    if (keepEnds && i === 0) return "the first layer";
    return keepEnds && i === all.length - 1 ? "the last layer" : undefined;
  };
  const dense = all.flatMap((layer, i): DenseLayer[] => {
    const reason = reasonOf(layer, i);
    return reason === undefined ? [] : [denseLayer(layer, reason)];
  });
  const isDense = new Set(dense.map((d) => d.weight));
  return { layers: all.filter((l) => !isDense.has(l.weight)), dense };
}

export const denseLayer = ({ weight, node, dims }: LinearLayer, reason: string): DenseLayer => ({
  weight,
  node,
  dims,
  reason,
});

function layerOf(node: Node, linear: LinearMap, { name, dims }: Tensor): LinearLayer {
  const rowAxis = linear.outputAxis(node, dims.length);
  const input = linear.inputAxis(node, dims);
  return Object.freeze({
    weight: name,
    node: node.name,
    op: node.op,
    dims,
    elements: elementCount(dims),
    rowAxis,
    // With groups no axis runs over all input channels; the other leading axis runs over those of one group.
    columnAxis: input === undefined || input === rowAxis ? (rowAxis === 0 ? 1 : 0) : input,
    data: node.inputs[linear.data] ?? "",
    dataAxis: linear.dataAxis,
  });
}
