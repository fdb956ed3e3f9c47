import type { Item } from "./blocks.ts";
import type { FlatGraph } from "./flat.ts";
import type { Node } from "./model.ts";

/** Scopes within scopes; what is deeper is taken for one name. */
const DEEPEST = 12;

interface Scope {
  readonly path: string;
  readonly inner: Map<string, Scope>;
  readonly ops: number[];
}

/** Ops in blocks by the scopes of their names; a flat list where most names have none. */
export function itemsByScope(ops: readonly number[], flat: FlatGraph): Item[] {
  const scopes = new Map(ops.map((i) => [i, scopeOf(flat.ops[i]!.node)]));
  const scoped = ops.filter((i) => scopes.get(i)!.length > 0).length;
  if (scoped * 2 < ops.length) return ops.map((i) => opItem(i, flat, []));
  settle(ops, scopes, flat);
  const top: Scope = { path: "", inner: new Map(), ops: [] };
  for (const i of ops) {
    let at = top;
    for (const name of scopes.get(i)!) {
      const next = at.inner.get(name) ?? { path: `${at.path}/${name}`, inner: new Map(), ops: [] };
      at.inner.set(name, next);
      at = next;
    }
    at.ops.push(i);
  }
  const items = itemsOf(top, [], flat);
  // A name around everything tells nothing.
  return items.length === 1 && items[0]!.form === "scope" ? [...items[0]!.parts] : items;
}

/** Puts what is computed from constants and has no scope where it is read. */
function settle(ops: readonly number[], scopes: Map<number, readonly string[]>, flat: FlatGraph): void {
  for (const i of ops.toReversed()) {
    const own = scopes.get(i)!;
    for (const { from } of flat.ops[i]!.sources)
      if (from >= 0 && flat.ops[from]!.isConstant && scopes.get(from)?.length === 0) scopes.set(from, own);
  }
}

function itemsOf(scope: Scope, path: readonly string[], flat: FlatGraph): Item[] {
  const inner = [...scope.inner].flatMap(([name, within]): Item[] => {
    const own = [...path, name];
    const parts = itemsOf(within, own, flat);
    const ops = parts.flatMap((p) => p.ops).toSorted((a, b) => a - b);
    if (ops.length === 1) return [opItem(ops[0]!, flat, path)];
    // One activation that is used at many places is no block: it would tie its places together.
    if (within.inner.size === 0 && !ops.some((i) => flat.ops[i]!.hasWeight))
      return ops.map((i) => opItem(i, flat, path));
    const [only] = parts;
    if (parts.length === 1 && only !== undefined) return [only];
    return [{ form: "scope", label: labelOf(own), path: within.path, ops, parts }];
  });
  const items = [...inner, ...scope.ops.map((i) => opItem(i, flat, path))];
  return items.toSorted((a, b) => a.ops[0]! - b.ops[0]!);
}

/** "layer2.1" says more than "1", and exporters that write "layer2/layer2.1" say it themselves. */
function labelOf(path: readonly string[]): string {
  const last = path.at(-1) ?? "";
  return /^\d+$/.test(last) && path.length > 1 ? `${labelOf(path.slice(0, -1))}.${last}` : last;
}

function opItem(index: number, flat: FlatGraph, within: readonly string[]): Item {
  const { node } = flat.ops[index]!;
  return { form: "op", label: shortName(node, within.length), ops: [index], parts: [] };
}

/** The scopes in a node's name, outermost first: "layer2/conv1/Conv" stands in layer2 and conv1. */
export function scopeOf(node: Node): string[] {
  const parts = partsOf(node).slice(0, -1);
  return parts.length <= DEEPEST ? parts : [...parts.slice(0, DEEPEST - 1), parts.slice(DEEPEST - 1).join("/")];
}

function partsOf({ name, outputs }: Node): string[] {
  const text = name !== "" ? name : (outputs[0] ?? "");
  if (text.includes("/")) return text.split("/").filter((p) => p !== "");
  return /^[A-Za-z_]\w*(\.\w+)+$/.test(text) ? text.split(".") : [text];
}

/** A node's name without the scopes around it, and without the operator that exporters put behind it. */
function shortName(node: Node, depth: number): string {
  const parts = partsOf(node);
  const rest = parts.slice(Math.min(depth, parts.length - 1));
  const last = rest.at(-1) ?? "";
  const isOp = last === node.op || last.startsWith(`${node.op}_`);
  return (rest.length > 1 && isOp ? rest.slice(0, -1) : rest).join("/");
}
