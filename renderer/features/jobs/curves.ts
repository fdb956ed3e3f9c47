import type { JobLogEntry } from "../../../core/contract/jobs.ts";
import { METRIC_NAMES, metricMeta } from "../../../core/contract/metrics.ts";
import type { ReportBlock } from "../../../core/contract/report.ts";

type Point = readonly [number, number];

/** Points of a curve that are drawn at most. */
const MOST_POINTS = 400;

/** Metrics that were told more than once, as curves: one for each training of the job. */
export function curvesOf(log: readonly JobLogEntry[]): readonly ReportBlock[] {
  const metrics = new Map<string, Map<string, [number, number][]>>();
  /** Seconds of work so far; those between two attempts do not count. */
  let seconds = 0;
  let last: number | undefined;
  let stage = "";
  const starts = new Map<string, number>();
  for (const { at, event } of log) {
    const now = Date.parse(at);
    seconds += Math.max(0, (now - (last ?? now)) / 1000);
    last = event.kind === "state" ? undefined : now;
    if (event.kind === "stage" && event.within === undefined) stage = event.name;
    if (event.kind !== "metric") continue;
    const { factor = 1, isPerEpoch, isMomentary } = metricMeta(event.name);
    if (isMomentary) continue;
    const series = metrics.get(event.name) ?? new Map<string, [number, number][]>();
    metrics.set(event.name, series);
    const points = series.get(stage) ?? [];
    series.set(stage, points);
    if (!starts.has(stage)) starts.set(stage, seconds);
    points.push([isPerEpoch ? points.length + 1 : seconds - starts.get(stage)!, event.value * factor]);
  }
  const rank = (name: string): number => {
    const place = METRIC_NAMES.indexOf(name);
    return place < 0 ? METRIC_NAMES.length : place;
  };
  return [...metrics]
    .filter(([, series]) => [...series.values()].some((points) => points.length > 1))
    .toSorted(([a], [b]) => rank(a) - rank(b))
    .map(([name, series]) => {
      const { title, unit, isPerEpoch } = metricMeta(name);
      return {
        kind: "lines",
        title,
        x: isPerEpoch ? { title: "Epoch", scale: "linear" } : { title: "Time", unit: "s", scale: "linear" },
        y: { title, ...(unit !== undefined && { unit }), scale: "linear" },
        series: [...series].map(([label, points]) => ({
          label: label === "" ? title : label,
          points: decimate(points, MOST_POINTS).map(([x, y]) => [x, y] as [number, number]),
        })),
      };
    });
}

/**
 * At most so many of the points, the first and the last among them: of each stretch its lowest and its highest, in their
 * order, so that no spike is lost.
 */
export function decimate(points: readonly Point[], most: number): readonly Point[] {
  if (points.length <= most) return points;
  const stretches = Math.max(1, Math.floor((most - 2) / 2));
  const inner = points.slice(1, -1);
  const kept: Point[] = [];
  for (let i = 0; i < stretches; i++) {
    const part = inner.slice(
      Math.floor((i * inner.length) / stretches),
      Math.floor(((i + 1) * inner.length) / stretches),
    );
    let [low, high] = [0, 0];
    for (const [j, point] of part.entries()) {
      if (point[1] < part[low]![1]) low = j;
      if (point[1] > part[high]![1]) high = j;
    }
    for (const j of new Set([Math.min(low, high), Math.max(low, high)])) {
      const point = part[j];
      if (point !== undefined) kept.push(point);
    }
  }
  return [points[0]!, ...kept, points.at(-1)!];
}
