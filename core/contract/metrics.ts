import { formatNumber } from "../base/format.ts";

/** What a metric of an event is, for people. */
export interface MetricMeta {
  readonly title: string;
  readonly unit?: string;
  /** What a value is multiplied with to be in that unit. */
  readonly factor?: number;
  /** Told once for each epoch, and not all the time. */
  readonly isPerEpoch?: true;
  /** Says nothing over time. */
  readonly isMomentary?: true;
}

const METRICS: Readonly<Record<string, MetricMeta>> = {
  accuracy: { title: "Validation accuracy", unit: "%", factor: 100, isPerEpoch: true },
  "epoch-loss": { title: "Loss by epoch", isPerEpoch: true },
  loss: { title: "Loss" },
  "learning-rate": { title: "Learning rate" },
  "images-per-second": { title: "Speed", unit: "samples/s" },
  "memory-bytes": { title: "Memory", unit: "MiB", factor: 1 / 2 ** 20 },
  "latency-share": { title: "Latency", unit: "% of before", factor: 100 },
  "seconds-left": { title: "Time left", unit: "s", isMomentary: true },
  "estimated-memory-bytes": { title: "Memory, estimated", unit: "MiB", factor: 1 / 2 ** 20, isMomentary: true },
};

/** Names of the metrics that are known, in the order in which they are shown. */
export const METRIC_NAMES: readonly string[] = Object.keys(METRICS);

/** What a metric is; one that nobody has described goes by its name. */
export function metricMeta(name: string): MetricMeta {
  const words = name.replaceAll("-", " ");
  return METRICS[name] ?? { title: words.charAt(0).toUpperCase() + words.slice(1) };
}

/** "Speed 970 samples/s". */
export function metricText(name: string, value: number): string {
  const { title, unit, factor = 1 } = metricMeta(name);
  return `${title} ${formatNumber(value * factor)}${unit === undefined ? "" : ` ${unit}`}`;
}
