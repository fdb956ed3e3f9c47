import type { ReportBlock } from "../contract/report.ts";
import { isLost } from "../store/readVariant.ts";
import type { Compared, Comparison } from "./compare.ts";

/** Accuracy, latency, size and memory as bars, and what is traded for what. */
export function chartBlocks({ rows, baseline }: Comparison): ReportBlock[] {
  const withAccuracy = rows.filter((r) => r.variant.measurements?.accuracy !== undefined);
  const withLatency = rows.filter((r) => r.latency !== undefined);
  const top1 = (r: Compared): number => (r.variant.measurements?.accuracy?.top1 ?? 0) * 100;
  const top1Interval = (r: Compared): [number, number] => {
    const i = r.variant.measurements?.accuracy?.top1Interval;
    return [(i?.low ?? 0) * 100, (i?.high ?? 0) * 100];
  };
  const name = (r: Compared): { label: string; group: string } => ({ label: r.variant.name, group: r.variant.name });
  const reference = (value: number | undefined): { reference?: { label: string; value: number } } =>
    value === undefined || rows.length < 2 ? {} : { reference: { label: baseline.name, value } };
  const blocks: ReportBlock[] = [];
  const base = rows[0];
  if (withAccuracy.length > 0) {
    blocks.push({
      kind: "bars",
      title: "Top-1 accuracy",
      form: "dots",
      axis: { title: "Top-1", unit: "%", scale: "linear" },
      bars: withAccuracy.map((r) => ({ ...name(r), value: top1(r), interval: top1Interval(r) })),
      ...reference(base && withAccuracy.includes(base) ? top1(base) : undefined),
    });
  }
  for (const batch of batchesOf(rows)) {
    const timed = rows.flatMap((r) => {
      const found = r.variant.measurements?.latency.find((l) => l.batch === batch);
      return found === undefined ? [] : [{ r, found }];
    });
    blocks.push({
      kind: "bars",
      title: `Median latency, batch ${batch}`,
      axis: { title: "Time per call", unit: "ms", scale: "linear" },
      bars: timed.map(({ r, found }) => ({
        ...name(r),
        value: found.median,
        interval: [found.medianInterval.low, found.medianInterval.high] as [number, number],
      })),
      ...reference(timed.find(({ r }) => r.isBaseline)?.found.median),
    });
  }
  blocks.push(bytesBars("Size on disk", rows, { value: (r) => (isLost(r.variant) ? undefined : r.bytes), reference }));
  if (rows.some((r) => r.variant.measurements?.memory !== undefined)) {
    const over = (r: Compared): number | undefined => {
      const memory = r.variant.measurements?.memory;
      return memory && memory.peak - memory.floor;
    };
    blocks.push(bytesBars("Peak memory over the runtime's own", rows, { value: over, reference }));
  }
  if (rows.length < 2) return blocks;
  const both = withLatency.filter((r) => withAccuracy.includes(r));
  const scatter = (
    title: string,
    points: readonly Compared[],
    x: { title: string; unit: string; at: (r: Compared) => number },
  ): ReportBlock => ({
    kind: "scatter",
    title,
    x: { title: x.title, unit: x.unit, scale: spansDecades(points.map(x.at)) ? "log" : "linear" },
    y: { title: "Top-1", unit: "%", scale: "linear" },
    points: points.map((r) => ({ ...name(r), x: x.at(r), y: top1(r), yInterval: top1Interval(r) })),
    front: paretoFront(points.map((r) => ({ label: r.variant.name, cost: x.at(r), gain: top1(r) }))),
  });
  if (both.length > 1) {
    blocks.push(
      scatter("Accuracy against latency", both, {
        title: "Median latency",
        unit: "ms",
        at: (r) => r.latency?.median ?? 0,
      }),
    );
  }
  if (withAccuracy.length > 1) {
    const { unit, divisor } = byteUnit(Math.max(...withAccuracy.map((r) => r.bytes)));
    blocks.push(
      scatter("Accuracy against size", withAccuracy, { title: "Size on disk", unit, at: (r) => r.bytes / divisor }),
    );
  }
  return blocks;
}

/** Values that differ several times over crowd at one end of a linear axis. */
function spansDecades(values: readonly number[]): boolean {
  return Math.min(...values) > 0 && Math.max(...values) / Math.min(...values) > 5;
}

/** Those that no other one beats in one respect without losing in the other, cheapest first. */
export function paretoFront(
  points: readonly { readonly label: string; readonly cost: number; readonly gain: number }[],
): string[] {
  return points
    .filter((p) => !points.some((q) => q.cost <= p.cost && q.gain >= p.gain && (q.cost < p.cost || q.gain > p.gain)))
    .toSorted((a, b) => a.cost - b.cost)
    .map((p) => p.label);
}

function batchesOf(rows: readonly Compared[]): number[] {
  const all = rows.flatMap((r) => r.variant.measurements?.latency.map((l) => l.batch) ?? []);
  return [...new Set(all)].toSorted((a, b) => a - b);
}

interface BytesBars {
  readonly value: (row: Compared) => number | undefined;
  readonly reference: (value: number | undefined) => { reference?: { label: string; value: number } };
}

function bytesBars(title: string, rows: readonly Compared[], { value, reference }: BytesBars): ReportBlock {
  const known = rows.flatMap((r) => {
    const bytes = value(r);
    return bytes === undefined ? [] : [{ r, bytes }];
  });
  const { unit, divisor } = byteUnit(Math.max(...known.map((k) => k.bytes)));
  const base = known.find(({ r }) => r.isBaseline);
  return {
    kind: "bars",
    title,
    axis: { title: "Size", unit, scale: "linear" },
    bars: known.map(({ r, bytes }) => ({ label: r.variant.name, group: r.variant.name, value: bytes / divisor })),
    ...reference(base && base.bytes / divisor),
  };
}

function byteUnit(most: number): { readonly unit: string; readonly divisor: number } {
  if (most >= 2 ** 30) return { unit: "GiB", divisor: 2 ** 30 };
  return most >= 2 ** 20 ? { unit: "MiB", divisor: 2 ** 20 } : { unit: "KiB", divisor: 2 ** 10 };
}
