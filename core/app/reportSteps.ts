import { formatBytes, formatCount, formatFixed, formatNumber, formatSigned } from "../base/format.ts";
import type { Latency } from "../contract/measurement.ts";
import type { Variant } from "../contract/project.ts";
import type { ReportBlock, TableCell } from "../contract/report.ts";
import { compareWithBaseline } from "../measure/accuracy.ts";
import { pairedDifference } from "../measure/statistics.ts";
import { storedBytes } from "./modelFiles.ts";
import { readPredictions } from "./predictions.ts";
import type { Project } from "./project.ts";

type Column = Extract<ReportBlock, { kind: "table" }>["columns"][number];

const COLUMNS: readonly Column[] = [
  { title: "Step", align: "start" },
  { title: "Method", align: "start" },
  { title: "Top-1", unit: "%", align: "end" },
  { title: "Change", unit: "points", align: "end" },
  { title: "p50", unit: "ms", align: "end" },
  { title: "Faster", align: "end" },
  { title: "Size", align: "end" },
  { title: "Smaller", align: "end" },
  { title: "MACs", align: "end" },
];

const NONE: TableCell = { text: "—" };

/**
 * For each of the variants that several recipes led to, one table with what every recipe on the way changed. Those that
 * are only steps on the way to another one are left out.
 */
export async function stepBlocks(project: Project, shown: readonly Variant[]): Promise<readonly ReportBlock[]> {
  const all = new Map(project.store.variants().map((v) => [v.id, v]));
  const chains = shown.map((v) => chainOf(all, v)).filter((chain) => chain.length > 2);
  const isOnTheWay = (variant: Variant | undefined): boolean =>
    chains.some((chain) => chain.some((v, i) => v.id === variant?.id && i < chain.length - 1));
  const ends = chains.filter((chain) => !isOnTheWay(chain.at(-1)));
  if (ends.length === 0) return [];
  const blocks: ReportBlock[] = [
    { kind: "heading", level: 2, text: "Step by step" },
    {
      kind: "text",
      text: "What each recipe changed against the model that it started from. Changes of the accuracy are paired, sample by sample; times are those relative to the baseline in the same session.",
    },
  ];
  for (const chain of ends) blocks.push(await stepTable(project, chain));
  return blocks;
}

/** The variant and those it came from, oldest first. */
function chainOf(all: ReadonlyMap<string, Variant>, variant: Variant): readonly Variant[] {
  const chain: Variant[] = [];
  for (let v: Variant | undefined = variant; v !== undefined && !chain.includes(v); v = all.get(v.parent ?? "")) {
    chain.unshift(v);
  }
  return chain;
}

async function stepTable(project: Project, chain: readonly Variant[]): Promise<ReportBlock> {
  const rows = await Promise.all(chain.map((variant, i) => stepRow(project, variant, chain[i - 1])));
  return { kind: "table", title: `How ${chain.at(-1)?.name ?? ""} came about`, columns: [...COLUMNS], rows };
}

async function stepRow(project: Project, variant: Variant, before: Variant | undefined): Promise<TableCell[]> {
  const { measurements, recipe } = variant;
  const top1 = measurements?.accuracy?.top1;
  const [latency, earlier] = [latencyOf(variant), before && latencyOf(before)];
  const bytes = storedBytes(variant);
  const macs = measurements?.size?.macs;
  return [
    { text: variant.name },
    { text: recipe?.method ?? "imported" },
    top1 === undefined ? NONE : { text: formatFixed(top1 * 100, 1), value: top1 * 100 },
    before === undefined ? NONE : await changeCell(project, variant, before),
    latency === undefined ? NONE : { text: formatNumber(latency.median), value: latency.median },
    latency === undefined || earlier === undefined ? NONE : fasterCell(latency, earlier),
    { text: formatBytes(bytes), value: bytes },
    before === undefined ? NONE : factorCell(storedBytes(before) / bytes),
    macs === undefined ? NONE : { text: formatCount(macs), value: macs },
  ];
}

/** Latency at the smallest batch. */
function latencyOf({ measurements }: Variant): Latency | undefined {
  return measurements?.latency.toSorted((a, b) => a.batch - b.batch)[0];
}

async function changeCell(project: Project, variant: Variant, before: Variant): Promise<TableCell> {
  const [own, earlier] = [variant.measurements?.accuracy, before.measurements?.accuracy];
  if (own === undefined || earlier === undefined || own.data !== earlier.data) return NONE;
  const [a, b] = await Promise.all([readPredictions(project, earlier), readPredictions(project, own)]);
  if (a === undefined || b === undefined) return NONE;
  const { gained, lost } = compareWithBaseline({ ...a, variant: before.id }, b);
  const { difference, interval } = pairedDifference(gained, lost, own.samples);
  const [low, high] = [interval.low * 100, interval.high * 100];
  const tone = low > 0 ? "good" : high < 0 ? "bad" : "neutral";
  return {
    text: formatSigned(difference * 100, 1),
    value: difference * 100,
    interval: [low, high],
    note: `${formatSigned(low, 1)} to ${formatSigned(high, 1)}`,
    tone,
  };
}

/** Each time over that of the baseline in its own session, since sessions on different days differ. */
function fasterCell(own: Latency, earlier: Latency): TableCell {
  if (own.batch !== earlier.batch || own.threads !== earlier.threads || own.provider !== earlier.provider) return NONE;
  const [after, first] = [relative(own), relative(earlier)];
  return factorCell(first.middle / after.middle, [first.low / after.high, first.high / after.low]);
}

interface Range {
  readonly low: number;
  readonly middle: number;
  readonly high: number;
}

/** The baseline itself has no reference. Its own time is then in the others' references. */
function relative({ median, medianInterval, reference }: Latency): Range {
  if (reference === undefined) return { low: 1, middle: 1, high: 1 };
  const other = reference.medianInterval;
  return {
    low: medianInterval.low / other.high,
    middle: median / reference.median,
    high: medianInterval.high / other.low,
  };
}

function factorCell(factor: number, interval?: readonly [number, number]): TableCell {
  const isCertain = interval !== undefined && (interval[0] > 1 || interval[1] < 1);
  return {
    text: `${formatFixed(factor, 2)}×`,
    value: factor,
    ...(interval && {
      interval: [interval[0], interval[1]],
      note: `${formatFixed(interval[0], 2)} to ${formatFixed(interval[1], 2)}`,
    }),
    ...(isCertain && { tone: factor > 1 ? "good" : "bad" }),
  };
}
