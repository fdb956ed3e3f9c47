import { hash } from "../base/hash.ts";
import { groupItems, startSearch, type Form, type Item, type Search } from "./blocks.ts";
import { flattenModel, type Callable, type FlatGraph, type Step } from "./flat.ts";
import type { Node } from "./model.ts";
import { itemsByScope } from "./scopes.ts";

/** A part of a model as people look at it: an op, or a block of parts. No block has more than `MOST_PARTS` parts. */
export interface Part {
  /** The same for the same part of another variant whose nodes have the same names. */
  readonly id: string;
  readonly form: Form;
  readonly label: string;
  readonly parts: readonly Part[];
  /** All ops within, as indexes into `FlatGraph.ops`. */
  readonly ops: readonly number[];
  /** Of a call that was not looked into and would show its parts if it were asked for: how many ops these are. */
  readonly unopened?: number;
}

/** A model as nested blocks. */
export interface ModelParts {
  readonly flat: FlatGraph;
  /** Parts of the highest level. */
  readonly parts: readonly Part[];
  readonly byId: ReadonlyMap<string, Part>;
  /** The block around a part; absent on the highest level. */
  readonly parents: ReadonlyMap<Part, Part>;
  /** The part that is the op, by index. */
  readonly ofOp: readonly Part[];
}

export interface FindOptions {
  /** Ids of parts that are open; of a model whose calls stand for too much, only these are looked into. */
  readonly open?: readonly string[];
  readonly step?: Step;
}

/**
 * Finds the blocks of a model: from the scopes in the names of its nodes where they have any, otherwise from its
 * structure (layers, branches that join again, repeats, runs). What it takes grows with the number of nodes and links.
 * @throws limit-exceeded where what is open stands for too much
 */
export function findParts(model: Callable, { open = [], step = () => undefined }: FindOptions = {}): ModelParts {
  const opened = new Set<string>();
  for (;;) {
    const flat = flattenModel(model, { opened, step });
    const found = makeParts(flat, nestItems(startSearch(flat, step)), { step });
    // What an opened call holds may be calls that are open in their turn.
    const before = opened.size;
    for (const id of open) {
      const part = found.byId.get(id);
      if (part?.unopened !== undefined) opened.add(flat.ops[part.ops[0]!]!.closed!.key);
    }
    if (opened.size === before) return found;
  }
}

/** Items of the main graph, with the bodies that ops carry as blocks of their own, and calls with what they run. */
function nestItems(search: Search): Item[] {
  const { flat, step } = search;
  const bodies = new Map<number, Map<string, number[]>>();
  const main: number[] = [];
  flat.ops.forEach(({ owner, body }, i) => {
    if (owner < 0) {
      main.push(i);
      return;
    }
    const own = bodies.get(owner) ?? new Map<string, number[]>();
    bodies.set(owner, own);
    const list = own.get(body) ?? [];
    own.set(body, list);
    list.push(i);
  });
  const find = (ops: readonly number[]): Item[] => {
    step(ops.length);
    return nest(itemsByScope(ops, flat));
  };
  const nest = (items: readonly Item[]): Item[] => groupItems(items.map(within), search);
  const within = (item: Item): Item => {
    if (item.form !== "op") return { ...item, parts: nest(item.parts) };
    const own = bodies.get(item.ops[0]!);
    if (own === undefined) return item;
    // What a function holds stands in its call; other ops may have several bodies.
    if (flat.ops[item.ops[0]!]!.makes !== undefined) {
      const inner = find([...own.values()].flat());
      return { ...item, ops: [...item.ops, ...inner.flatMap((i) => i.ops)], parts: inner };
    }
    const parts = [...own].map(([label, ops]): Item => {
      const inner = find(ops);
      return { form: "body", label, ops: inner.flatMap((i) => i.ops), parts: inner };
    });
    return { ...item, ops: [...item.ops, ...parts.flatMap((p) => p.ops)], parts };
  };
  return find(main);
}

/** Ids longer than this are cut: names come from the file and may be of any length. */
const LONGEST = 160;

export interface MakeOptions {
  /** Id of an op that stands for one of another model; undefined for its own. */
  readonly idOf?: (op: number) => string | undefined;
  readonly step?: Step;
}

export function makeParts(
  flat: FlatGraph,
  items: readonly Item[],
  { idOf = () => undefined, step = () => undefined }: MakeOptions = {},
): ModelParts {
  const byId = new Map<string, Part>();
  const parents = new Map<Part, Part>();
  const ofOp: Part[] = [];
  const ids = nameItems(flat, items, { idOf, step });
  const make = (item: Item): Part => {
    const parts = item.parts.map(make);
    const id = ids.get(item)!;
    const closed = item.form === "op" ? flat.ops[item.ops[0]!]!.closed : undefined;
    const part: Part = {
      ...{ id, form: item.form, label: item.label, parts, ops: item.ops },
      ...(closed && { unopened: closed.ops }),
    };
    byId.set(id, part);
    for (const child of parts) parents.set(child, part);
    if (item.form === "op") ofOp[item.ops[0]!] = part;
    return part;
  };
  return { flat, parts: items.map(make), byId, parents, ofOp };
}

/** Ids of items. What stands around a call comes before what is within, so that opening one renames nothing around it. */
function nameItems(
  flat: FlatGraph,
  items: readonly Item[],
  { idOf, step }: Required<MakeOptions>,
): ReadonlyMap<Item, string> {
  const ids = new Map<Item, string>();
  /** The last number that was put behind a name; 1 where it stands by itself. */
  const taken = new Map<string, number>();
  for (let i = 0; i < flat.ops.length; i++) {
    const id = idOf(i);
    if (id !== undefined) taken.set(id, 1);
  }
  const fresh = (wish: string): string => {
    const short = wish.length > LONGEST ? `${wish.slice(0, LONGEST)}…${hash(wish).slice(0, 12)}` : wish;
    let count = taken.get(short) ?? 0;
    let id = short;
    while (taken.has(id)) {
      step(1);
      id = `${short}#${++count}`;
    }
    taken.set(short, Math.max(1, count));
    if (id !== short) taken.set(id, 1);
    return id;
  };
  let level: { readonly items: readonly Item[]; readonly prefix: string }[] = [{ items, prefix: "" }];
  while (level.length > 0) {
    const next: typeof level = [];
    const name = (item: Item, prefix: string): void => {
      step(1);
      const own = item.form === "op" ? idOf(item.ops[0]!) : item.id;
      const id = own ?? fresh(prefix + wishOf(item, flat));
      ids.set(item, id);
      if (item.form === "op" && item.parts.length > 0) next.push({ items: item.parts, prefix: `${id}/` });
      else for (const p of item.parts) name(p, p.form === "body" ? `${prefix}${p.label}/` : prefix);
    };
    for (const { items: own, prefix } of level) {
      for (const item of own) name(item, item.form === "body" ? `${prefix}${item.label}/` : prefix);
    }
    level = next;
  }
  return ids;
}

function wishOf(item: Item, { ops }: FlatGraph): string {
  const first = ops[item.ops[0] ?? -1]?.node;
  const name = first === undefined ? "" : nameOf(first);
  if (item.form === "op") return name;
  return item.form === "scope" ? `scope ${item.path ?? item.label}` : `${item.form} ${item.label} from ${name}`;
}

/** The name by which people know a node: its own, or that of its first output. */
export function nameOf({ name, outputs, op }: Node): string {
  return name !== "" ? name : (outputs.find((o) => o !== "") ?? op);
}
