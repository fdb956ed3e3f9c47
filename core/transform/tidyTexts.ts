import type { Attribute, Extras, Graph, Model, Node } from "../graph/model.ts";

/**
 * The model without documentation, metadata and names of nodes, in subgraphs and functions too. What it computes, and
 * the names of its tensors, stay.
 */
export function tidyTexts(model: Model): Model {
  return Object.freeze({
    ...bare(model),
    graph: tidyGraph(model.graph),
    functions: model.functions.map((f) =>
      Object.freeze({ ...bare(f), nodes: f.nodes.map(tidyNode), values: f.values.map(bare) }),
    ),
  });
}

function tidyGraph(graph: Graph): Graph {
  return Object.freeze({
    ...bare(graph),
    inputs: graph.inputs.map(bare),
    outputs: graph.outputs.map(bare),
    values: graph.values.map(bare),
    initializers: graph.initializers.map(bare),
    nodes: graph.nodes.map(tidyNode),
  });
}

function tidyNode(node: Node): Node {
  const attributes = Object.entries(node.attributes).map(([name, a]): [string, Attribute] => [name, tidyAttribute(a)]);
  return Object.freeze({ ...bare(node), name: "", attributes: Object.fromEntries(attributes) });
}

function tidyAttribute(attribute: Attribute): Attribute {
  const { doc: _, ...rest } = attribute;
  switch (rest.kind) {
    case "graph":
      return { ...rest, value: tidyGraph(rest.value) };
    case "graphs":
      return { ...rest, value: rest.value.map(tidyGraph) };
    case "tensor":
      return { ...rest, value: bare(rest.value) };
    default:
      return rest;
  }
}

/** `unknown` stays: nobody knows whether it means something. */
function bare<T extends Extras>(part: T): T {
  if (part.doc === undefined && part.metadata === undefined) return part;
  const { doc: _, metadata: __, ...rest } = part;
  return Object.freeze(rest) as unknown as T;
}
