import { LatheError } from "../base/error.ts";
import type { Attribute, Graph, Node, Tensor } from "./model.ts";

/** Plain values for `node()`: whole numbers become ints, use `floatAttribute` for a whole-valued float. */
export type PlainAttribute = number | string | Tensor | readonly number[] | readonly string[] | Attribute;

export const floatAttribute = (value: number): Attribute => ({ kind: "float", value });
export const floatsAttribute = (value: readonly number[]): Attribute => ({ kind: "floats", value });

export function toAttribute(plain: PlainAttribute): Attribute {
  if (typeof plain === "number") {
    return Number.isInteger(plain) ? { kind: "int", value: BigInt(plain) } : { kind: "float", value: plain };
  }
  if (typeof plain === "string") return { kind: "string", value: encode(plain) };
  if ("kind" in plain) return plain;
  if (!Array.isArray(plain)) return { kind: "tensor", value: plain as Tensor };
  const list = plain as readonly (number | string)[];
  if (list.length > 0 && list.every((x) => typeof x === "string")) {
    return { kind: "strings", value: list.map((x) => encode(x)) };
  }
  const numbers = list as readonly number[];
  return numbers.every(Number.isInteger)
    ? { kind: "ints", value: numbers.map(BigInt) }
    : { kind: "floats", value: numbers };
}

/** The int attribute as a number, or `fallback` where it is absent. */
export function intOf(node: Node, name: string, fallback: number): number {
  const found = node.attributes[name];
  if (found === undefined) return fallback;
  return found.kind === "int" ? Number(found.value) : wrongKind(node, name, "int");
}

export function floatOf(node: Node, name: string, fallback: number): number {
  const found = node.attributes[name];
  if (found === undefined) return fallback;
  return found.kind === "float" ? found.value : wrongKind(node, name, "float");
}

export function intsOf(node: Node, name: string): readonly number[] | undefined {
  const found = node.attributes[name];
  if (found === undefined) return undefined;
  return found.kind === "ints" ? found.value.map(Number) : wrongKind(node, name, "ints");
}

export function stringOf(node: Node, name: string, fallback: string): string {
  const found = node.attributes[name];
  if (found === undefined) return fallback;
  return found.kind === "string" ? new TextDecoder().decode(found.value) : wrongKind(node, name, "string");
}

export function tensorOf(node: Node, name: string): Tensor | undefined {
  const found = node.attributes[name];
  if (found === undefined) return undefined;
  return found.kind === "tensor" ? found.value : wrongKind(node, name, "tensor");
}

/** The graphs that a node carries in its attributes (bodies of If, Loop, Scan). */
export function subgraphsOf(node: Node): readonly Graph[] {
  return Object.values(node.attributes).flatMap((a) =>
    a.kind === "graph" ? [a.value] : a.kind === "graphs" ? a.value : [],
  );
}

/** The node with every graph that it carries replaced by what `change` makes of it. */
export function withSubgraphs(node: Node, change: (body: Graph) => Graph): Node {
  const carries = Object.values(node.attributes).some((a) => a.kind === "graph" || a.kind === "graphs");
  if (!carries) return node;
  const attributes = Object.entries(node.attributes).map(([key, a]): [string, Attribute] => {
    if (a.kind === "graph") return [key, { ...a, value: change(a.value) }];
    return [key, a.kind === "graphs" ? { ...a, value: a.value.map(change) } : a];
  });
  return Object.freeze({ ...node, attributes: Object.fromEntries(attributes) });
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function wrongKind(node: Node, name: string, wanted: string): never {
  throw new LatheError(
    "invalid-model",
    `${node.op} "${node.name}": attribute ${name} is of kind "${node.attributes[name]?.kind ?? "none"}", expected ${wanted}.`,
  );
}
