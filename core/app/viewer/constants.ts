import { bodiesOf } from "../../graph/flat.ts";
import type { Graph, Tensor } from "../../graph/model.ts";
import type { Model } from "../../graph/model.ts";

/** Constants of a model by name: initializers and what nodes without inputs hold, bodies included. */
export function constantsOf(model: Pick<Model, "graph">): ReadonlyMap<string, Tensor> {
  const found = new Map<string, Tensor>();
  const add = (graph: Graph): void => {
    for (const tensor of graph.initializers) if (!found.has(tensor.name)) found.set(tensor.name, tensor);
    for (const node of graph.nodes) {
      const [output] = node.outputs;
      if (node.inputs.length === 0 && output !== undefined && !found.has(output)) {
        for (const a of Object.values(node.attributes))
          if (a.kind === "tensor") found.set(output, { ...a.value, name: output });
      }
      for (const [, body] of bodiesOf(node)) add(body);
    }
  };
  add(model.graph);
  return found;
}
