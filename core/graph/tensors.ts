import type { Attribute, FunctionDefinition, Graph, Model, Node, SparseTensor, Tensor } from "./model.ts";

/** All constants of a model: initializers, sparse ones, attributes, in subgraphs and functions too. */
export function* tensorsOf(model: Model): Generator<Tensor> {
  for (const { tensor } of namedTensors(model)) yield tensor;
}

/** A constant, and the name by which it is known: its own, or that of the value that its node makes of it. */
export interface NamedTensor {
  readonly name: string;
  readonly tensor: Tensor;
}

/** All constants of a model, as `tensorsOf` gives them, by name. */
export function* namedTensors(model: Model): Generator<NamedTensor> {
  yield* graphTensors(model.graph);
  for (const { name, defaults, nodes } of model.functions) {
    yield* attributeTensors(defaults, name);
    for (const node of nodes) yield* attributeTensors(node.attributes, node.outputs[0]);
  }
}

function* graphTensors(graph: Graph): Generator<NamedTensor> {
  for (const tensor of graph.initializers) yield { name: tensor.name, tensor };
  for (const sparse of graph.sparseInitializers) yield* sparseParts(sparse);
  for (const node of graph.nodes) yield* attributeTensors(node.attributes, node.outputs[0]);
}

function* sparseParts({ values, indices }: SparseTensor, owner = ""): Generator<NamedTensor> {
  for (const tensor of [values, indices]) yield { name: tensor.name || owner, tensor };
}

function* attributeTensors(
  attributes: Readonly<Record<string, Attribute>>,
  owner: string | undefined,
): Generator<NamedTensor> {
  const named = (tensor: Tensor): NamedTensor => ({ name: tensor.name || (owner ?? ""), tensor });
  for (const attribute of Object.values(attributes)) {
    if (attribute.kind === "tensor") yield named(attribute.value);
    else if (attribute.kind === "tensors") yield* attribute.value.map(named);
    else if (attribute.kind === "graph") yield* graphTensors(attribute.value);
    else if (attribute.kind === "graphs") for (const graph of attribute.value) yield* graphTensors(graph);
    else if (attribute.kind === "sparse-tensor") yield* sparseParts(attribute.value, owner);
    else if (attribute.kind === "sparse-tensors") for (const s of attribute.value) yield* sparseParts(s, owner);
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
