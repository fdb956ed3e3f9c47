import { LatheError } from "../base/error.ts";
import type { Graph, Node, Tensor, Value } from "./model.ts";
import { sortNodes } from "./order.ts";
import { freshNames, indexGraph, type GraphIndex } from "./uses.ts";

/**
 * A batch of changes to one graph. The graph it started from never changes; `finish` makes the new one.
 * The index answers for the graph as it was at the start.
 */
export class GraphEdit {
  readonly index: GraphIndex;
  readonly fresh: (wish: string) => string;
  readonly #graph: Graph;
  readonly #replaced = new Map<Node, readonly Node[]>();
  readonly #added: Node[] = [];
  readonly #initializers: Map<string, Tensor>;
  #outputs: readonly Value[];
  #inputs: readonly Value[];

  constructor(graph: Graph) {
    this.#graph = graph;
    this.index = indexGraph(graph);
    this.fresh = freshNames(graph);
    this.#initializers = new Map(graph.initializers.map((t) => [t.name, t]));
    this.#outputs = graph.outputs;
    this.#inputs = graph.inputs;
  }

  /** Puts these nodes in place of one; none removes it. A second call for the same node wins. */
  replace(node: Node, ...by: readonly Node[]): void {
    this.#replaced.set(node, by);
  }

  /** The node as the edit has it so far, when it was replaced by exactly one. */
  current(node: Node): Node {
    const by = this.#replaced.get(node);
    return by?.length === 1 ? by[0]! : node;
  }

  add(...nodes: readonly Node[]): void {
    this.#added.push(...nodes);
  }

  /** Adds a constant or replaces the one of that name. */
  setInitializer(constant: Tensor): void {
    this.#initializers.set(constant.name, constant);
  }

  setOutputs(outputs: readonly Value[]): void {
    this.#outputs = outputs;
  }

  setInputs(inputs: readonly Value[]): void {
    this.#inputs = inputs;
  }

  /**
   * The new graph: sorted, without constants that nothing uses. Types recorded for values that
   * are gone are dropped.
   */
  finish(): Graph {
    const kept = this.#graph.nodes.flatMap((node) => this.#replaced.get(node) ?? [node]);
    const nodes = sortNodes([...kept, ...this.#added]);
    const draft: Graph = {
      ...this.#graph,
      nodes,
      inputs: this.#inputs,
      outputs: this.#outputs,
      initializers: [...this.#initializers.values()],
    };
    const index = indexGraph(draft);
    const isUsed = (name: string): boolean => index.usesOf(name).length > 0 || index.isOutput(name);
    const made = (name: string): boolean => index.producer.has(name) || index.initializer.has(name);
    for (const output of draft.outputs) {
      if (!made(output.name) && !index.input.has(output.name)) {
        throw new LatheError("internal", `After the edit nothing makes the graph output "${output.name}".`);
      }
    }
    return Object.freeze({
      ...draft,
      initializers: draft.initializers.filter((t) => isUsed(t.name)),
      inputs: draft.inputs.filter((v) => !this.#initializers.has(v.name) || isUsed(v.name)),
      values: draft.values.filter((v) => made(v.name)),
    });
  }
}

/** Runs one batch of changes on a graph and gives the new graph. */
export function editGraph(graph: Graph, change: (edit: GraphEdit) => void): Graph {
  const edit = new GraphEdit(graph);
  change(edit);
  return edit.finish();
}

/** Removes nodes whose results nothing uses, repeatedly, and then unused constants. */
export function removeDeadNodes(graph: Graph): Graph {
  const needed = new Set(graph.outputs.map((v) => v.name));
  const index = indexGraph(graph);
  const captured = new Map<Node, string[]>();
  for (const node of graph.nodes)
    for (const o of node.outputs)
      for (const u of index.usesOf(o)) if (u.slot < 0) captured.set(u.node, [...(captured.get(u.node) ?? []), o]);
  for (const t of [...graph.initializers, ...graph.inputs])
    for (const u of index.usesOf(t.name))
      if (u.slot < 0) captured.set(u.node, [...(captured.get(u.node) ?? []), t.name]);
  const live: Node[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((o) => needed.has(o))) continue;
    live.push(node);
    for (const name of [...node.inputs, ...(captured.get(node) ?? [])]) if (name !== "") needed.add(name);
  }
  return Object.freeze({
    ...graph,
    nodes: live.reverse(),
    initializers: graph.initializers.filter((t) => needed.has(t.name)),
    values: graph.values.filter((v) => needed.has(v.name)),
  });
}
