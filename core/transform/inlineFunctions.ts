import { LatheError } from "../base/error.ts";
import { withSubgraphs } from "../graph/attributes.ts";
import { node as makeNode } from "../graph/build.ts";
import { functionKey } from "../graph/domains.ts";
import type { Attribute, FunctionDefinition, Graph, Model, Node } from "../graph/model.ts";
import { freshNames } from "../graph/uses.ts";
import { renamed, renaming } from "./inlineNodes.ts";

/**
 * Puts the bodies of model-local functions in place of their calls, also inside subgraphs and other functions. The
 * result has no functions and computes the same. Values made in a body are named after the call.
 * @throws unsupported where a body was written for another version of an operator set than the model's
 * @throws invalid-model where functions call themselves
 */
export function inlineFunctions(model: Model): Model {
  if (model.functions.length === 0) return model;
  const bodies = new Map(model.functions.map((f) => [functionKey(f.domain, f.name, f.overload), f]));
  const opsets: Record<string, number> = { ...model.opsets };
  const fresh = freshNames(model.graph);

  const expand = (node: Node, callers: readonly string[]): readonly Node[] => {
    const key = functionKey(node.domain, node.op, node.overload);
    const body = bodies.get(key);
    if (body === undefined) return [withSubgraphs(node, (graph) => expandGraph(graph, callers))];
    if (callers.includes(key)) {
      throw new LatheError("invalid-model", `Function "${body.name}" of domain "${body.domain}" calls itself.`);
    }
    adoptOpsets(body, opsets);
    return call(node, body, fresh).flatMap((inner) => expand(inner, [...callers, key]));
  };
  const expandGraph = (graph: Graph, callers: readonly string[]): Graph =>
    Object.freeze({ ...graph, nodes: graph.nodes.flatMap((node) => expand(node, callers)) });

  const graph = expandGraph(model.graph, []);
  const gone = new Set(model.functions.map((f) => f.domain));
  const used = new Set(domainsOf(graph.nodes));
  const kept = Object.entries(opsets).filter(([domain]) => !gone.has(domain) || used.has(domain));
  return Object.freeze({ ...model, opsets: Object.fromEntries(kept), functions: [], graph });
}

function call(node: Node, body: FunctionDefinition, fresh: (wish: string) => string): readonly Node[] {
  const prefix = node.name || (node.outputs[0] ?? node.op);
  const given = new Map(body.inputs.map((name, slot) => [name, node.inputs[slot] ?? ""]));
  const copies: Node[] = [];
  body.outputs.forEach((name, slot) => {
    const output = node.outputs[slot] ?? "";
    if (output === "") return;
    const source = given.get(name);
    if (source === undefined) given.set(name, output);
    // An input or another output is handed out under a second name.
    else copies.push(makeNode("Identity", [[source], [output]], { name: fresh(`${prefix}.Identity`) }));
  });
  const attribute = (found: Attribute): Attribute | undefined =>
    found.kind === "reference" ? (node.attributes[found.name] ?? body.defaults[found.name]) : found;
  const rename = renaming(body.nodes, { given, fresh, prefix });
  return [
    ...renamed(body.nodes, { rename, name: (name) => fresh(`${prefix}.${name || "node"}`), attribute }),
    ...copies,
  ];
}

function adoptOpsets(body: FunctionDefinition, opsets: Record<string, number>): void {
  for (const [domain, version] of Object.entries(body.opsets)) {
    const own = opsets[domain] ?? opsets[domain === "" ? "ai.onnx" : domain];
    if (own === undefined) opsets[domain] = version;
    else if (own !== version) {
      throw new LatheError(
        "unsupported",
        `Function "${body.name}" is written for version "${version}" of the operator set "${domain || "ai.onnx"}", the model for "${own}".`,
        { hint: "Export the model again with one version for all." },
      );
    }
  }
}

function domainsOf(nodes: readonly Node[]): readonly string[] {
  return nodes.flatMap((node) => [
    node.domain,
    ...Object.values(node.attributes).flatMap((a) =>
      a.kind === "graph"
        ? domainsOf(a.value.nodes)
        : a.kind === "graphs"
          ? a.value.flatMap((g) => domainsOf(g.nodes))
          : [],
    ),
  ]);
}
