import { floatOf, intsOf, toAttribute } from "../../graph/attributes.ts";
import { floatTensor, intTensor, tensorArray } from "../../graph/build.ts";
import type { Attribute, Node, Tensor } from "../../graph/model.ts";

/** What surrounds a node that is being rewritten. */
export interface Surroundings {
  /** A name that nothing bears yet. */
  fresh(wish: string): string;
  /** Adds a constant for the new nodes to read. */
  add(constant: Tensor): void;
  /** The constant behind a name, as far as it is one and its elements are in memory. */
  constant(name: string): Tensor | undefined;
}

/** The nodes that do the same on the other side of a change; or why there are none. */
export type Rewrite = (node: Node, around: Surroundings) => readonly Node[] | string;

/** One new definition of an op. */
export interface VersionChange {
  readonly since: number;
  /** From the definition before to this one. */
  readonly up: Rewrite;
  readonly down: Rewrite;
}

const asItIs: Rewrite = (node) => [node];

/** More element types, or more that is allowed: what was valid before means the same. The runtime checks the types. */
export function widened(since: number): VersionChange {
  return { since, up: asItIs, down: asItIs };
}

/** Attributes that did not exist before. Without them, or with these values, the op does what it did. */
export function attributes(since: number, defaults: Readonly<Record<string, number | string | null>>): VersionChange {
  const down: Rewrite = (node) => {
    let older = node;
    for (const [name, value] of Object.entries(defaults)) {
      const found = node.attributes[name];
      if (found === undefined) continue;
      if (value === null || !isSame(found, toAttribute(value))) return `opset ${since} brought its attribute ${name}`;
      older = without(older, name);
    }
    return [older];
  };
  return { since, up: asItIs, down };
}

/** Input slots that did not exist before, or had to be filled before (`needed`). */
export function inputs(
  since: number,
  { from = Infinity, needed = [] }: { readonly from?: number; readonly needed?: readonly number[] },
): VersionChange {
  const down: Rewrite = (node) => {
    const extra = node.inputs.findIndex((name, slot) => slot >= from && name !== "");
    if (extra >= 0) return `opset ${since} brought its input ${extra + 1}`;
    const missing = needed.find((slot) => (node.inputs[slot] ?? "") === "");
    return missing === undefined ? [node] : `before opset ${since} it needs its input ${missing + 1}`;
  };
  return { since, up: asItIs, down };
}

/** Values of a text attribute that did not exist before. */
export function values(since: number, name: string, added: readonly string[]): VersionChange {
  const down: Rewrite = (node) => {
    const text = textOf(node, name);
    return text !== undefined && added.includes(text) ? `opset ${since} brought its ${name} "${text}"` : [node];
  };
  return { since, up: asItIs, down };
}

interface Moved {
  readonly name: string;
  readonly slot: number;
  readonly kind: "ints" | "int" | "float";
  /** What the attribute is where nobody says; without one, an absent attribute is an absent input. */
  readonly fallback?: number;
}

/** An attribute became an input. It goes back where that input is a constant. */
export function moved(since: number, { name, slot, kind, fallback }: Moved): VersionChange {
  const up: Rewrite = (node, around) => {
    const found = node.attributes[name];
    if (found?.kind === "reference") return `its attribute ${name} comes from the caller of a function`;
    if (found === undefined && fallback === undefined) return [node];
    const made = around.fresh(`${node.name}.${name}`);
    if (kind === "float") around.add(floatTensor(made, [], [floatOf(node, name, fallback ?? 0)]));
    else if (kind === "ints") {
      const numbers = intsOf(node, name) ?? [];
      around.add(intTensor(made, [numbers.length], numbers));
    } else around.add(intTensor(made, [], [found?.kind === "int" ? Number(found.value) : (fallback ?? 0)]));
    return [withInput(without(node, name), slot, made)];
  };
  const down: Rewrite = (node, around) => {
    const input = node.inputs[slot] ?? "";
    if (input === "") return [withoutInput(node, slot)];
    const constant = around.constant(input);
    if (constant === undefined) return `its input "${input}" would have to be a constant before opset ${since}`;
    const numbers = Array.from(tensorArray(constant).data as ArrayLike<number | bigint>, Number);
    const value: Attribute =
      kind === "ints"
        ? { kind: "ints", value: numbers.map(BigInt) }
        : kind === "int"
          ? { kind: "int", value: BigInt(numbers[0] ?? 0) }
          : { kind: "float", value: numbers[0] ?? 0 };
    return [withAttribute(withoutInput(node, slot), name, value)];
  };
  return { since, up, down };
}

/** A new meaning, for which nobody has written a rewriting. */
export function refused(since: number, reason: string): VersionChange {
  return { since, up: () => reason, down: () => reason };
}

/** Nodes of which the other definition says something else, by a condition on the node. */
export function refusedWhere(since: number, reason: (node: Node) => string | undefined): VersionChange {
  const either: Rewrite = (node) => reason(node) ?? [node];
  return { since, up: either, down: either };
}

/** Several parts of one change, made one after the other; on the way down, in the opposite order. */
export function together(...parts: readonly VersionChange[]): VersionChange {
  const chain =
    (steps: readonly Rewrite[]): Rewrite =>
    (node, around) => {
      let nodes: readonly Node[] = [node];
      for (const step of steps) {
        const next: Node[] = [];
        for (const one of nodes) {
          const made = one.op === node.op ? step(one, around) : [one];
          if (typeof made === "string") return made;
          next.push(...made);
        }
        nodes = next;
      }
      return nodes;
    };
  return {
    since: parts[0]?.since ?? 0,
    up: chain(parts.map((p) => p.up)),
    down: chain(parts.map((p) => p.down).toReversed()),
  };
}

export function without(node: Node, name: string): Node {
  if (!(name in node.attributes)) return node;
  const rest = Object.fromEntries(Object.entries(node.attributes).filter(([key]) => key !== name));
  return Object.freeze({ ...node, attributes: rest });
}

export function withAttribute(node: Node, name: string, value: Attribute): Node {
  return Object.freeze({ ...node, attributes: { ...node.attributes, [name]: value } });
}

/** The text of an attribute; undefined where it is absent, or comes from the caller of a function. */
export function textOf(node: Node, name: string): string | undefined {
  const found = node.attributes[name];
  return found?.kind === "string" ? new TextDecoder().decode(found.value) : undefined;
}

/** Fills a slot; those before it that are free become omitted optionals. */
export function withInput(node: Node, slot: number, name: string): Node {
  const inputs = Array.from({ length: Math.max(node.inputs.length, slot + 1) }, (_, i) => node.inputs[i] ?? "");
  inputs[slot] = name;
  return Object.freeze({ ...node, inputs });
}

function withoutInput(node: Node, slot: number): Node {
  if (node.inputs.length <= slot) return node;
  const kept = node.inputs.map((name, i) => (i === slot ? "" : name));
  while (kept.at(-1) === "") kept.pop();
  return Object.freeze({ ...node, inputs: kept });
}

function isSame(a: Attribute, b: Attribute): boolean {
  if (a.kind === "int" && b.kind === "int") return a.value === b.value;
  if (a.kind !== "string" || b.kind !== "string") return false;
  return new TextDecoder().decode(a.value) === new TextDecoder().decode(b.value);
}
