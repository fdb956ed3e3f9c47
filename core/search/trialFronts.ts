import { nonDominated } from "../base/pareto.ts";
import type { Objective } from "../contract/trials.ts";
import type { Importance, TrialFront } from "../contract/trialViews.ts";
import { hypervolumeOverTime } from "./hypervolume.ts";
import type { FrameColumn, TrialFrame } from "./trialFrame.ts";

/** Places of finished trials with all of the values and, where efforts differ, with the most effort. */
export function comparable(frame: TrialFrame, places: Int32Array, columns: readonly FrameColumn[]): Int32Array {
  const state = frame.columns.get("state");
  const done = state?.options?.indexOf("done") ?? -1;
  const finished = places.filter(
    (at) => state?.values[at] === done && columns.every((c) => Number.isFinite(c.values[at]!)),
  );
  const effort = frame.columns.get("value.budget")?.values;
  if (effort === undefined) return finished;
  const most = finished.reduce((top, at) => Math.max(top, effort[at]!), -Infinity);
  return finished.filter((at) => !(effort[at]! < most));
}

/** Steps of the hypervolume that are told. */
const STEPS = 400;

/** The trials that no other one beats, and the hypervolume as the trials came. Places in `front`. */
export function frontOf(
  frame: TrialFrame,
  places: Int32Array,
  objectives: readonly Objective[],
): TrialFront & { readonly places: readonly number[] } {
  const columns = objectives.flatMap((o) => frame.columns.get(`value.${o.value}`) ?? []);
  if (columns.length < objectives.length || columns.length === 0)
    return { ids: [], values: [], of: 0, hypervolume: [], places: [] };
  const found = [...comparable(frame, places, columns)];
  const costs = found.map((at) =>
    columns.map((c, k) => (objectives[k]?.goal === "most" ? -c.values[at]! : c.values[at]!)),
  );
  const front = nonDominated(costs);
  const ends = columns.map((_, k) => {
    let [low, high] = [Infinity, -Infinity];
    for (const cost of costs) {
      low = Math.min(low, cost[k]!);
      high = Math.max(high, cost[k]!);
    }
    return { low, high };
  });
  const scaled = costs.map((cost) =>
    cost.map((c, k) => (ends[k]!.high > ends[k]!.low ? (c - ends[k]!.low) / (ends[k]!.high - ends[k]!.low) : 0)),
  );
  const limit = objectives.map(() => 1 + 1e-9);
  const course = hypervolumeOverTime(scaled, limit);
  return {
    ids: front.map((i) => frame.ids[found[i]!]!),
    values: front.map((i) => columns.map((c) => c.values[found[i]!]!)),
    of: found.length,
    hypervolume: stepsOf(course),
    places: front.map((i) => found[i]!),
  };
}

/** Where it rises, and the end; evenly thinned where that is too often. */
function stepsOf(course: readonly number[]): [number, number][] {
  const rises = course.flatMap((v, i) => (i === 0 || v > course[i - 1]! || i === course.length - 1 ? [i] : []));
  const step = Math.max(1, rises.length / STEPS);
  const kept = rises.filter((_, i) => i === rises.length - 1 || Math.floor(i / step) !== Math.floor((i - 1) / step));
  return kept.map((i) => [i + 1, course[i]!]);
}

/** Groups that a number is divided into. */
const BINS = 10;

/**
 * How much of the spread of one value goes with each parameter alone: ω² of a one-way analysis of variance (Hays 1963),
 * which corrects for how many groups there are. Numbers of more than ten values are divided into ten groups of equal
 * size. What two parameters do together shows in neither.
 */
export function importancesOf(frame: TrialFrame, places: Int32Array, value: string): Importance[] {
  const target = frame.columns.get(`value.${value}`);
  if (target === undefined) return [];
  const found = comparable(frame, places, [target]);
  return [...frame.columns.values()]
    .filter((c) => c.kind === "param")
    .flatMap((column): Importance[] => {
      const known = found.filter((at) => !Number.isNaN(column.values[at]!));
      const groups = groupsOf(column, known);
      if (groups.length < 2 || known.length <= groups.length) return [];
      const share = omegaSquared(groups.map((places) => places.map((at) => target.values[at]!)));
      return [{ column: column.id, title: column.title, share, trials: known.length, groups: groups.length }];
    })
    .toSorted((a, b) => b.share - a.share);
}

function groupsOf({ values, options }: FrameColumn, places: Int32Array): number[][] {
  const distinct = new Set([...places].map((at) => values[at]!));
  if (options !== undefined || distinct.size <= BINS) {
    const groups = new Map<number, number[]>();
    for (const at of places) {
      const group = groups.get(values[at]!);
      if (group === undefined) groups.set(values[at]!, [at]);
      else group.push(at);
    }
    return [...groups.values()];
  }
  const sorted = [...places].sort((a, b) => values[a]! - values[b]!);
  return Array.from({ length: BINS }, (_, i) =>
    sorted.slice(Math.round((i * sorted.length) / BINS), Math.round(((i + 1) * sorted.length) / BINS)),
  );
}

/** (SS between − (k − 1)·MS within) / (SS total + MS within), not below 0. */
function omegaSquared(groups: readonly (readonly number[])[]): number {
  const all = groups.flat();
  const mean = (xs: readonly number[]): number => xs.reduce((sum, x) => sum + x, 0) / xs.length;
  const whole = mean(all);
  const means = groups.map(mean);
  const between = groups.reduce((sum, g, i) => sum + g.length * (means[i]! - whole) ** 2, 0);
  const within = groups.reduce((sum, g, i) => sum + g.reduce((s, x) => s + (x - means[i]!) ** 2, 0), 0);
  const error = within / Math.max(1, all.length - groups.length);
  const total = between + within + error;
  return total === 0 ? 0 : Math.max(0, Math.min(1, (between - (groups.length - 1) * error) / total));
}
