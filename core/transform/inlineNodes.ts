import type { Attribute, Graph, Node } from "../graph/model.ts";

/** Gives a value its new name; the same name for the same value. */
export type Rename = (name: string) => string;

/**
 * The names that nodes get when they move into another graph: those in `given` as said there, values that the nodes
 * make under fresh ones, and values of the graphs around them as they are.
 * @param given value of the nodes → value of the graph that they move into; "" for an omitted one
 */
export function renaming(
  nodes: readonly Node[],
  { given, fresh, prefix }: { given: ReadonlyMap<string, string>; fresh: (wish: string) => string; prefix: string },
): Rename {
  const names = new Map(given);
  for (const name of madeBy(nodes)) if (!names.has(name)) names.set(name, fresh(`${prefix}.${name}`));
  return (name) => (name === "" ? "" : (names.get(name) ?? name));
}

/** The same nodes over renamed values, with attributes as `attribute` makes them; those in graphs that they carry too. */
export function renamed(
  nodes: readonly Node[],
  { rename, name, attribute = (found) => found }: Renaming,
): readonly Node[] {
  return nodes.map((node) => {
    const attributes = Object.entries(node.attributes).flatMap(([key, value]): [string, Attribute][] => {
      const found = attribute(value);
      if (found === undefined) return [];
      return [[key, inGraphs(found, { rename, name, attribute })]];
    });
    return Object.freeze({
      ...node,
      name: name(node.name),
      inputs: node.inputs.map(rename),
      outputs: node.outputs.map(rename),
      attributes: Object.fromEntries(attributes),
    });
  });
}

export interface Renaming {
  readonly rename: Rename;
  /** New names of nodes. */
  readonly name: Rename;
  /** Undefined drops the attribute. */
  readonly attribute?: (found: Attribute) => Attribute | undefined;
}

function inGraphs(attribute: Attribute, how: Renaming): Attribute {
  if (attribute.kind === "graph") return { ...attribute, value: renamedGraph(attribute.value, how) };
  if (attribute.kind === "graphs") return { ...attribute, value: attribute.value.map((g) => renamedGraph(g, how)) };
  return attribute;
}

function renamedGraph(graph: Graph, how: Renaming): Graph {
  const over = <T extends { readonly name: string }>(list: readonly T[]): readonly T[] =>
    list.map((item) => ({ ...item, name: how.rename(item.name) }));
  return Object.freeze({
    ...graph,
    inputs: over(graph.inputs),
    outputs: over(graph.outputs),
    values: over(graph.values),
    initializers: over(graph.initializers),
    sparseInitializers: graph.sparseInitializers.map((s) => ({
      ...s,
      values: { ...s.values, name: how.rename(s.values.name) },
    })),
    nodes: renamed(graph.nodes, how),
    annotations: [],
  });
}

/** Every name that nodes and the graphs that they carry give to a value. */
function madeBy(nodes: readonly Node[]): string[] {
  return nodes.flatMap((node) => [
    ...node.outputs.filter((o) => o !== ""),
    ...Object.values(node.attributes)
      .flatMap((a) => (a.kind === "graph" ? [a.value] : a.kind === "graphs" ? a.value : []))
      .flatMap((g) => [
        ...[...g.inputs, ...g.initializers, ...g.sparseInitializers.map((s) => s.values)].map((v) => v.name),
        ...madeBy(g.nodes),
      ]),
  ]);
}
