import type { Model, Node } from "./model.ts";
import { capturesOf } from "./uses.ts";
import { subgraphsOf } from "./attributes.ts";

/**
 * The nodes of a model whose outputs may differ from those of the model that it was made from by editing: what reads
 * something else than before, other constants, or the output of such a node. Constants are the same where they are the
 * same object.
 */
export function changedNodes({ graph }: Model, before: Model): ReadonlySet<Node> {
  const constants = new Map(before.graph.initializers.map((t) => [t.name, t]));
  const nodes = new Map(before.graph.nodes.map((n) => [n.outputs[0] ?? "", n]));
  const values = new Set(graph.initializers.filter((t) => constants.get(t.name) !== t).map((t) => t.name));
  const found = new Set<Node>();
  for (const node of graph.nodes) {
    const reads = [...node.inputs, ...subgraphsOf(node).flatMap((body) => [...capturesOf(body)])];
    if (isTwin(node, nodes.get(node.outputs[0] ?? "")) && !reads.some((name) => values.has(name))) continue;
    found.add(node);
    for (const output of node.outputs) values.add(output);
  }
  return found;
}

const isTwin = (node: Node, other: Node | undefined): boolean =>
  other !== undefined &&
  (node === other ||
    (node.op === other.op &&
      node.domain === other.domain &&
      node.attributes === other.attributes &&
      node.inputs.join("\n") === other.inputs.join("\n")));
