import type { Source } from "./flat.ts";
import type { ModelParts, Part } from "./parts.ts";

/** What is drawn of a model while some of its blocks are open. */
export interface DrawnGraph {
  /** Blocks before what is in them, and what comes earlier in the graph first. */
  readonly parts: readonly { readonly part: Part; readonly within: Part | undefined; readonly isOpen: boolean }[];
  readonly edges: readonly DrawnEdge[];
}

/** End of an edge: a part, or an input or output of the model by its place. */
export type End = { readonly part: Part } | { readonly input: number } | { readonly output: number };

export interface DrawnEdge {
  readonly from: End;
  readonly to: End;
  /** Names of the values that go along it. */
  readonly values: readonly string[];
}

/** Parts that are drawn at a time. */
export const MOST_DRAWN = 300;

/**
 * The parts that are seen with the given blocks open, and what goes between them. Where that would be more than
 * `MOST_DRAWN`, the blocks named last stay open: open them in the order in which they were asked for.
 * @param open ids; what is no block of the model, or stands in a closed one, is passed over
 */
export function drawParts(
  model: ModelParts,
  open: readonly string[],
): DrawnGraph & { readonly open: readonly string[] } {
  const kept = chooseOpen(model, open);
  const parts: { part: Part; within: Part | undefined; isOpen: boolean }[] = [];
  const show = (list: readonly Part[], within: Part | undefined): void => {
    for (const part of list) {
      const isOpen = kept.has(part);
      parts.push({ part, within, isOpen });
      if (isOpen) show(part.parts, part);
    }
  };
  show(model.parts, undefined);
  return { parts, edges: edgesOf(model, kept), open: [...kept].map((p) => p.id) };
}

/** Opens the last asked for first, with all blocks around it, as long as there is room. */
function chooseOpen({ byId, parents, parts }: ModelParts, open: readonly string[]): ReadonlySet<Part> {
  const wanted = [...new Set(open)].flatMap((id) => {
    const part = byId.get(id);
    return part === undefined || part.parts.length === 0 ? [] : [part];
  });
  const isWanted = new Set(wanted);
  const kept = new Set<Part>();
  let room = MOST_DRAWN - parts.length;
  for (const part of wanted.toReversed()) {
    const way: Part[] = [];
    for (let at: Part | undefined = part; at !== undefined; at = parents.get(at)) way.push(at);
    if (!way.every((p) => isWanted.has(p))) continue;
    const more = way.filter((p) => !kept.has(p));
    const need = more.reduce((sum, p) => sum + p.parts.length, 0);
    if (need > room) continue;
    room -= need;
    for (const p of more) kept.add(p);
  }
  // In the order in which they were asked for, which tells the next call what may be closed.
  return new Set(wanted.filter((p) => kept.has(p)));
}

function edgesOf({ flat, ofOp, parents }: ModelParts, open: ReadonlySet<Part>): DrawnEdge[] {
  const shown = new Map<Part, Part>();
  /** The part that stands for one: itself, or the outermost closed block around it. */
  const standsFor = (part: Part): Part => {
    const known = shown.get(part);
    if (known !== undefined) return known;
    const around = parents.get(part);
    const outer = around === undefined ? undefined : standsFor(around);
    // An open block shows its parts; a closed one, or one inside it, does not.
    const found = outer === undefined || (outer === around && open.has(outer)) ? part : outer;
    shown.set(part, found);
    return found;
  };
  const edges = new Map<string, { from: End; to: End; values: string[] }>();
  const add = (from: End, to: End, value: string): void => {
    const key = `${keyOf(from)}\n${keyOf(to)}`;
    const known = edges.get(key);
    if (known === undefined) edges.set(key, { from, to, values: [value] });
    else if (!known.values.includes(value) && known.values.length < 64) known.values.push(value);
  };
  const isOpenCall = (op: number): boolean => flat.ops[op]?.makes !== undefined && open.has(ofOp[op]!);
  /** Through calls that are open: what within them makes the value. */
  const madeBy = (source: Source): Source => {
    const inner =
      source.from >= 0 && isOpenCall(source.from) ? flat.ops[source.from]!.makes?.get(source.value) : undefined;
    return inner === undefined ? source : madeBy(inner);
  };
  flat.ops.forEach(({ sources }, i) => {
    // What is within an open call reads by itself what the call is given.
    if (isOpenCall(i)) return;
    const to = standsFor(ofOp[i]!);
    for (const source of sources) {
      const { from, value } = madeBy(source);
      if (from < 0) add({ input: -1 - from }, { part: to }, value);
      else {
        const start = standsFor(ofOp[from]!);
        // A body reads what the op around it is given: that is not an edge from the op to itself.
        if (start !== to && !isWithin(to, start, parents)) add({ part: start }, { part: to }, value);
      }
    }
  });
  flat.outputs.forEach(({ value, from: by }, i) => {
    if (by === undefined) return;
    const { from } = madeBy({ from: by, value });
    add(from < 0 ? { input: -1 - from } : { part: standsFor(ofOp[from]!) }, { output: i }, value);
  });
  return [...edges.values()];
}

function isWithin(part: Part, block: Part, parents: ReadonlyMap<Part, Part>): boolean {
  for (let at = parents.get(part); at !== undefined; at = parents.get(at)) if (at === block) return true;
  return false;
}

const keyOf = (end: End): string =>
  "part" in end ? `p${end.part.id}` : "input" in end ? `i${end.input}` : `o${end.output}`;
