import { subgraphsOf } from "../graph/attributes.ts";
import { node as makeNode } from "../graph/build.ts";
import type { Graph, Model, Node } from "../graph/model.ts";
import { capturesOf } from "../graph/uses.ts";
import { opOf } from "../ops/registry.ts";
import type { Draft } from "./writer.ts";

/**
 * The nodes of a graph with those that gradients flow through and that are declared as an expansion (recurrent layers,
 * attention) replaced by simpler ones. Outputs keep their names.
 * @param isOnTheWay whether a gradient flows through the node
 */
export function expandNodes(
  { graph, opsets }: Pick<Model, "graph" | "opsets">,
  draft: Draft,
  isOnTheWay: (node: Node) => boolean,
): readonly Node[] {
  return graph.nodes.flatMap((node) => {
    const rule = opOf(node, opsets)?.gradient;
    if (typeof rule !== "object" || !("expand" in rule) || !isOnTheWay(node)) return [node];
    const before = draft.nodes.length;
    const made = rule.expand(draft, node);
    return nameOutputs(draft.nodes.slice(before), node, { made, fresh: draft.fresh });
  });
}

/** The nodes, making the values that the replaced node made under their own names. */
function nameOutputs(
  nodes: readonly Node[],
  { outputs }: Node,
  { made, fresh }: { readonly made: readonly (string | undefined)[]; readonly fresh: (wish: string) => string },
): readonly Node[] {
  const own = new Set(nodes.flatMap((n) => n.outputs));
  const names = new Map<string, string>();
  const copies: Node[] = [];
  for (const [slot, output] of outputs.entries()) {
    const value = made[slot];
    if (output === "" || value === undefined) continue;
    if (own.has(value) && !names.has(value)) names.set(value, output);
    else
      copies.push(makeNode("Identity", [[names.get(value) ?? value], [output]], { name: fresh(`${output}.Identity`) }));
  }
  const rename = (name: string): string => names.get(name) ?? name;
  const kept = nodes.map((n) => Object.freeze({ ...n, inputs: n.inputs.map(rename), outputs: n.outputs.map(rename) }));
  return [...kept, ...copies];
}

/** The values that some of these depend on, and these. */
export function upstream(graph: Graph, to: Iterable<string>): ReadonlySet<string> {
  const reached = new Set(to);
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((output) => reached.has(output))) continue;
    for (const input of readBy(node)) reached.add(input);
  }
  return reached;
}

/** The values that a node reads: its inputs, and what the graphs that it carries take from around it. */
export function readBy(node: Node): readonly string[] {
  const captured = subgraphsOf(node).flatMap((body) => [...capturesOf(body)]);
  return [...node.inputs.filter((input) => input !== ""), ...captured];
}
