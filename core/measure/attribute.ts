import type { Graph, Node } from "../graph/model.ts";
import { indexGraph } from "../graph/uses.ts";

/** A node of the optimised graph that was traced back. */
export interface Attribution {
  /** Node of the original graph that the time belongs to: the one with the most arithmetic of those merged. */
  readonly node: Node;
  /** All original nodes that it does the work of. */
  readonly covers: readonly Node[];
}

/**
 * Traces nodes of the graph that the runtime optimised back to nodes of the original. Fused nodes keep the name
 * of the value that they make, so they stand for the original nodes between that value and the next values
 * that still exist. Where the runtime changed the layout, the value's name lives on in the node's name
 * (`<value>_nchwc`). Nodes that only reorder data go with what they feed, or else with what feeds them.
 * @param weight arithmetic of an original node, to choose among merged ones
 */
export function attribute(
  original: Graph,
  optimized: Graph,
  weight: (node: Node) => number,
): ReadonlyMap<Node, Attribution> {
  const origin = indexGraph(original);
  const byName = new Map(original.nodes.filter((n) => n.name !== "").map((n) => [n.name, n]));
  const standsFor = new Map<Node, readonly Node[]>();
  for (const node of optimized.nodes) {
    const ends = endsOf(node, { producer: origin.producer, byName });
    if (ends.length > 0) standsFor.set(node, ends);
  }
  const ends = new Set([...standsFor.values()].flat());
  const taken = new Set<Node>();
  const found = new Map<Node, Attribution>();
  for (const [node, own] of standsFor) {
    const covers = coverOf(own, { producer: origin.producer, ends, taken });
    for (const covered of covers) taken.add(covered);
    found.set(node, { node: covers.reduce((a, b) => (weight(b) > weight(a) ? b : a), own[0]!), covers });
  }
  adopt(optimized, found);
  return found;
}

interface Names {
  readonly producer: ReadonlyMap<string, Node>;
  readonly byName: ReadonlyMap<string, Node>;
}

/** The original nodes whose outputs this one makes. */
function endsOf(node: Node, { producer, byName }: Names): readonly Node[] {
  if (/^Reorder(In|Out)put$/.test(node.op)) return [];
  const made = node.outputs.map((o) => producer.get(o)).filter((n) => n !== undefined);
  if (made.length > 0) return [...new Set(made)];
  const plain = node.name.replace(/(_token_\d+)+$/, "");
  for (const name of [plain, plain.replace(/_nchwc$/, "")]) {
    const original = producer.get(name) ?? byName.get(name);
    if (original !== undefined) return [original];
  }
  return [];
}

interface Frontier {
  readonly producer: ReadonlyMap<string, Node>;
  /** Original nodes that some optimised node stands for. */
  readonly ends: ReadonlySet<Node>;
  readonly taken: ReadonlySet<Node>;
}

/** Walks back from the nodes to those that something else stands for. */
function coverOf(from: readonly Node[], { producer, ends, taken }: Frontier): Node[] {
  const covers = new Set(from);
  const open = [...from];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const input of node.inputs) {
      const before = producer.get(input);
      if (before === undefined || covers.has(before) || ends.has(before) || taken.has(before)) continue;
      covers.add(before);
      open.push(before);
    }
  }
  return [...covers];
}

/** Gives nodes that nothing is known of to the next known consumer, or else producer. */
function adopt(optimized: Graph, found: Map<Node, Attribution>): void {
  const index = indexGraph(optimized);
  const known = (node: Node | undefined): Attribution | undefined => (node === undefined ? undefined : found.get(node));
  for (const node of optimized.nodes.toReversed()) {
    if (found.has(node)) continue;
    const user = node.outputs
      .flatMap((o) => index.usesOf(o))
      .map((use) => known(use.node))
      .find((a) => a !== undefined);
    if (user !== undefined) found.set(node, user);
  }
  for (const node of optimized.nodes) {
    if (found.has(node)) continue;
    const maker = node.inputs.map((i) => known(index.producer.get(i))).find((a) => a !== undefined);
    if (maker !== undefined) found.set(node, maker);
  }
}
