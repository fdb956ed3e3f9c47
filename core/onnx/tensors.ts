import type { Attribute, FunctionDefinition, Graph, Model, Node, SparseTensor, Tensor } from "../graph/model.ts";

/** All constants of a model: initializers, sparse ones, attributes, in subgraphs and functions too. */
export function* tensorsOf(model: Model): Generator<Tensor> {
  yield* graphTensors(model.graph);
  for (const definition of model.functions) {
    yield* attributeTensors(definition.defaults);
    for (const node of definition.nodes) yield* attributeTensors(node.attributes);
  }
}

function* graphTensors(graph: Graph): Generator<Tensor> {
  yield* graph.initializers;
  for (const sparse of graph.sparseInitializers) yield* [sparse.values, sparse.indices];
  for (const node of graph.nodes) yield* attributeTensors(node.attributes);
}

function* attributeTensors(attributes: Readonly<Record<string, Attribute>>): Generator<Tensor> {
  for (const attribute of Object.values(attributes)) {
    if (attribute.kind === "tensor") yield attribute.value;
    else if (attribute.kind === "tensors") yield* attribute.value;
    else if (attribute.kind === "graph") yield* graphTensors(attribute.value);
    else if (attribute.kind === "graphs") for (const graph of attribute.value) yield* graphTensors(graph);
    else if (attribute.kind === "sparse-tensor") yield* [attribute.value.values, attribute.value.indices];
    else if (attribute.kind === "sparse-tensors") for (const s of attribute.value) yield* [s.values, s.indices];
  }
}

type Change = (tensor: Tensor) => Tensor;

/** The model with every constant replaced by what `change` gives for it. */
export function mapTensors(model: Model, change: Change): Model {
  const functions = model.functions.map((definition): FunctionDefinition => {
    const defaults = mapAttributes(definition.defaults, change);
    return Object.freeze({ ...definition, defaults, nodes: mapNodes(definition.nodes, change) });
  });
  return Object.freeze({ ...model, graph: mapGraph(model.graph, change), functions: Object.freeze(functions) });
}

function mapGraph(graph: Graph, change: Change): Graph {
  return Object.freeze({
    ...graph,
    initializers: Object.freeze(graph.initializers.map(change)),
    sparseInitializers: Object.freeze(graph.sparseInitializers.map((s) => mapSparse(s, change))),
    nodes: mapNodes(graph.nodes, change),
  });
}

function mapNodes(nodes: readonly Node[], change: Change): readonly Node[] {
  return Object.freeze(
    nodes.map((node) => {
      const attributes = mapAttributes(node.attributes, change);
      return attributes === node.attributes ? node : Object.freeze({ ...node, attributes });
    }),
  );
}

function mapSparse(sparse: SparseTensor, change: Change): SparseTensor {
  return Object.freeze({ ...sparse, values: change(sparse.values), indices: change(sparse.indices) });
}

const CONSTANT_KINDS: ReadonlySet<Attribute["kind"]> = new Set([
  "tensor",
  "tensors",
  "graph",
  "graphs",
  "sparse-tensor",
  "sparse-tensors",
]);

function mapAttributes(
  attributes: Readonly<Record<string, Attribute>>,
  change: Change,
): Readonly<Record<string, Attribute>> {
  const entries = Object.entries(attributes);
  if (!entries.some(([, a]) => CONSTANT_KINDS.has(a.kind))) return attributes;
  return Object.freeze(Object.fromEntries(entries.map(([name, a]) => [name, Object.freeze(mapAttribute(a, change))])));
}

function mapAttribute(attribute: Attribute, change: Change): Attribute {
  switch (attribute.kind) {
    case "tensor":
      return { ...attribute, value: change(attribute.value) };
    case "tensors":
      return { ...attribute, value: attribute.value.map(change) };
    case "graph":
      return { ...attribute, value: mapGraph(attribute.value, change) };
    case "graphs":
      return { ...attribute, value: attribute.value.map((g) => mapGraph(g, change)) };
    case "sparse-tensor":
      return { ...attribute, value: mapSparse(attribute.value, change) };
    case "sparse-tensors":
      return { ...attribute, value: attribute.value.map((s) => mapSparse(s, change)) };
    default:
      return attribute;
  }
}
