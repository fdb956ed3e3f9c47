import { formatBytes, formatCount, formatFixed, formatSigned } from "../base/format.ts";
import type { Latency } from "../contract/measurement.ts";
import type { Variant } from "../contract/project.ts";
import type { ReportBlock, TableCell, TableColumn } from "../contract/report.ts";
import { pairedDifference, type PairedDifference } from "../measure/statistics.ts";
import { isLost } from "../store/readVariant.ts";
import { storedBytes } from "./modelFiles.ts";
import { presentVariants } from "./archive.ts";
import { accuracyApart, bestOf } from "./best.ts";
import { baselineOf, findVariant, type Project } from "./project.ts";

/** One variant beside the baseline. Differences are only there where both sides were measured alike. */
export interface Compared {
  readonly variant: Variant;
  readonly isBaseline: boolean;
  /** Bytes on disk. */
  readonly bytes: number;
  /** Own bytes over the baseline's. */
  readonly sizeRatio: number;
  /** The latency that is compared: the smallest batch. */
  readonly latency: Latency | undefined;
  /** The baseline's median over the own one, both from the same session; with the range that the intervals allow. */
  readonly speedUp: { readonly factor: number; readonly low: number; readonly high: number } | undefined;
  /** Top-1 minus the baseline's, from the samples on which they differ. */
  readonly difference: PairedDifference | undefined;
}

export interface Comparison {
  readonly baseline: Variant;
  readonly rows: readonly Compared[];
}

/** Puts variants beside the baseline, which comes first. Without names: all of the project. @throws not-found */
export function compareVariants(project: Project, names: readonly string[]): Comparison {
  const baseline = baselineOf(project);
  const asked = names.length === 0 ? presentVariants(project) : names.map((name) => findVariant(project, name));
  const others = asked.filter((v, i) => v.id !== baseline.id && asked.findIndex((a) => a.id === v.id) === i);
  return { baseline, rows: [baseline, ...others].map((variant) => beside(variant, baseline)) };
}

function beside(variant: Variant, baseline: Variant): Compared {
  const latency = variant.measurements?.latency.toSorted((a, b) => a.batch - b.batch)[0];
  const bytes = storedBytes(variant);
  const accuracy = variant.measurements?.accuracy;
  const against = accuracy?.against;
  const isSame = against?.variant === baseline.id && accuracy?.data === baseline.measurements?.accuracy?.data;
  return {
    variant,
    isBaseline: variant.id === baseline.id,
    bytes,
    // Of one whose record is lost nothing is known, so it is neither smaller nor larger.
    sizeRatio: isLost(variant) || isLost(baseline) ? 1 : bytes / storedBytes(baseline),
    latency,
    speedUp: speedUpOf(latency, baseline.id),
    difference:
      isSame && accuracy !== undefined && variant.id !== baseline.id
        ? pairedDifference(against.gained, against.lost, accuracy.samples)
        : undefined,
  };
}

/** How many times faster than the baseline of the same session. */
export function speedUpOf(latency: Latency | undefined, baseline: string): Compared["speedUp"] {
  const reference = latency?.reference;
  if (latency === undefined || reference?.variant !== baseline) return undefined;
  return {
    factor: reference.median / latency.median,
    low: reference.medianInterval.low / latency.medianInterval.high,
    high: reference.medianInterval.high / latency.medianInterval.low,
  };
}

type TableBlock = Extract<ReportBlock, { kind: "table" }>;

const NONE: TableCell = { text: "—" };

const COLUMNS: readonly TableColumn[] = [
  { title: "Variant", align: "start" },
  { title: "Top-1", unit: "%", align: "end" },
  { title: "Δ Top-1", unit: "points", align: "end" },
  { title: "p50", unit: "ms", align: "end" },
  { title: "p95", unit: "ms", align: "end" },
  { title: "Speed-up", align: "end" },
  { title: "Size", align: "end" },
  { title: "Peak memory", align: "end" },
  { title: "Parameters", align: "end" },
  { title: "MACs", align: "end" },
];

/** The comparison as a table; the best values of a column are marked where there is something to choose. */
export function comparisonTable({ rows, baseline }: Comparison): TableBlock {
  const fastest = Math.min(...rows.map((r) => r.latency?.median ?? Infinity));
  const decimals = Number.isFinite(fastest) ? Math.min(4, Math.max(0, 2 - Math.floor(Math.log10(fastest)))) : 2;
  const milliseconds = (value: number): string => formatFixed(value, decimals);
  const accuracies = rows.map(accuracyCell);
  const columns = [
    rows.map((row): TableCell => ({ text: row.variant.name, ...(row.isBaseline && { note: "baseline" }) })),
    marked(accuracies, bestOf(accuracies, "most", accuracyApart(rows, accuracies))),
    rows.map(differenceCell),
    withBest(rows.map((row) => latencyCell(row, milliseconds))),
    rows.map(({ latency }) => (latency ? { text: milliseconds(latency.p95), value: latency.p95 } : NONE)),
    rows.map(speedUpCell),
    withBest(rows.map(sizeCell)),
    rows.map(memoryCell),
    rows.map(({ variant }) => countCell(variant.measurements?.size?.parameters)),
    rows.map(({ variant }) => countCell(variant.measurements?.size?.macs)),
  ];
  return {
    kind: "table",
    title: `Side by side with the baseline, ${baseline.name}`,
    columns: [...COLUMNS],
    rows: rows.map((_, i) => columns.map((cells) => cells[i]!)),
  };
}

