import { z } from "zod";
import { trial } from "../contract/trial.ts";
import { hypervolumeOverTime } from "../search/hypervolume.ts";
import { improvementOver } from "../search/improvement.ts";
import { paretoFront } from "../search/pareto.ts";
import type { Objective } from "../search/objectives.ts";
import { figure, listOf } from "./findingParts.ts";
import { BUDGET, type ScoredTrial } from "./searchTrials.ts";

/** One net that was tried. */
const triedNet = z.object({
  group: z.string(),
  number: z.int(),
  point: trial.shape.point,
  state: trial.shape.state,
  values: z.record(z.string(), figure),
  origin: z.string(),
  /** Whether it meets the bounds. */
  isFeasible: z.boolean(),
});
export type TriedNet = z.output<typeof triedNet>;

/** What one sampler came to. */
const groupFindings = z.object({
  group: z.string(),
  nets: listOf(triedNet),
  /** Hypervolume after each net, as a share of the box between the reference and the ideal. */
  hypervolume: listOf(figure),
});

/** Mean of |prediction − measurement| / measurement over nets left out of the fit, and rank correlation (Kendall's τ). */
const fit = z.object({ error: figure, tau: figure });

/** How well latency is predicted. */
const predictor = fit.extend({
  /** Nets that were measured, and blocks in the table. */
  nets: z.int(),
  blocks: z.int(),
  /** The same for the mere sum of the table. */
  sum: fit,
});
export type PredictorFindings = z.output<typeof predictor>;

/** What a search came to. */
export const searchFindings = z.object({
  /** Number of points; absent where some part of the space is continuous or the number is beyond all bounds. */
  points: figure.optional(),
  objectives: listOf(z.object({ name: z.string(), direction: z.enum(["min", "max"]) })),
  /** Samples that the accuracies are of. */
  validation: z.int(),
  groups: listOf(groupFindings),
  /** The worst of each objective that counts for the hypervolume. */
  reference: z.record(z.string(), figure),
  /** The front over all groups: nets with the most effort that meet the bounds. */
  front: listOf(triedNet),
  /** Place in the front of the net that this model is. */
  chosen: z.int(),
  /** Of the best accuracy over the mean of the random nets (Yang et al. 2020); absent without them. */
  improvement: z
    .object({ relative: figure, mean: figure, deviation: figure, best: figure, samples: z.int() })
    .optional(),
  /** After the longer training of the chosen net. */
  final: z.object({ epochs: z.int(), accuracy: figure }).optional(),
  predictor: predictor.optional(),
});
export type SearchFindings = z.output<typeof searchFindings>;

export interface GroupOf {
  readonly group: string;
  readonly trials: readonly ScoredTrial[];
}

export interface SummaryOptions {
  readonly objectives: readonly Objective[];
  readonly classes: number;
  readonly goal: "accuracy" | "balance";
}

/** The trials of all groups, their common front, and how the groups compare. */
export function summarize(
  groups: readonly GroupOf[],
  { objectives, classes, goal }: SummaryOptions,
): Pick<SearchFindings, "groups" | "reference" | "front" | "chosen" | "improvement"> {
  const all = groups.flatMap(({ group, trials }) => trials.map((t) => netOf(group, t)));
  // With less effort for most nets, only those with the most are compared.
  const most = all.reduce((top, t) => (t.state === "done" ? Math.max(top, effortOf(t)) : top), 0);
  const complete = all.filter((t) => t.state === "done" && effortOf(t) === most);
  const reference = referenceOf(all, objectives, classes);
  const costs = ({ values }: TriedNet): readonly number[] => objectives.map((o) => costOf(values, o, reference));
  const limit = objectives.map(() => 1);
  // Nets of less effort, and those beyond the bounds, take part in no front.
  const counted = (t: TriedNet): readonly number[] =>
    t.state === "done" && t.isFeasible && effortOf(t) === most ? costs(t) : objectives.map(() => Infinity);
  const candidates = unique(complete.some((t) => t.isFeasible) ? complete.filter((t) => t.isFeasible) : complete);
  const front = paretoFront(candidates.map(costs)).map((i) => candidates[i]!);
  const random = complete.filter((t) => t.group === "random").map((t) => t.values["accuracy"] ?? 0);
  const searched = complete.filter((t) => t.group !== "random" && t.isFeasible).map((t) => t.values["accuracy"] ?? 0);
  const found = searched.length > 0 ? searched : random;
  return {
    groups: groups.map(({ group }) => {
      const nets = all.filter((t) => t.group === group);
      return { group, nets, hypervolume: hypervolumeOverTime(nets.map(counted), limit) };
    }),
    reference,
    front,
    chosen: goal === "accuracy" ? mostAccurate(front) : mostBalanced(front.map(costs)),
    ...(random.length > 0 && found.length > 0 && { improvement: improvementOver(Math.max(...found), random) }),
  };
}

