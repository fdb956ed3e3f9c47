import type { JobLogEntry } from "../../../core/contract/jobs.ts";
import type { ReportBlock } from "../../../core/contract/report.ts";

type Point = readonly [number, number];

/** Points of a curve that are drawn at most. */
const MOST_POINTS = 400;

/** Metrics that say nothing over time. */
const SINGLE = "estimated-";

/** Metrics that were told more than once, as curves over their count. */
export function curvesOf(log: readonly JobLogEntry[]): readonly ReportBlock[] {
  const series = new Map<string, [number, number][]>();
  for (const { event } of log) {
    if (event.kind !== "metric" || event.name.startsWith(SINGLE)) continue;
    const points = series.get(event.name) ?? [];
    points.push([points.length + 1, event.value]);
    series.set(event.name, points);
  }
  return [...series]
    .filter(([, points]) => points.length > 1)
    .map(([label, points]) => ({
      kind: "lines",
      title: label,
      x: { title: "Report", scale: "linear" },
      y: { title: label, scale: "linear" },
      series: [{ label, points: decimate(points, MOST_POINTS).map(([x, y]) => [x, y] as [number, number]) }],
    }));
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
