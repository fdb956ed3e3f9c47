import type { TrialColumn, TrialPoints } from "../../../core/contract/trialViews.ts";
import type { Axis } from "../../blocks/axis.tsx";
import type { Identities } from "../../blocks/identity.ts";
import type { ParallelAxis } from "../../blocks/plot/parallel.ts";
import type { PointSet } from "../../blocks/plot/points.ts";

/** Numbers of one column; NaN where a trial has none. */
export function valuesOf(points: TrialPoints, id: string): Float64Array {
  const column = points.columns[id];
  return Float64Array.from(points.ids, (_, i) => column?.[i] ?? NaN);
}

export const axisOf = ({ title }: TrialColumn, isLog = false): Axis => ({ title, scale: isLog ? "log" : "linear" });

export interface SetParts {
  readonly points: TrialPoints;
  readonly x: string;
  readonly y: string;
  /** Looks by the samplers. */
  readonly identities: Identities;
}

/** Trials as points that look as their samplers do. */
export function pointSetOf({ points, x, y, identities }: SetParts): PointSet {
  const groups = points.columns["group"];
  const names = points.options["group"] ?? [];
  const numbers = points.columns["number"];
  const groupOf = (i: number): number => groups?.[i] ?? 0;
  return {
    x: valuesOf(points, x),
    y: valuesOf(points, y),
    label: (i) => `${names[groupOf(i)] ?? "trial"} ${numbers?.[i] ?? points.ids[i] ?? i}`,
    identity: (i) => identities(names[groupOf(i)] ?? ""),
    look: (i) => groupOf(i) % 8,
  };
}

/** Texts of more kinds than this make no axis. */
const MOST_OPTIONS = 24;

/** Whether trials differ in a column. */
export const varies = ({ isNumeric, low, high, options = [] }: TrialColumn): boolean =>
  isNumeric ? low !== high : options.length > 1;

/** Whether a column can be an axis of parallel coordinates. */
export const isAxis = (column: TrialColumn): boolean =>
  column.kind !== "fact" &&
  column.id !== "value.budget" &&
  varies(column) &&
  (column.options?.length ?? 0) <= MOST_OPTIONS;

export function parallelAxes(points: TrialPoints, columns: readonly TrialColumn[]): ParallelAxis[] {
  return columns.map((column): ParallelAxis => {
    const values = valuesOf(points, column.id);
    const own = points.options[column.id];
    if (own === undefined) return { id: column.id, ...axisOf(column), values };
    // Places in the order of the alphabet, or of the numbers.
    const sorted = own.toSorted((a, b) => Number(a) - Number(b) || (a < b ? -1 : 1));
    const place = own.map((text) => sorted.indexOf(text));
    return { id: column.id, ...axisOf(column), values: values.map((v) => place[v] ?? NaN), options: sorted };
  });
}
