import { tensorArray, node as makeNode } from "../graph/build.ts";
import { tensorOf } from "../graph/attributes.ts";
import { removeDeadNodes } from "../graph/edit.ts";
import type { Graph, Node, Tensor } from "../graph/model.ts";
import { freshNames } from "../graph/uses.ts";
import { renamed, renaming } from "./inlineNodes.ts";

/**
 * Puts the branch that is always taken in place of every If whose condition is a constant, also where branches nest.
 * Computes the same; other Ifs stay.
 */
export function inlineBranches(graph: Graph): Graph {
  const fresh = freshNames(graph);
  const constants = new Map(graph.initializers.map((t) => [t.name, t]));
  for (const node of graph.nodes) {
    const found = node.op === "Constant" && node.domain === "" ? tensorOf(node, "value") : undefined;
    if (found !== undefined) constants.set(node.outputs[0] ?? "", found);
  }
  const initializers: Tensor[] = [...graph.initializers];

  const inline = (node: Node): readonly Node[] => {
    const condition = node.op === "If" && node.domain === "" ? truth(constants.get(node.inputs[0] ?? "")) : undefined;
    const branch = node.attributes[condition === true ? "then_branch" : "else_branch"];
    if (condition === undefined || branch?.kind !== "graph" || branch.value.sparseInitializers.length > 0)
      return [node];
    const body = branch.value;
    const prefix = node.name || (node.outputs[0] ?? "If");
    const given = new Map<string, string>();
    for (const t of body.initializers) {
      const name = fresh(`${prefix}.${t.name}`);
      given.set(t.name, name);
      const moved = Object.freeze({ ...t, name });
      initializers.push(moved);
      constants.set(name, moved);
    }
    const made = new Set(body.nodes.flatMap((n) => n.outputs));
    const copies: Node[] = [];
    body.outputs.forEach(({ name }, slot) => {
      const output = node.outputs[slot] ?? "";
      if (output === "") return;
      if (made.has(name) && !given.has(name)) given.set(name, output);
      else
        copies.push(makeNode("Identity", [[given.get(name) ?? name], [output]], { name: fresh(`${prefix}.Identity`) }));
    });
    const rename = renaming(body.nodes, { given, fresh, prefix });
    const nodes = renamed(body.nodes, { rename, name: (name) => fresh(`${prefix}.${name || "node"}`) });
    for (const inner of nodes) {
      const found = inner.op === "Constant" && inner.domain === "" ? tensorOf(inner, "value") : undefined;
      if (found !== undefined) constants.set(inner.outputs[0] ?? "", found);
    }
    return [...nodes.flatMap(inline), ...copies];
  };
  const nodes = graph.nodes.flatMap(inline);
  if (nodes.length === graph.nodes.length && nodes.every((n, i) => n === graph.nodes[i])) return graph;
  return removeDeadNodes(Object.freeze({ ...graph, nodes, initializers }));
}

function truth(condition: Tensor | undefined): boolean | undefined {
  if (condition?.data.kind !== "bytes") return undefined;
  const first = tensorArray(condition).data[0];
  return first === undefined ? undefined : Number(first) !== 0;
}
