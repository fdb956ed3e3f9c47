import { subgraphsOf } from "./attributes.ts";
import type { Graph, Node, Tensor, Value } from "./model.ts";

/** One use of a value: the node and the input slot, or slot −1 where a subgraph of the node captures it. */
export interface Use {
  readonly node: Node;
  readonly slot: number;
}

/** Who makes and who uses each value of one graph. */
export interface GraphIndex {
  readonly producer: ReadonlyMap<string, Node>;
  readonly initializer: ReadonlyMap<string, Tensor>;
  readonly input: ReadonlyMap<string, Value>;
  readonly isOutput: (value: string) => boolean;
  usesOf(value: string): readonly Use[];
}

export function indexGraph(graph: Graph): GraphIndex {
  const producer = new Map<string, Node>();
  const uses = new Map<string, Use[]>();
  const use = (value: string, node: Node, slot: number): void => {
    const list = uses.get(value);
    if (list === undefined) uses.set(value, [{ node, slot }]);
    else list.push({ node, slot });
  };
  for (const node of graph.nodes) {
    for (const output of node.outputs) if (output !== "") producer.set(output, node);
    node.inputs.forEach((input, slot) => {
      if (input !== "") use(input, node, slot);
    });
    for (const body of subgraphsOf(node)) for (const name of capturesOf(body)) use(name, node, -1);
  }
  const outputs = new Set(graph.outputs.map((v) => v.name));
  return {
    producer,
    initializer: new Map(graph.initializers.map((t) => [t.name, t])),
    input: new Map(graph.inputs.map((v) => [v.name, v])),
    isOutput: (value) => outputs.has(value),
    usesOf: (value) => uses.get(value) ?? [],
  };
}

/** The values that a subgraph takes from the graphs around it. */
export function capturesOf(body: Graph): ReadonlySet<string> {
  const own = new Set<string>([...body.inputs, ...body.initializers].map((v) => v.name));
  for (const sparse of body.sparseInitializers) own.add(sparse.values.name);
  const captured = new Set<string>();
  for (const node of body.nodes) {
    for (const input of node.inputs) if (input !== "" && !own.has(input)) captured.add(input);
    for (const inner of subgraphsOf(node)) for (const name of capturesOf(inner)) if (!own.has(name)) captured.add(name);
    for (const output of node.outputs) own.add(output);
  }
  for (const output of body.outputs) if (!own.has(output.name)) captured.add(output.name);
  return captured;
}

/** A name that no value or node of the graph bears, made from `wish`. Remembers what it gave out. */
export function freshNames(graph: Graph): (wish: string) => string {
  const taken = new Set<string>(
    [...graph.inputs, ...graph.outputs, ...graph.values, ...graph.initializers, ...graph.nodes].map((v) => v.name),
  );
  for (const node of graph.nodes) {
    for (const output of node.outputs) taken.add(output);
    for (const body of subgraphsOf(node)) for (const name of namesWithin(body)) taken.add(name);
  }
  /** The number to try next behind a name: those before it are taken, and stay so. */
  const next = new Map<string, number>();
  return (wish) => {
    let name = wish;
    let number = next.get(wish) ?? 1;
    while (taken.has(name)) name = `${wish}_${number++}`;
    next.set(wish, number);
    taken.add(name);
    return name;
  };
}

function namesWithin(body: Graph): string[] {
  const nested = body.nodes.flatMap((n) => subgraphsOf(n).flatMap(namesWithin));
  const own = [...body.inputs, ...body.initializers].map((v) => v.name);
  return [...own, ...body.nodes.flatMap((n) => [n.name, ...n.outputs]), ...nested];
}
