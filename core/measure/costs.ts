import type { Host } from "../base/host.ts";
import type { Layer, Size } from "../contract/measurement.ts";
import type { Model, Node } from "../graph/model.ts";
import { indexGraph } from "../graph/uses.ts";
import { macsOf } from "../ops/registry.ts";
import type { FoundShapes } from "./shapes.ts";
import { constantBytes, findWeights, isConstant } from "./weights.ts";

export interface Costs {
  /** Multiply–accumulates for one sample. */
  readonly macs: number;
  /** Learned numbers, quantised or not. */
  readonly parameters: number;
  /** Bytes of all constants. */
  readonly weights: number;
  /** One per node that runs, in the graph's order. */
  readonly layers: readonly Layer[];
}

/**
 * What a model costs by count. Nodes inside the bodies of If, Loop and Scan are not counted, nor are ops that
 * Lathe has no declaration for.
 * @param times milliseconds by node, from `profileLayers`
 */
export function countCosts(model: Model, shapes: FoundShapes, times?: ReadonlyMap<Node, number>): Costs {
  const { graph } = model;
  const index = indexGraph(graph);
  const weights = findWeights(graph);
  const layers = graph.nodes
    .filter((node) => !isConstant(node, index))
    .map((node): Layer => {
      const own = weights.get(node);
      const output = shapes.values.get(node.outputs[0] ?? "");
      const time = times?.get(node);
      return {
        node: node.name === "" ? (node.outputs[0] ?? node.op) : node.name,
        op: node.op,
        macs: nodeMacs(node, model, shapes),
        parameters: own?.parameters ?? 0,
        weightBytes: own?.bytes ?? 0,
        ...(own?.type !== undefined && { weightType: own.type }),
        ...(output !== undefined && { outputShape: [...output.dims] }),
        ...(time !== undefined && { time }),
      };
    });
  return {
    macs: layers.reduce((sum, l) => sum + l.macs, 0),
    parameters: layers.reduce((sum, l) => sum + l.parameters, 0),
    weights: constantBytes(model),
    layers,
  };
}

/** Multiply–accumulates of one node for one sample; 0 where a shape that it needs is unknown. */
export function nodeMacs(node: Node, { opsets }: Pick<Model, "opsets">, { values, samples }: FoundShapes): number {
  const sizes = (name: string): readonly number[] | undefined => values.get(name)?.sizes;
  const inputs = node.inputs.map(sizes);
  const outputs = node.outputs.map(sizes);
  return macsOf({ node, inputs, outputs }, opsets) / Math.max(1, samples);
}

/** Sizes of a model: bytes on disk with its external data, and counts. */
export async function measureSize(
  model: Model,
  path: string,
  { costs, host }: { readonly costs: Costs; readonly host: Host },
): Promise<Size> {
  const files = new Set([path]);
  for (const { data } of model.graph.initializers) if (data.kind === "external") files.add(data.file);
  let file = 0;
  for (const name of files) file += (await host.files.info(await host.files.real(name)))?.size ?? 0;
  return { file, parameters: costs.parameters, weights: costs.weights, macs: costs.macs };
}
