import { flattenModel, type Callable, type FlatGraph } from "./flat.ts";
import { groupItems, type Form, type Item } from "./blocks.ts";
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

/**
 * Finds the blocks of a model: from the scopes in the names of its nodes where they have any, otherwise from its
 * structure (layers, branches that join again, repeats, runs).
 */
export function findParts(model: Callable): ModelParts {
  const flat = flattenModel(model);
  return makeParts(flat, nestItems(flat, itemsByScope));
}

/** Items of the main graph, with the bodies that ops carry as blocks of their own, and calls with what they run. */
function nestItems(flat: FlatGraph, find: (ops: readonly number[], flat: FlatGraph) => readonly Item[]): Item[] {
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
  const nest = (items: readonly Item[]): Item[] => groupItems(items.map(within), flat);
  const within = (item: Item): Item => {
    if (item.form !== "op") return { ...item, parts: nest(item.parts) };
    const own = bodies.get(item.ops[0]!);
    if (own === undefined) return item;
    // What a function holds stands in its call; other ops may have several bodies.
    if (flat.ops[item.ops[0]!]!.makes !== undefined) {
      const inner = nest(find([...own.values()].flat(), flat));
      return { ...item, ops: [...item.ops, ...inner.flatMap((i) => i.ops)], parts: inner };
    }
    const parts = [...own].map(([label, ops]): Item => {
      const inner = nest(find(ops, flat));
      return { form: "body", label, ops: inner.flatMap((i) => i.ops), parts: inner };
    });
    return { ...item, ops: [...item.ops, ...parts.flatMap((p) => p.ops)], parts };
  };
  return nest(find(main, flat));
}

/** Ids longer than this are cut: names come from the file and may be of any length. */
const LONGEST = 160;

/** @param idOf id of an op that stands for one of another model; undefined for its own */
export function makeParts(
  flat: FlatGraph,
  items: readonly Item[],
  idOf: (op: number) => string | undefined = () => undefined,
): ModelParts {
  const byId = new Map<string, Part>();
  const parents = new Map<Part, Part>();
  const ofOp: Part[] = [];
  const taken = new Set<string>();
  for (let i = 0; i < flat.ops.length; i++) {
    const id = idOf(i);
    if (id !== undefined) taken.add(id);
  }
  const fresh = (wish: string): string => {
    const short = wish.length > LONGEST ? `${wish.slice(0, LONGEST)}…` : wish;
    let id = short;
    for (let n = 2; taken.has(id); n++) id = `${short}#${n}`;
    taken.add(id);
    return id;
  };
  const make = (item: Item, prefix: string): Part => {
    const own = item.form === "op" ? idOf(item.ops[0]!) : item.id;
    const id = own ?? fresh(prefix + wishOf(item, flat));
    const inner = item.form === "op" && item.parts.length > 0 ? `${id}/` : prefix;
    const parts = item.parts.map((p) => make(p, p.form === "body" ? `${inner}${p.label}/` : inner));
    const part: Part = { id, form: item.form, label: item.label, parts, ops: item.ops };
    byId.set(id, part);
    for (const child of parts) parents.set(child, part);
    if (item.form === "op") ofOp[item.ops[0]!] = part;
    return part;
  };
  return { flat, parts: items.map((i) => make(i, "")), byId, parents, ofOp };
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
