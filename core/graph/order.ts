import { LatheError } from "../base/error.ts";
import { subgraphsOf } from "./attributes.ts";
import type { Graph, Node } from "./model.ts";
import { capturesOf } from "./uses.ts";

/**
 * Nodes in an order in which every value is made before it is used. Nodes stay where they are as far as that goes:
 * one that stands too late moves to just before the first that needs it.
 * @throws invalid-model naming a node on a cycle.
 */
export function sortNodes(nodes: readonly Node[]): readonly Node[] {
  const producer = new Map<string, number>();
  nodes.forEach((node, i) => {
    for (const output of node.outputs) if (output !== "") producer.set(output, i);
  });
  const needs = nodes.map((node) => [...needsOf(node)].flatMap((name) => producer.get(name) ?? []));
  const checked = new Int32Array(nodes.length);
  const isDone = new Uint8Array(nodes.length);
  const isOpen = new Uint8Array(nodes.length);
  const sorted: Node[] = [];
  // Depth first, with a stack of its own: chains of nodes may be longer than the call stack.
  for (let start = 0; start < nodes.length; start++) {
    const stack = isDone[start] === 1 ? [] : [start];
    for (let at = stack.at(-1); at !== undefined; at = stack.at(-1)) {
      isOpen[at] = 1;
      const makers = needs[at] ?? [];
      while (isDone[makers[checked[at]!] ?? -1] === 1) checked[at]!++;
      const maker = makers[checked[at]!];
      if (maker === undefined) {
        isDone[at] = 1;
        sorted.push(nodes[at]!);
        stack.pop();
      } else if (isOpen[maker] === 1) throw cycle(nodes[maker]!);
      else stack.push(maker);
    }
  }
  return sorted;
}

function cycle({ op, name }: Node): LatheError {
  return new LatheError("invalid-model", `The graph has a cycle through ${op} "${name}".`, {
    hint: "Export the model again; an ONNX graph must be acyclic.",
  });
}

/** Whether the nodes already stand in a valid order. */
export function isSorted(graph: Pick<Graph, "nodes">): boolean {
  const later = new Set(graph.nodes.flatMap((n) => n.outputs.filter((o) => o !== "")));
  for (const node of graph.nodes) {
    for (const name of needsOf(node)) if (later.has(name)) return false;
    for (const output of node.outputs) later.delete(output);
  }
  return true;
}

function needsOf(node: Node): ReadonlySet<string> {
  const needs = new Set(node.inputs.filter((i) => i !== ""));
  for (const body of subgraphsOf(node)) for (const name of capturesOf(body)) needs.add(name);
  return needs;
}
