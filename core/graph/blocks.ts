import type { FlatGraph, Step } from "./flat.ts";

/**
 * How a block was found. `scope`: by names; `layer`: an op with weights and what follows it; `branches`: ways that part
 * and join again; `repeat`: the same several times over; `section`: so that no block has too many parts; `body`: a
 * graph that an op carries.
 */
export type Form = "op" | "scope" | "layer" | "branches" | "repeat" | "section" | "body";

/** A part before it has an id. */
export interface Item {
  readonly form: Form;
  readonly label: string;
  /** Where it has a scope: all names of it. */
  readonly path?: string;
  /** Where it stands for a block of another model. */
  readonly id?: string;
  /** All ops within, ascending. */
  readonly ops: readonly number[];
  readonly parts: readonly Item[];
}

/** Parts that are left side by side, however they hang together. */
const FEW = 24;
/** No block has more parts than that. */
export const MOST_PARTS = 60;
/** Blocks within blocks for which a reason is looked for; what is deeper is cut by length alone. */
const DEEPEST = 10;
/** Longest pattern that is looked for among repeats. */
const LONGEST_PATTERN = 32;

/** What a search for blocks goes by. */
export interface Search {
  readonly flat: FlatGraph;
  readonly step: Step;
  /** By op: the item of a list that it is in, while the list is looked at; otherwise −1. */
  readonly places: Int32Array;
}

export const startSearch = (flat: FlatGraph, step: Step): Search => ({
  flat,
  step,
  places: new Int32Array(flat.ops.length).fill(-1),
});

/**
 * Puts a long list of parts, in the order of the graph, into blocks; a short one is left as it is. Every level looks once
 * at what is in it, and there are no more levels than `DEEPEST` and those of equal lengths.
 */
export function groupItems(items: readonly Item[], search: Search, depth = 0): Item[] {
  search.step(items.length);
  let list = [...items];
  for (const find of depth < DEEPEST ? [layers, branches, repeats] : []) {
    if (list.length <= FEW) break;
    const next = find(list, search);
    if (next.length > 1 && next.length < list.length) list = next;
  }
  if (list.length > MOST_PARTS) list = sections(list);
  // Only what has been made here is new; what came was grouped by whoever made it.
  const given = new Set(items);
  const deepen = (item: Item): Item =>
    given.has(item) || item.form === "op" ? item : { ...item, parts: groupItems(item.parts, search, depth + 1) };
  return list.map(deepen);
}

interface Links {
  /** For each item, the values that it reads: from which item (−1: from outside), and their name. */
  readonly reads: readonly (readonly { readonly from: number; readonly value: string }[])[];
  readonly isConstant: readonly boolean[];
  readonly hasWeight: readonly boolean[];
}

function linksOf(items: readonly Item[], { flat, step, places }: Search): Links {
  items.forEach(({ ops }, place) => {
    for (const op of ops) {
      places[op] = place;
      step(1 + flat.ops[op]!.sources.length);
    }
  });
  const isConstant = items.map(({ ops }) => ops.every((op) => flat.ops[op]!.isConstant));
  const hasWeight = items.map(({ ops }) => ops.some((op) => flat.ops[op]!.hasWeight));
  const reads = items.map(({ ops }, place) =>
    ops.flatMap((op) =>
      flat.ops[op]!.sources.flatMap(({ from, value }) => {
        const at = from < 0 ? -1 : places[from]!;
        return at === place ? [] : [{ from: at, value }];
      }),
    ),
  );
  for (const { ops } of items) for (const op of ops) places[op] = -1;
  return { isConstant, hasWeight, reads };
}

/** An item with weights, what prepares its weights, and what follows it before anything else joins in. */
function layers(items: readonly Item[], search: Search): Item[] {
  const { reads, isConstant, hasWeight } = linksOf(items, search);
  const group = new Int32Array(items.length).fill(-1);
  const heads: number[] = [];
  items.forEach((_, i) => {
    if (isConstant[i] === true) return;
    const before = new Set(
      reads[i]!.filter(({ from }) => from < 0 || isConstant[from] !== true).map(({ from }) =>
        from < 0 ? -1 : group[from]!,
      ),
    );
    const [only = -1] = before;
    if (hasWeight[i] !== true && before.size === 1 && only >= 0) group[i] = only;
    else group[i] = heads.push(i) - 1;
  });
  // What is computed from constants goes with the first that reads it.
  for (let i = items.length - 1; i >= 0; i--) {
    for (const { from } of reads[i]!) if (from >= 0 && isConstant[from] === true) group[from] = group[i]!;
  }
  const members = heads.map((): Item[] => []);
  const loose: Item[] = [];
  items.forEach((item, i) => (group[i]! >= 0 ? members[group[i]!]! : loose).push(item));
  const made = members.map((own, g) => together("layer", own, items[heads[g]!]!.label));
  return inOrder([...made, ...loose]);
}