/** The least are the best. */
const withBest = (cells: readonly TableCell[]): readonly TableCell[] => marked(cells, bestOf(cells, "least"));

const marked = (cells: readonly TableCell[], isBest: readonly boolean[]): readonly TableCell[] =>
  cells.map((cell, i) => (isBest[i] === true ? { ...cell, tone: "best" } : cell));

function accuracyCell({ variant }: Compared): TableCell {
  const accuracy = variant.measurements?.accuracy;
  if (accuracy === undefined) return NONE;
  const { low, high } = accuracy.top1Interval;
  const text = formatFixed(accuracy.top1 * 100, 1);
  const note = `${formatFixed(low * 100, 1)}–${formatFixed(high * 100, 1)}`;
  return { text, note, value: accuracy.top1 * 100, interval: [low * 100, high * 100] };
}

function differenceCell({ difference }: Compared): TableCell {
  if (difference === undefined) return NONE;
  const [low, high] = [difference.interval.low * 100, difference.interval.high * 100];
  const tone = low > 0 ? "good" : high < 0 ? "bad" : "neutral";
  const value = difference.difference * 100;
  return {
    text: formatSigned(value, 1),
    value,
    interval: [low, high],
    note: `${formatSigned(low, 1)} to ${formatSigned(high, 1)}`,
    ...(tone !== "neutral" && { tone }),
  };
}

function latencyCell({ latency }: Compared, text: (value: number) => string): TableCell {
  if (latency === undefined) return NONE;
  const { low, high } = latency.medianInterval;
  return {
    text: text(latency.median),
    value: latency.median,
    interval: [low, high],
    note: `${text(low)}–${text(high)}`,
  };
}

function speedUpCell({ speedUp, isBaseline }: Compared): TableCell {
  if (speedUp === undefined) return isBaseline ? { text: "1.00×", value: 1 } : NONE;
  const tone = speedUp.low > 1 ? "good" : speedUp.high < 1 ? "bad" : undefined;
  const cell: TableCell = {
    text: `${formatFixed(speedUp.factor, 2)}×`,
    value: speedUp.factor,
    interval: [speedUp.low, speedUp.high],
  };
  return tone === undefined ? cell : { ...cell, tone };
}

function sizeCell({ variant, bytes, sizeRatio, isBaseline }: Compared): TableCell {
  if (isLost(variant)) return NONE;
  const cell: TableCell = { text: formatBytes(bytes), value: bytes };
  return isBaseline ? cell : { ...cell, note: `${formatFixed(sizeRatio, 2)} of baseline` };
}

function memoryCell({ variant }: Compared): TableCell {
  const memory = variant.measurements?.memory;
  if (memory === undefined) return NONE;
  return {
    text: formatBytes(memory.peak),
    value: memory.peak,
    note: `${formatBytes(memory.peak - memory.floor)} over runtime`,
  };
}

function countCell(count: number | undefined): TableCell {
  return count === undefined ? NONE : { text: formatCount(count), value: count };
}

/** One sentence about a variant for the top of a report, or undefined where too little was measured. */
export function verdictOf({ variant, sizeRatio, speedUp, difference }: Compared): string | undefined {
  if (speedUp === undefined) return undefined;
  const size = sizeRatio < 1 ? `${formatFixed(1 / sizeRatio, 2)}× smaller` : `${formatFixed(sizeRatio, 2)}× as large`;
  const isSameSpeed = speedUp.low <= 1 && speedUp.high >= 1;
  const speed = isSameSpeed
    ? "as fast as"
    : speedUp.factor > 1
      ? `${formatFixed(speedUp.factor, 2)}× faster than`
      : `${formatFixed(1 / speedUp.factor, 2)}× slower than`;
  const but = sizeRatio < 1 && !isSameSpeed && speedUp.factor < 1 ? "but" : "and";
  const start = `${variant.name} is ${size} ${but} ${speed} the baseline`;
  return difference === undefined ? `${start}.` : `${start}, at ${differenceText(variant, difference)}.`;
}

function differenceText(variant: Variant, { difference, interval, pValue }: PairedDifference): string {
  const samples = `${(variant.measurements?.accuracy?.samples ?? 0).toLocaleString("en-US")} samples`;
  const range = `${formatSigned(interval.low * 100, 1)} to ${formatSigned(interval.high * 100, 1)}`;
  const points = `${formatSigned(difference * 100, 1)} points of top-1`;
  const isNoise = interval.low <= 0 && interval.high >= 0;
  return isNoise
    ? `${points}, within the noise of ${samples} (${range})`
    : `${points} on ${samples} (${range}, ${pValue < 0.0005 ? "p < 0.001" : `p = ${formatFixed(pValue, 3)}`})`;
}
