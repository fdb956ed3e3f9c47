import type { ReportBlock } from "../contract/report.ts";
import type { EpochResult } from "../train/plan.ts";

/** Validation accuracy after each epoch of one training or of several side by side; none where nothing was validated. */
export function courseBlock(courses: Readonly<Record<string, readonly EpochResult[]>>): readonly ReportBlock[] {
  const series = Object.entries(courses)
    .map(([label, history]) => ({
      label,
      points: history.flatMap(({ epoch, accuracy }): [number, number][] =>
        accuracy === undefined ? [] : [[epoch, 100 * accuracy]],
      ),
    }))
    .filter((s) => s.points.length > 0);
  if (series.length === 0) return [];
  return [
    {
      kind: "lines",
      title: "Validation accuracy while training",
      x: { title: "Epoch", scale: "linear" },
      y: { title: "Accuracy", unit: "%", scale: "linear" },
      series,
    },
  ];
}
