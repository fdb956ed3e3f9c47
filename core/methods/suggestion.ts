import { formatFixed } from "../base/format.ts";
import type { Json } from "../base/json.ts";
import type { Accuracy, Layer } from "../contract/measurement.ts";
import type { MethodFamily } from "../contract/method.ts";

/** One model of a project with what was measured of it. Absent figures were not measured. */
export interface KnownVariant {
  readonly id: string;
  readonly name: string;
  readonly parent: string | null;
  /** What made it; absent for imported ones. */
  readonly made?: { readonly method: string; readonly family: MethodFamily; readonly params: Record<string, Json> };
  /** On disk. */
  readonly bytes: number;
  readonly accuracy?: Accuracy;
  /** Top-1 minus the baseline's, as a fraction, with the range that chance allows. */
  readonly difference?: Range;
  /** The baseline's latency over the own one, with the range that the measurements allow. */
  readonly speedUp?: Range;
  /** Empty where it was not measured. */
  readonly layers: readonly Layer[];
}

export interface Range {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** What is known of a project: what a method looks at to see whether it is the next thing to do. */
export interface ProjectFacts {
  readonly baseline: KnownVariant;
  /** All others that are in sight. */
  readonly others: readonly KnownVariant[];
  readonly hasData: boolean;
  /** Every method that ran or is about to, archived results included, with the id of the variant it started from. */
  readonly tried: readonly { readonly method: string; readonly family: MethodFamily; readonly from: string | null }[];
}

/** One step that a method suggests: itself, for one variant. */
export interface Suggestion {
  /** What to do, for a button. */
  readonly text: string;
  /** What was measured that speaks for it, as sentences. */
  readonly reason: string;
  /** Id of the variant to start from. */
  readonly from: string;
  /** Parameters other than the defaults. */
  readonly params?: Record<string, Json>;
  /** What a run takes, roughly; what takes less is suggested first. */
  readonly takes: "seconds" | "minutes" | "hours";
}

/** Top-1 that a variant may lose and still count as good. */
export const TOLERANCE = 0.01;

/** Whether a method has been tried, on any variant or on one. */
export function isTried({ tried }: ProjectFacts, method: string, from?: string): boolean {
  return tried.some((t) => t.method === method && (from === undefined || t.from === from));
}

/** Whether layers that multiply have float32 weights; undefined where nothing was measured. */
export function isFloat({ layers }: KnownVariant): boolean | undefined {
  const multiply = layers.filter((l) => l.macs > 0 && l.weightType !== undefined);
  return multiply.length === 0 ? undefined : multiply.every((l) => l.weightType === "float32");
}

/** Multiply–accumulates for one sample. */
export const macsOf = ({ layers }: KnownVariant): number => layers.reduce((sum, { macs }) => sum + macs, 0);

/** Whether it is right more often than guessing would be; true where that was not measured. */
export function knowsSomething({ accuracy }: KnownVariant): boolean {
  return accuracy === undefined || accuracy.top1Interval.low > 1 / Math.max(1, accuracy.perClass.length);
}

/** Whether it lost no more than a point, as far as that was measured. */
export function isGood({ difference }: KnownVariant): boolean {
  return difference !== undefined && difference.value >= -TOLERANCE;
}

/** Whether it is faster than the baseline, and not by chance. */
export function isFaster({ speedUp }: KnownVariant): boolean {
  return speedUp !== undefined && speedUp.low > 1;
}

/** What the best variant that a family made of one model lost. */
export interface Loss {
  readonly best: KnownVariant;
  readonly parent: KnownVariant;
  /** Of top-1 against the parent, as a fraction. */
  readonly lost: number;
}

/**
 * The models of which a family of methods has made nothing good: even the best that came of them lost more than that
 * much of top-1, and more than chance explains.
 */
export function lossesOf(facts: ProjectFacts, family: MethodFamily, least = 0): readonly Loss[] {
  return [facts.baseline, ...facts.others].flatMap((parent) => {
    const before = parent.id === facts.baseline.id ? 0 : parent.difference?.value;
    const made = facts.others.filter((v) => v.parent === parent.id && v.made?.family === family);
    const [best] = made
      .filter((v) => v.difference !== undefined)
      .toSorted((a, b) => b.difference!.value - a.difference!.value);
    if (before === undefined || best?.difference === undefined || best.difference.high >= before) return [];
    const lost = before - best.difference.value;
    return lost > least ? [{ best, parent, lost }] : [];
  });
}

/** Where the measured time of a model goes, by what its layers do. */
export interface TimeShare {
  /** Share of the time in layers that multiply, in [0, 1]. */
  readonly share: number;
  /** Their ops, the longest first. */
  readonly ops: readonly string[];
}

/** How much of the time goes into multiplying; undefined where layers were not timed. */
export function multiplyingTime({ layers }: KnownVariant): TimeShare | undefined {
  const total = layers.reduce((sum, { time = 0 }) => sum + time, 0);
  if (total === 0) return undefined;
  const byOp = new Map<string, number>();
  for (const { op, macs, time = 0 } of layers) if (macs > 0 && time > 0) byOp.set(op, (byOp.get(op) ?? 0) + time);
  const ops = [...byOp].toSorted((a, b) => b[1] - a[1]);
  return { share: ops.reduce((sum, [, time]) => sum + time, 0) / total, ops: ops.map(([op]) => op) };
}

/** A loss of top-1 in words. @param lost as a fraction */
export function pointsText(lost: number): string {
  const points = formatFixed(lost * 100, 1);
  return `${points} ${points === "1.0" ? "point" : "points"} of top-1`;
}