/**
 * Cuts a list where a single value goes on, so that ways that part and join again are one block. Values that are alive
 * over a long stretch (masks, positions) are not counted.
 */
function branches(items: readonly Item[], search: Search): Item[] {
  const { reads, isConstant } = linksOf(items, search);
  const last = new Map<string, { readonly from: number; to: number }>();
  reads.forEach((own, i) => {
    for (const { from, value } of own) {
      if (isConstant[from] === true) continue;
      const key = `${from} ${value}`;
      const known = last.get(key);
      if (known === undefined) last.set(key, { from, to: i });
      else known.to = Math.max(known.to, i);
    }
  });
  const alive = new Int32Array(items.length + 1);
  const longest = Math.max(FEW, items.length / 8);
  for (const { from: made, to } of last.values()) {
    // What comes from outside is there from the start.
    const from = Math.max(0, made);
    if (to <= from || to - from > longest) continue;
    alive[from]!++;
    alive[to]!--;
  }
  const made: Item[] = [];
  let segment: Item[] = [];
  let count = 0;
  items.forEach((item, i) => {
    segment.push(item);
    count += alive[i]!;
    if (count > 1) return;
    made.push(together("branches", segment, rangeOf(segment)));
    segment = [];
  });
  if (segment.length > 0) made.push(together("branches", segment, rangeOf(segment)));
  return made;
}

/** Puts stretches in which a pattern repeats into one block each. */
function repeats(items: readonly Item[], { flat, step }: Search): Item[] {
  const codes = new Map<string, number>();
  const signs = items.map(({ ops }) => {
    step(ops.length);
    const text = ops.map((op) => flat.ops[op]!.node.op).join();
    const code = codes.get(text) ?? codes.size;
    codes.set(text, code);
    return code;
  });
  const made: Item[] = [];
  for (let at = 0; at < items.length;) {
    const { period, count } = bestRepeat(signs, at, step);
    if (period * count < 4) {
      made.push(items[at]!);
      at++;
      continue;
    }
    const all = items.slice(at, at + period * count);
    const isWhole = all.length === items.length;
    if (isWhole && period === 1) return [...items];
    const parts =
      period === 1
        ? all
        : Array.from({ length: count }, (_, k) => {
            const own = all.slice(k * period, (k + 1) * period);
            return together("section", own, rangeOf(own));
          });
    if (isWhole) return parts;
    made.push(together("repeat", parts, `${count} × ${patternOf(all.slice(0, period), flat)}`));
    at += period * count;
  }
  return made;
}

function bestRepeat(
  signs: readonly number[],
  at: number,
  step: Step,
): { readonly period: number; readonly count: number } {
  let best = { period: 1, count: 1 };
  for (let period = 1; period <= LONGEST_PATTERN && at + 2 * period <= signs.length; period++) {
    let same = 0;
    while (at + period + same < signs.length && signs[at + same] === signs[at + period + same]) same++;
    step(same);
    const count = 1 + Math.floor(same / period);
    if (count > 1 && period * count > best.period * best.count) best = { period, count };
  }
  return best;
}

/** The operators that make out a pattern, those with weights where there are any. */
function patternOf(items: readonly Item[], flat: FlatGraph): string {
  const named = items.map(({ ops }) => flat.ops[ops.find((op) => flat.ops[op]!.hasWeight) ?? ops[0]!]!.node.op);
  const shown = named.slice(0, 4).join(", ");
  return named.length > 4 ? `${shown}, …` : shown;
}

/** Stretches of about equal length, so few that they and their parts stay below the limit. */
export function sections(items: readonly Item[]): Item[] {
  if (items.length <= MOST_PARTS) return [...items];
  const size = Math.min(MOST_PARTS, Math.ceil(Math.sqrt(items.length)));
  const made: Item[] = [];
  const count = Math.ceil(items.length / size);
  for (let k = 0; k < count; k++) {
    const from = Math.floor((k * items.length) / count);
    const own = items.slice(from, Math.floor(((k + 1) * items.length) / count));
    made.push(together("section", own, rangeOf(own)));
  }
  return sections(made);
}

const BETWEEN = " – ";

function rangeOf(items: readonly Item[]): string {
  const first = items[0]?.label.split(BETWEEN)[0] ?? "";
  const last = items.at(-1)?.label.split(BETWEEN).at(-1) ?? "";
  return first === last ? first : first + BETWEEN + last;
}

/** One item of several; a single one stays what it is. */
function together(form: Form, parts: readonly Item[], label: string): Item {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const ops = parts.flatMap((p) => p.ops).toSorted((a, b) => a - b);
  return { form, label, ops, parts };
}

const inOrder = (items: readonly Item[]): Item[] => items.toSorted((a, b) => a.ops[0]! - b.ops[0]!);
