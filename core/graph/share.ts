import { arrayBytes } from "../base/array.ts";
import { hash } from "../base/hash.ts";
import { subgraphsOf } from "./attributes.ts";
import { tensorArray } from "./build.ts";
import type { Attribute, Graph, Node, Tensor } from "./model.ts";
import { indexGraph } from "./uses.ts";

/** Two calls of these differ, or mean something else when more outputs are asked for. */
const APART: ReadonlySet<string> = new Set([
  "RandomNormal",
  "RandomNormalLike",
  "RandomUniform",
  "RandomUniformLike",
  "Bernoulli",
  "Multinomial",
  "Dropout",
  "BatchNormalization",
]);

/** Constants above this size are compared by name only. Bytes. */
const SMALL = 4096;

/**
 * Makes nodes that compute the same from the same inputs one node (common subexpressions), and equal small constants
 * one constant. Two nodes that ask for different outputs of one call become a node with all of them.
 */
export function shareNodes(graph: Graph): Graph {
  const index = indexGraph(graph);
  const renamed = new Map<string, string>();
  const initializers = shareConstants(graph, renamed);
  const isTaken = (value: string): boolean => index.isOutput(value) || index.usesOf(value).some((use) => use.slot < 0);
  const found = new Map<string, number>();
  const nodes: Node[] = [];
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((i) => renamed.get(i) ?? i);
    const current: Node = inputs.some((i, at) => i !== node.inputs[at]) ? Object.freeze({ ...node, inputs }) : node;
    const key = keyOf(current);
    const at = key === undefined ? undefined : found.get(key);
    // A name that the outside or a body knows has to stay.
    if (at === undefined || node.outputs.some(isTaken)) {
      if (key !== undefined && at === undefined) found.set(key, nodes.length);
      nodes.push(current);
      continue;
    }
    const first = nodes[at]!;
    const outputs = Array.from({ length: Math.max(first.outputs.length, node.outputs.length) }, (_, slot) => {
      const [kept = "", dropped = ""] = [first.outputs[slot], node.outputs[slot]];
      if (kept !== "" && dropped !== "") renamed.set(dropped, kept);
      return kept || dropped;
    });
    if (outputs.some((o, slot) => o !== first.outputs[slot])) nodes[at] = Object.freeze({ ...first, outputs });
  }
  return Object.freeze({ ...graph, nodes, initializers, values: graph.values.filter((v) => !renamed.has(v.name)) });
}

function shareConstants(graph: Graph, renamed: Map<string, string>): readonly Tensor[] {
  const index = indexGraph(graph);
  const found = new Map<string, string>();
  return graph.initializers.filter((t) => {
    // A constant that is also an input may be fed another value.
    if (t.data.kind !== "bytes" || t.data.bytes.length > SMALL || index.input.has(t.name)) return true;
    if (index.isOutput(t.name) || index.usesOf(t.name).some((use) => use.slot < 0)) return true;
    const key = tensorKey(t);
    const first = found.get(key);
    if (first === undefined) found.set(key, t.name);
    else renamed.set(t.name, first);
    return first === undefined;
  });
}

function tensorKey(t: Tensor): string {
  const array = tensorArray(t);
  const content = ArrayBuffer.isView(array.data) ? hash(arrayBytes(array)) : array.data.join("\0");
  return `${t.type}[${t.dims.join()}]${content}`;
}

/** What a node computes, as text; undefined where it must stay apart. */
function keyOf(node: Node): string | undefined {
  if (APART.has(node.op) || subgraphsOf(node).length > 0) return undefined;
  const attributes = Object.entries(node.attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  const parts: string[] = [];
  for (const [name, attribute] of attributes) {
    const text = attributeKey(attribute);
    if (text === undefined) return undefined;
    parts.push(`${name}=${text}`);
  }
  return JSON.stringify([node.domain, node.op, node.overload ?? "", node.inputs, parts]);
}

function attributeKey(attribute: Attribute): string | undefined {
  switch (attribute.kind) {
    case "int":
    case "float":
      return `${attribute.kind} ${attribute.value}`;
    case "ints":
    case "floats":
      return `${attribute.kind} ${attribute.value.join()}`;
    case "string":
      return `string ${hash(attribute.value)}`;
    case "tensor":
      return attribute.value.data.kind === "bytes" ? `tensor ${tensorKey(attribute.value)}` : undefined;
    default:
      return undefined;
  }
}
