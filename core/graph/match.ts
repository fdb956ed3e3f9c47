import { hash } from "../base/hash.ts";
import { describeAttribute } from "./describe.ts";
import type { Attribute, Graph, Node, Tensor } from "./model.ts";

/** Which node of one graph stands for which of another, and so for their values. */
export interface Matching {
  readonly nodes: ReadonlyMap<Node, Node>;
  /** Value of the first graph → value of the second. */
  readonly values: ReadonlyMap<string, string>;
}

/**
 * Pairs the nodes of two graphs: by name, then by first output, then by structure (operator, attributes and where the
 * inputs come from), so that neither renaming nor reordering counts as a change.
 */
export function matchNodes(a: Graph, b: Graph): Matching {
  const nodes = new Map<Node, Node>();
  const taken = new Set<Node>();
  const pairBy = (keyOfA: (node: Node) => string, keyOfB: (node: Node) => string): void => {
    const there = groupBy(
      b.nodes.filter((n) => !taken.has(n)),
      keyOfB,
    );
    for (const [key, here] of groupBy(
      a.nodes.filter((n) => !nodes.has(n)),
      keyOfA,
    )) {
      const candidates = there.get(key) ?? [];
      here.forEach((node, i) => {
        const other = candidates[i];
        if (other === undefined) return;
        nodes.set(node, other);
        taken.add(other);
      });
    }
  };
  const byName = (node: Node): string => node.name;
  const byOutput = (node: Node): string => node.outputs[0] ?? "";
  pairBy(byName, byName);
  pairBy(byOutput, byOutput);
  if (nodes.size < a.nodes.length && taken.size < b.nodes.length) {
    const [structureA, structureB] = [structures(a), structures(b)];
    pairBy(
      (n) => structureA.get(n) ?? "",
      (n) => structureB.get(n) ?? "",
    );
  }
  const values = new Map<string, string>();
  for (const [from, to] of nodes) {
    from.outputs.forEach((name, i) => {
      const other = to.outputs[i];
      if (name !== "" && other !== undefined && other !== "") values.set(name, other);
    });
  }
  return { nodes, values };
}

/** Groups in order of appearance; the empty key groups nothing. */
function groupBy(nodes: readonly Node[], keyOf: (node: Node) => string): Map<string, Node[]> {
  const groups = new Map<string, Node[]>();
  for (const node of nodes) {
    const key = keyOf(node);
    if (key === "") continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [node]);
    else group.push(node);
  }
  return groups;
}

/** A digest of each node's operator, attributes and inputs, and through those of all that leads to it. */
function structures(graph: Graph): ReadonlyMap<Node, string> {
  const made = new Map<string, string>();
  for (const constant of graph.initializers) made.set(constant.name, `constant ${contentKey(constant)}`);
  const digests = new Map<Node, string>();
  for (const node of graph.nodes) {
    const attributes = Object.entries(node.attributes)
      .map(([name, attribute]) => `${name}=${attributeKey(attribute)}`)
      .sort();
    const inputs = node.inputs.map((name) => made.get(name) ?? `value ${name}`);
    const digest = hash(JSON.stringify([node.domain, node.op, attributes, inputs]));
    digests.set(node, digest);
    node.outputs.forEach((output, i) => made.set(output, `${digest}:${i}`));
  }
  return digests;
}

function attributeKey(attribute: Attribute): string {
  return attribute.kind === "tensor" ? contentKey(attribute.value) : describeAttribute(attribute);
}

/** A large weight is told by its name; hashing it would cost more than the comparison is worth. */
function contentKey({ name, type, dims, data }: Tensor): string {
  const small = data.kind === "bytes" && data.bytes.byteLength <= 4096;
  return `${type}[${dims.join()}] ${small ? hash(data.bytes) : name}`;
}
