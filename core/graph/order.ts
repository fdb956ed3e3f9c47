import { LatheError } from "../base/error.ts";
import { subgraphsOf } from "./attributes.ts";
import type { Graph, Node } from "./model.ts";
import { capturesOf } from "./uses.ts";

/**
 * Nodes in an order in which every value is made before it is used (Kahn), stable where the order is free.
 * @throws invalid-model naming a node on a cycle.
 */
export function sortNodes(nodes: readonly Node[]): readonly Node[] {
  const producer = new Map<string, number>();
  nodes.forEach((node, i) => {
    for (const output of node.outputs) if (output !== "") producer.set(output, i);
  });
  const waiting = new Int32Array(nodes.length);
  const followers: number[][] = nodes.map(() => []);
  nodes.forEach((node, i) => {
    for (const name of needsOf(node)) {
      const from = producer.get(name);
      if (from === undefined) continue;
      followers[from]?.push(i);
      waiting[i] = waiting[i]! + 1;
    }
  });
  const ready: number[] = [];
  waiting.forEach((count, i) => {
    if (count === 0) ready.push(i);
  });
  const sorted: Node[] = [];
  // The list grows while it is read: first in, first out.
  for (const i of ready) {
    sorted.push(nodes[i]!);
    for (const next of followers[i] ?? []) {
      waiting[next] = waiting[next]! - 1;
      if (waiting[next] === 0) ready.push(next);
    }
  }
  if (sorted.length < nodes.length) {
    const stuck = nodeOnCycle(nodes, { producer, isWaiting: (i) => waiting[i]! > 0 });
    throw new LatheError("invalid-model", `The graph has a cycle through ${stuck.op} "${stuck.name}".`, {
      hint: "Export the model again; an ONNX graph must be acyclic.",
    });
  }
  return sorted;
}

interface Blocked {
  readonly producer: ReadonlyMap<string, number>;
  readonly isWaiting: (node: number) => boolean;
}

/** A blocked node may merely follow a cycle; going from blocked maker to blocked maker ends up on it. */
function nodeOnCycle(nodes: readonly Node[], { producer, isWaiting }: Blocked): Node {
  const visited = new Set<number>();
  let at = nodes.findIndex((_, i) => isWaiting(i));
  while (!visited.has(at)) {
    visited.add(at);
    const makers = [...needsOf(nodes[at]!)].map((name) => producer.get(name) ?? -1);
    at = makers.find((maker) => maker >= 0 && isWaiting(maker)) ?? at;
  }
  return nodes[at]!;
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
