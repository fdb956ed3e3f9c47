import { subgraphsOf } from "../graph/attributes.ts";
import type { Attribute, Dim, Graph, Model, Node, Value, ValueType } from "../graph/model.ts";
import { freshNames } from "../graph/uses.ts";

/** The values that callers pass: graph inputs that no constant stands for. */
export function calledInputs({ inputs, initializers }: Graph): readonly Value[] {
  const constants = new Set(initializers.map((t) => t.name));
  return inputs.filter((v) => !constants.has(v.name));
}

/**
 * Gives values other names, everywhere at once, so that two may swap theirs. An inner value that bears a new name already
 * gets another one.
 */
export function renameValues(model: Model, names: ReadonlyMap<string, string>): Model {
  const fresh = freshNames(model.graph);
  const wanted = new Set(names.values());
  const all = new Map(names);
  for (const name of innerNames(model.graph)) if (wanted.has(name) && !names.has(name)) all.set(name, fresh(name));
  return Object.freeze({ ...model, graph: renameIn(model.graph, all) });
}

function* innerNames(graph: Graph): Generator<string> {
  for (const { name } of [...graph.inputs, ...graph.outputs, ...graph.initializers]) yield name;
  for (const { values } of graph.sparseInitializers) yield values.name;
  for (const node of graph.nodes) {
    yield* node.outputs;
    for (const body of subgraphsOf(node)) yield* innerNames(body);
  }
}

function renameIn(graph: Graph, names: ReadonlyMap<string, string>): Graph {
  const named = (name: string): string => names.get(name) ?? name;
  const value = <T extends { readonly name: string }>(v: T): T =>
    names.has(v.name) ? Object.freeze({ ...v, name: named(v.name) }) : v;
  return Object.freeze({
    ...graph,
    inputs: graph.inputs.map(value),
    outputs: graph.outputs.map(value),
    values: graph.values.map(value),
    initializers: graph.initializers.map(value),
    sparseInitializers: graph.sparseInitializers.map((s) => Object.freeze({ ...s, values: value(s.values) })),
    nodes: graph.nodes.map((node) => renameNode(node, names)),
    annotations: graph.annotations.map((a) =>
      Object.freeze({
        ...a,
        tensor: named(a.tensor),
        parameters: Object.fromEntries(Object.entries(a.parameters).map(([key, name]) => [key, named(name)])),
      }),
    ),
  });
}

function renameNode(node: Node, names: ReadonlyMap<string, string>): Node {
  const isTouched = [...node.inputs, ...node.outputs].some((name) => names.has(name));
  const bodies = subgraphsOf(node);
  if (!isTouched && bodies.length === 0) return node;
  const named = (name: string): string => names.get(name) ?? name;
  return Object.freeze({
    ...node,
    inputs: node.inputs.map(named),
    outputs: node.outputs.map(named),
    attributes: bodies.length === 0 ? node.attributes : mapBodies(node.attributes, (body) => renameIn(body, names)),
  });
}

function mapBodies(
  attributes: Readonly<Record<string, Attribute>>,
  change: (body: Graph) => Graph,
): Readonly<Record<string, Attribute>> {
  const entries = Object.entries(attributes).map(([name, a]): [string, Attribute] => {
    if (a.kind === "graph") return [name, { ...a, value: change(a.value) }];
    return [name, a.kind === "graphs" ? { ...a, value: a.value.map(change) } : a];
  });
  return Object.fromEntries(entries);
}

/** Puts sizes, or other names, in place of the names of free dimensions, wherever the model's types say them. */
export function replaceSizes(model: Model, sizes: ReadonlyMap<string, number | string>): Model {
  const dim = (d: Dim): Dim => {
    const found = typeof d.size === "string" ? sizes.get(d.size) : undefined;
    return found === undefined ? d : Object.freeze({ ...d, size: found });
  };
  return withDims(model, (dims) => dims.map(dim));
}

/** Names, or fixes, the leading dimension of inputs and outputs that says nothing of itself. */
export function nameLeading(model: Model, size: number | string): Model {
  return withDims(model, ([first, ...rest]) =>
    first === undefined || first.size !== undefined ? undefined : [{ ...first, size }, ...rest],
  );
}

function withDims(model: Model, change: (dims: readonly Dim[]) => readonly Dim[] | undefined): Model {
  const type = (t: ValueType): ValueType => {
    if ((t.kind !== "tensor" && t.kind !== "sparse-tensor") || t.dims === undefined) return t;
    const dims = change(t.dims);
    return dims === undefined ? t : Object.freeze({ ...t, dims });
  };
  const value = (v: Value): Value => (v.type === undefined ? v : Object.freeze({ ...v, type: type(v.type) }));
  const { graph } = model;
  return Object.freeze({
    ...model,
    graph: Object.freeze({
      ...graph,
      inputs: graph.inputs.map(value),
      outputs: graph.outputs.map(value),
      values: graph.values.map(value),
    }),
  });
}
