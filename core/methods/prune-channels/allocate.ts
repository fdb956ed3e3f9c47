import type { ChannelGroup } from "../../transform/channels/groups.ts";
import type { ChannelChoice } from "../../transform/channels/remove.ts";
import type { Importance } from "./importance.ts";
import type { Params } from "./params.ts";

/** A group whose width is to be chosen. */
export interface Candidate {
  readonly group: ChannelGroup;
  /** Of each unit, as the criterion gave it. */
  readonly importance: Float64Array;
  /** What removing one unit saves, as a share of the whole. */
  readonly saves: number;
}

export type WidthRules = Pick<Params, "multiple" | "minimum">;

/** Units that each group keeps, in the order of the candidates. */
export type Widths = readonly number[];

/** Whether a choice meets the target. */
export type Meets = (choice: ChannelChoice) => Promise<boolean> | boolean;

/**
 * Widths that a group may have, in units, from the widest: itself, and those below at which its narrowest layer has a
 * multiple of the channels and not too few. A head of 64 channels is a multiple already.
 */
export function allowedWidths({ units, members }: ChannelGroup, { multiple, minimum }: WidthRules): readonly number[] {
  const made = members.filter((m) => m.side === "makes").map((m) => m.indexes[0]?.length ?? 1);
  const perUnit = Math.max(1, Math.min(...made));
  const step = multiple / greatestDivisor(multiple, perUnit);
  const widths = [units.length];
  for (let width = Math.floor((units.length - 1) / step) * step; width > 0; width -= step)
    if (width * perUnit >= minimum) widths.push(width);
  return widths;
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** The least important units of each group, so many that the widths are left. */
export function choiceOf(candidates: readonly Candidate[], widths: Widths): ChannelChoice {
  const choice = new Map<string, readonly number[]>();
  candidates.forEach(({ group, importance }, i) => {
    const count = group.units.length - (widths[i] ?? group.units.length);
    if (count <= 0) return;
    const order = Array.from(importance.keys()).sort((a, b) => importance[a]! - importance[b]! || a - b);
    choice.set(
      group.name,
      order.slice(0, count).sort((a, b) => a - b),
    );
  });
  return choice;
}

/**
 * Widths that meet a target: the least that has to be removed in the order of the scope, rounded to allowed widths, and
 * then given back where the target is met without it. Undefined where not even the narrowest widths meet it.
 */
export async function allocate(
  candidates: readonly Candidate[],
  { scope, perCost, rules, meets }: AllocateOptions,
): Promise<Widths | undefined> {
  const allowed = candidates.map(({ group }) => allowedWidths(group, rules));
  const left = unroundedWidths(candidates, scope, perCost);
  const widthsAt = (step: number): Widths => left(step / STEPS).map((width, i) => nearest(allowed[i]!, width));
  const isMet = (widths: Widths): Promise<boolean> | boolean => meets(choiceOf(candidates, widths));
  if (!(await isMet(widthsAt(STEPS)))) return undefined;
  let [low, high] = [0, STEPS];
  // Nothing removed does not meet the target, everything does.
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (await isMet(widthsAt(middle))) high = middle;
    else low = middle;
  }
  // Where every group has to lose the same share, none gets anything back.
  if (scope === "layer") return widthsAt(high);
  const order = candidates.map((_, i) => i).sort((a, b) => meanOf(candidates[b]!) - meanOf(candidates[a]!));
  return widen(widthsAt(high), { allowed, order, isMet });
}

/** Gives back one step of width after the other, the dearest groups first, as long as a target stays met. */
export async function widen(start: Widths, { allowed, order, isMet }: WidenOptions): Promise<Widths> {
  let widths = start;
  // A group that cannot have a step back cannot have it later, when others are wider.
  for (const i of order) {
    for (;;) {
      const wider = allowed[i]!.toReversed().find((w) => w > widths[i]!);
      if (wider === undefined || !(await isMet(widths.with(i, wider)))) break;
      widths = widths.with(i, wider);
    }
  }
  return widths;
}

export interface WidenOptions {
  /** Widths that each group may have, from the widest. */
  readonly allowed: readonly Widths[];
  /** Groups by number, the dearest first. */
  readonly order: readonly number[];
  readonly isMet: (widths: Widths) => Promise<boolean> | boolean;
}

export interface AllocateOptions {
  readonly scope: Params["scope"];
  readonly perCost: boolean;
  readonly rules: WidthRules;
  readonly meets: Meets;
}

/** Steps of the search for how much to remove. */
const STEPS = 1000;

const meanOf = ({ importance, saves }: Candidate): number =>
  importance.reduce((sum, x) => sum + x, 0) / Math.max(1, importance.length) / Math.max(saves, 1e-12);

const nearest = (allowed: readonly number[], width: number): number =>
  allowed.reduce((best, w) => (Math.abs(w - width) < Math.abs(best - width) ? w : best));

/** Units that are left of each group when a share of all is removed in the order of a scope. */
function unroundedWidths(
  candidates: readonly Candidate[],
  scope: Params["scope"],
  perCost: boolean,
): (share: number) => Widths {
  const sizes = candidates.map((c) => c.group.units.length);
  if (scope === "layer") return (share) => sizes.map((size) => size * (1 - share));
  const classes = candidates.map((c) => (scope === "isomorphic" ? structureOf(c.group) : ""));
  const ranks = new Map<number, Float64Array>();
  for (const kind of new Set(classes)) {
    const members = candidates.flatMap((candidate, i) => (classes[i] === kind ? [{ candidate, i }] : []));
    const units = members
      .flatMap(({ candidate, i }) => Array.from(scores(candidate, perCost), (score, unit) => ({ i, unit, score })))
      .sort((a, b) => a.score - b.score || a.i - b.i || a.unit - b.unit);
    for (const { i } of members) ranks.set(i, new Float64Array(sizes[i]!));
    // Where in the order a unit goes, as a share of its class.
    units.forEach(({ i, unit }, rank) => (ranks.get(i)![unit] = (rank + 1) / units.length));
  }
  return (share) => sizes.map((_, i) => ranks.get(i)!.reduce((count, rank) => count + (rank > share ? 1 : 0), 0));
}

/** Importance over what removing saves, or as it is. */
function scores({ importance, saves }: Candidate, perCost: boolean): Float64Array {
  return perCost ? importance.map((x) => x / Math.max(saves, 1e-12)) : importance;
}

/** Groups of the same structure have the same text: ops, roles and sides of their members, without names and sizes. */
export function structureOf({ members }: ChannelGroup): string {
  const parts = members.map(({ op, role, side, axis }) => `${op} ${role} ${side} ${axis}`);
  return [...new Set(parts)].sort().join("; ");
}

/** The candidates' importance with a mean of one in each group, for criteria that cannot be compared between layers. */
export function evenedOut(importance: Importance): Importance {
  return new Map(
    [...importance].map(([name, values]) => {
      const mean = values.reduce((sum, x) => sum + x, 0) / Math.max(1, values.length);
      return [name, mean > 0 ? values.map((x) => x / mean) : values];
    }),
  );
}