/** Share of the full effort that a net got. */
export const effortOf = ({ values }: TriedNet): number => values[BUDGET] ?? 1;

function netOf(group: string, { trial, score, origin }: ScoredTrial): TriedNet {
  const { number, point, state, values } = trial;
  return { group, number, point, state, values, origin, isFeasible: score.violation === 0 };
}

/** Accuracy by chance, and a little more than the dearest net costs. */
function referenceOf(
  all: readonly TriedNet[],
  objectives: readonly Objective[],
  classes: number,
): Readonly<Record<string, number>> {
  return Object.fromEntries(
    objectives.map(({ name, direction }) => {
      const values = all.flatMap((t) => t.values[name] ?? []);
      return [name, direction === "max" ? 1 / classes : 1.05 * values.reduce((most, v) => Math.max(most, v), 0)];
    }),
  );
}

/** From 0, the ideal, to 1, the reference. */
function costOf(
  values: Readonly<Record<string, number>>,
  { name, direction }: Objective,
  reference: Readonly<Record<string, number>>,
): number {
  const [value, worst] = [values[name] ?? NaN, reference[name]!];
  if (Number.isNaN(value)) return Infinity;
  return direction === "max" ? (1 - value) / (1 - worst) : value / worst;
}

function unique(nets: readonly TriedNet[]): readonly TriedNet[] {
  return [...new Map(nets.toReversed().map((t) => [JSON.stringify(t.point), t])).values()].toReversed();
}

function mostAccurate(front: readonly TriedNet[]): number {
  return front.reduce(
    (best, t, i) => ((t.values["accuracy"] ?? 0) > (front[best]!.values["accuracy"] ?? 0) ? i : best),
    0,
  );
}

/** The point of a front that is nearest to the ideal, on scales on which the front goes from 0 to 1. */
export function mostBalanced(front: readonly (readonly number[])[]): number {
  const ranges = (front[0] ?? []).map((_, k) => {
    const costs = front.map((c) => c[k]!);
    return { low: Math.min(...costs), high: Math.max(...costs) };
  });
  const distance = (costs: readonly number[]): number =>
    costs.reduce((sum, c, k) => {
      const { low, high } = ranges[k]!;
      return sum + (high > low ? (c - low) / (high - low) : 0) ** 2;
    }, 0);
  return front.reduce((best, costs, i) => (distance(costs) < distance(front[best]!) ? i : best), 0);
}

/** Places of a front spread evenly over it, without the chosen one. */
export function spreadOver(count: number, chosen: number, wanted: number): readonly number[] {
  const others = Array.from({ length: count }, (_, i) => i).filter((i) => i !== chosen);
  if (others.length <= wanted) return others;
  if (wanted === 0) return [];
  const picked = Array.from({ length: wanted }, (_, k) =>
    Math.round((k * (others.length - 1)) / Math.max(1, wanted - 1)),
  );
  return [...new Set(picked)].map((i) => others[i]!);
}
