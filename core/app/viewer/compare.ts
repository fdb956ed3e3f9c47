import type { OpChange, PartChange } from "../../contract/modelView.ts";
import { alignParts } from "../../graph/align.ts";
import { diffModels, elementsText } from "../../graph/diff.ts";
import type { Change, ModelDiff } from "../../graph/diffTypes.ts";
import type { Step } from "../../graph/flat.ts";
import { matchNodes } from "../../graph/match.ts";
import type { Model } from "../../graph/model.ts";
import type { ModelParts } from "../../graph/parts.ts";
import type { Opened } from "./opened.ts";

/** Two models beside each other: the second in the blocks of the first, and what differs. */
export interface Beside {
  readonly diff: ModelDiff;
  readonly second: ModelParts;
  /** Kind of difference by op, in either model. */
  readonly inFirst: ReadonlyMap<number, keyof PartChange>;
  readonly inSecond: ReadonlyMap<number, keyof PartChange>;
  /** What differs, by op of the second. */
  readonly words: ReadonlyMap<number, readonly string[]>;
  readonly changes: readonly ComparedOp[];
}

/** A difference with the indexes of the op in both models. */
export interface ComparedOp extends Omit<OpChange, "before" | "after"> {
  readonly first: number | undefined;
  readonly second: number | undefined;
}

const MOST_WORDS = 12;

export interface BesideOptions {
  /** The same two with their constants in memory. */
  readonly models: readonly [Model, Model];
  readonly step?: Step;
}

export function besideEachOther(
  first: Opened,
  second: Opened,
  { models: [firstModel, secondModel], ...options }: BesideOptions,
): Beside {
  const diff = diffModels(firstModel, secondModel);
  const matching = matchNodes(first.model.graph, second.model.graph);
  const aligned = alignParts(second.model, first.parts, { matching, ...options });
  const placeInFirst = placesOf(first.parts);
  const placeInSecond = placesOf(aligned);
  const counterpart = new Map<number, number>();
  for (const [from, to] of matching.nodes) {
    const [a, b] = [placeInFirst.byNode.get(from), placeInSecond.byNode.get(to)];
    if (a !== undefined && b !== undefined) counterpart.set(b, a);
  }
  const words = new Map<number, string[]>();
  const note = (op: number | undefined, text: string): void => {
    if (op === undefined) return;
    const list = words.get(op) ?? [];
    words.set(op, list);
    if (list.length < MOST_WORDS && !list.includes(text)) list.push(text);
  };
  for (const [b, a] of counterpart) {
    const [before, after] = [first.ops[a]!, second.ops[b]!];
    if (before.weightType !== after.weightType)
      note(b, `weights: ${before.weightType ?? "none"} → ${after.weightType ?? "none"}`);
    if (before.parameters !== after.parameters) note(b, `parameters: ${before.parameters} → ${after.parameters}`);
  }
  for (const { name, changes, elements } of diff.graph.weights.changed) {
    const text = [...changes.map(changeText), ...(elements === undefined ? [] : [elementsText(elements)])].join("; ");
    for (const op of placeInSecond.readers.get(name) ?? []) note(op, `constant ${name}: ${text}`);
  }
  for (const { name, output, changes, bodies } of diff.graph.nodes.changed) {
    const op = placeInSecond.byOutput.get(output) ?? placeInSecond.byName.get(name);
    for (const change of changes) note(op, changeText(change));
    for (const { attribute } of bodies) note(op, `graph in ${attribute}`);
  }
  const inFirst = new Map<number, keyof PartChange>();
  const inSecond = new Map<number, keyof PartChange>();
  for (const op of words.keys()) {
    inSecond.set(op, "changed");
    const other = counterpart.get(op);
    if (other !== undefined) inFirst.set(other, "changed");
  }
  const kept = new Set(counterpart.values());
  first.parts.flat.ops.forEach(({ owner }, i) => {
    if (owner < 0 && !kept.has(i)) inFirst.set(i, "removed");
  });
  aligned.flat.ops.forEach(({ owner }, i) => {
    if (owner < 0 && !counterpart.has(i)) inSecond.set(i, "added");
  });
  const changes = listChanges({ first, second, aligned, inFirst, inSecond, words, counterpart });
  return { diff, second: aligned, inFirst, inSecond, words, changes };
}

interface Listing extends Pick<Beside, "inFirst" | "inSecond" | "words"> {
  readonly first: Opened;
  readonly second: Opened;
  readonly aligned: ModelParts;
  readonly counterpart: ReadonlyMap<number, number>;
}

/** Layers before other ops, changed ones before the rest, each in the order of the graph. */
function listChanges(listing: Listing): ComparedOp[] {
  const { first, second, aligned, inFirst, inSecond, words, counterpart } = listing;
  const gone = [...inFirst].flatMap(([i, kind]): ComparedOp[] =>
    kind !== "removed"
      ? []
      : [
          {
            kind,
            id: first.parts.ofOp[i]!.id,
            name: first.ops[i]!.name,
            op: first.parts.flat.ops[i]!.node.op,
            isLayer: first.ops[i]!.parameters > 0,
            what: [],
            first: i,
            second: undefined,
          },
        ],
  );
  const here = [...inSecond].map(([i, kind]): ComparedOp => {
    const before = counterpart.get(i);
    return {
      kind,
      id: aligned.ofOp[i]!.id,
      name: second.ops[i]!.name,
      op: aligned.flat.ops[i]!.node.op,
      isLayer: second.ops[i]!.parameters > 0 || (before !== undefined && first.ops[before]!.parameters > 0),
      what: [...(words.get(i) ?? [])],
      first: before,
      second: i,
    };
  });
  const place = (c: ComparedOp): number => c.second ?? c.first ?? 0;
  const rank = (c: ComparedOp): number => (c.isLayer ? 0 : 2) + (c.kind === "changed" ? 0 : 1);
  return [...gone, ...here].toSorted((a, b) => rank(a) - rank(b) || place(a) - place(b));
}

function changeText({ what, before, after }: Change): string {
  if (before === undefined) return after === undefined ? what : `${what}: ${after} (new)`;
  return after === undefined ? `${what}: ${before} (gone)` : `${what}: ${before} → ${after}`;
}

interface Places {
  readonly byNode: ReadonlyMap<object, number>;
  readonly byOutput: ReadonlyMap<string, number>;
  readonly byName: ReadonlyMap<string, number>;
  /** Ops that compute with a constant, by its name; through what only prepares it. */
  readonly readers: ReadonlyMap<string, readonly number[]>;
}

function placesOf({ flat }: ModelParts): Places {
  const byNode = new Map<object, number>();
  const byOutput = new Map<string, number>();
  const byName = new Map<string, number>();
  const readers = new Map<string, number[]>();
  flat.ops.forEach(({ node, owner }, i) => {
    byNode.set(node, i);
    if (owner >= 0) return;
    if (node.name !== "") byName.set(node.name, i);
    for (const output of node.outputs) if (output !== "") byOutput.set(output, i);
  });
  flat.ops.forEach(({ node, sources, isConstant }, i) => {
    if (isConstant) return;
    const names = [...node.inputs];
    for (const { from } of sources)
      if (from >= 0 && flat.ops[from]!.isConstant) names.push(...flat.ops[from]!.node.inputs);
    for (const name of names) {
      const list = readers.get(name);
      if (list === undefined) readers.set(name, [i]);
      else list.push(i);
    }
  });
  return { byNode, byOutput, byName, readers };
}
