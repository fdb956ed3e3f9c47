import { throwIfCancelled } from "../../base/cancel.ts";
import type { SampleStream } from "../../data/batches.ts";
import type { Model } from "../../graph/model.ts";
import { compareOutputs } from "../../measure/outputError.ts";
import { collectOutputs } from "../../measure/outputs.ts";
import type { TrainingContext } from "../fineTune.ts";
import type { Curve } from "./findings.ts";
import {
  allowedWidths,
  choiceOf,
  widen,
  type Candidate,
  type Meets,
  type WidthRules,
  type Widths,
} from "./allocate.ts";

export interface ScanOptions {
  readonly rules: WidthRules;
  readonly stream: SampleStream;
  readonly context: Pick<TrainingContext, "session" | "host" | "signal" | "emit">;
  /** The model with one group at some width, ready to run. */
  readonly narrowed: (candidate: Candidate, width: number) => Promise<Model>;
}

/** Widths below the whole one at which a group is looked at. */
const POINTS = 4;

/** Narrows one group after the other, and nothing else, and compares the outputs with those of the whole model. */
export async function scanGroups(
  model: Model,
  candidates: readonly Candidate[],
  { rules, stream, context, narrowed }: ScanOptions,
): Promise<readonly Curve[]> {
  const { signal, emit } = context;
  const how = { ...context, stream, batch: 64 };
  const reference = await collectOutputs(model, how);
  const curves: Curve[] = [];
  for (const [i, candidate] of candidates.entries()) {
    const { name, units } = candidate.group;
    const points = [{ width: units.length, error: 0 }];
    for (const width of thinned(allowedWidths(candidate.group, rules).slice(1))) {
      throwIfCancelled(signal);
      const actual = await collectOutputs(await narrowed(candidate, width), how);
      points.push({ width, error: compareOutputs(reference.values, actual.values, reference.rows).kl });
    }
    curves.push({ group: name, points });
    emit({ kind: "progress", done: i + 1, total: candidates.length, unit: "groups" });
  }
  return curves;
}

/** At most so many, spread evenly, the narrowest among them. */
function thinned(widths: readonly number[]): readonly number[] {
  if (widths.length <= POINTS) return widths;
  return Array.from({ length: POINTS }, (_, i) => widths[Math.ceil(((i + 1) * widths.length) / POINTS) - 1]!);
}

export interface ByCurves {
  readonly curves: readonly Curve[];
  readonly rules: WidthRules;
  /** Cost of a choice in the target's unit. */
  readonly costOf: (widths: Widths) => number;
  readonly meets: Meets;
}

/**
 * Widths that meet a target with little error: step by step the narrowing that costs least error for what it saves, errors
 * of groups added up. Undefined where the narrowest widths do not meet it.
 */
export async function allocateByCurves(
  candidates: readonly Candidate[],
  { curves, rules, costOf, meets }: ByCurves,
): Promise<Widths | undefined> {
  const isMet = (w: Widths): Promise<boolean> | boolean => meets(choiceOf(candidates, w));
  let widths: Widths = candidates.map((c) => c.group.units.length);
  const prices: number[] = candidates.map(() => Infinity);
  while (!(await isMet(widths))) {
    const before = costOf(widths);
    let best: { readonly i: number; readonly width: number; readonly price: number } | undefined;
    for (const [i, { points }] of curves.entries()) {
      const now = points.find((p) => p.width === widths[i])!;
      for (const { width, error } of points.filter((p) => p.width < now.width)) {
        const saved = before - costOf(widths.with(i, width));
        const price = Math.max(0, error - now.error) / Math.max(saved, 1e-12);
        if (best === undefined || price < best.price) best = { i, width, price };
      }
    }
    if (best === undefined) return undefined;
    widths = widths.with(best.i, best.width);
    prices[best.i] = best.price;
  }
  const allowed = candidates.map(({ group }) => allowedWidths(group, rules));
  // Those whose last step was the dearest get back first; those that are whole have nothing to get.
  const order = candidates.map((_, i) => i).sort((a, b) => prices[b]! - prices[a]!);
  return widen(widths, { allowed, order, isMet });
}
