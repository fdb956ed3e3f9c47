import type { Host } from "../base/host.ts";
import { tensor } from "../graph/build.ts";
import { editGraph, removeDeadNodes } from "../graph/edit.ts";
import { subgraphsOf } from "../graph/attributes.ts";
import type { Graph, Model, Node } from "../graph/model.ts";
import { withSession } from "./session.ts";

/**
 * Replaces whole numbers and truth values that depend on no input (pads, shapes, indices and conditions that exporters
 * compute) by the constants that they are, which it finds by running that part of the model. Float values stay computed,
 * so that weights remain what they are. Computes the same.
 * @param model constants in memory
 */
export async function foldIntegers(model: Model, host: Host): Promise<Model> {
  const { graph } = model;
  const { nodes, outputs } = constantPart(graph);
  if (outputs.length === 0) return model;
  const part: Graph = { ...graph, inputs: [], nodes, values: [], outputs: outputs.map((name) => ({ name })) };
  const alone: Model = { ...model, graph: removeDeadNodes(part) };
  const found = await withSession(alone, { host, optimization: "none" }, (session) => session.run({}));
  const whole = Object.entries(found).filter(([, { type }]) => WHOLE.has(type));
  if (whole.length === 0) return model;
  const folded = editGraph(graph, (edit) => {
    const constants = new Map(whole);
    for (const node of nodes) {
      if (!node.outputs.some((o) => constants.has(o))) continue;
      // A node with another output that is a float keeps running for that one.
      if (node.outputs.every((o) => o === "" || constants.has(o))) edit.replace(node);
    }
    for (const [name, array] of constants) {
      const maker = nodes.find((n) => n.outputs.includes(name));
      if (maker?.outputs.every((o) => o === "" || constants.has(o)) === true) edit.setInitializer(tensor(name, array));
    }
  });
  return Object.freeze({ ...model, graph: removeDeadNodes(folded) });
}

const WHOLE: ReadonlySet<string> = new Set(["int64", "int32", "int16", "int8", "uint8", "bool"]);

/** The nodes that depend on no input, and those of their results that other nodes use. */
function constantPart(graph: Graph): { readonly nodes: readonly Node[]; readonly outputs: readonly string[] } {
  const inputs = new Set(graph.inputs.map((v) => v.name));
  const constant = new Set(graph.initializers.map((t) => t.name).filter((name) => !inputs.has(name)));
  const nodes = graph.nodes.filter((node) => {
    const isConstant =
      node.inputs.every((name) => name === "" || constant.has(name)) &&
      subgraphsOf(node).length === 0 &&
      node.domain === "" &&
      !node.op.startsWith("Random") &&
      !["Multinomial", "Bernoulli", "Dropout"].includes(node.op);
    if (isConstant) for (const output of node.outputs) constant.add(output);
    return isConstant;
  });
  const inside = new Set(nodes);
  const made = new Set(nodes.flatMap((n) => n.outputs));
  const used = new Set([
    ...graph.nodes.filter((n) => !inside.has(n)).flatMap((n) => [...n.inputs, ...subgraphsOf(n).flatMap(namesIn)]),
  ]);
  const kept = new Set(graph.outputs.map((v) => v.name));
  return { nodes, outputs: [...used].filter((name) => name !== "" && made.has(name) && !kept.has(name)) };
}

const namesIn = (graph: Graph): readonly string[] => [
  ...graph.outputs.map((v) => v.name),
  ...graph.nodes.flatMap((n) => [...n.inputs, ...subgraphsOf(n).flatMap(namesIn)]),
];
