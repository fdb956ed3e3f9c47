import { ELEMENT_TYPES } from "../base/elementType.ts";
import { formatFixed, formatNumber, formatSigned } from "../base/format.ts";
import type { FigureCell, FigureColumn } from "../contract/compare.ts";
import { processor, PROCESSOR_NAMES, type Processor } from "../contract/device.ts";
import type { Latency } from "../contract/measurement.ts";
import type { ParameterSchema } from "../contract/method.ts";
import { loadCatalogue } from "../methods/catalogue.ts";
import { accuracyApart, bestOf } from "./best.ts";
import { speedUpOf, type Compared, type Comparison } from "./compare.ts";

/** Figures of variants: columns with their units, and a row for each variant. */
export interface Figures {
  readonly columns: FigureColumn[];
  readonly rows: FigureCell[][];
}

interface Column extends FigureColumn {
  /** Whether the variants were compared in it with the baseline, sample by sample. */
  readonly isPaired?: boolean;
  cell(row: Compared): FigureCell;
}

const NONE: FigureCell = { text: "—" };

/** What was measured of each variant, with intervals and what changed against the baseline; then how each was made. */
export async function comparedFigures(comparison: Comparison): Promise<Figures> {
  const columns = [
    ...accuracyColumns(comparison.rows),
    ...latencyColumns(comparison),
    ...costColumns(comparison),
  ].filter((c) => comparison.rows.some((r) => c.cell(r) !== NONE));
  const settings = await settingColumns(comparison);
  const all = [...columns, ...settings];
  const marked = all.map((c) =>
    markBest(
      c,
      comparison.rows.map((row) => c.cell(row)),
      comparison.rows,
    ),
  );
  return {
    columns: all.map(({ id, title, unit, goal, kind }) => ({
      id,
      title,
      kind,
      ...(unit !== undefined && { unit }),
      ...(goal !== undefined && { goal }),
    })),
    rows: comparison.rows.map((_, i) => marked.map((cells) => cells[i]!)),
  };
}

function markBest(
  { goal, isPaired = false }: Column,
  cells: readonly FigureCell[],
  rows: readonly Compared[],
): readonly FigureCell[] {
  if (goal === undefined) return cells;
  const best = bestOf(cells, goal, isPaired ? accuracyApart(rows, cells) : undefined);
  return cells.map((cell, i) => (best[i] === true ? { ...cell, isBest: true } : cell));
}

function accuracyColumns(rows: readonly Compared[]): Column[] {
  const percent = (x: number): number => x * 100;
  return [
    {
      id: "top1",
      title: "Top-1",
      unit: "%",
      goal: "most",
      kind: "measured",
      isPaired: true,
      cell: ({ variant, difference }) => {
        const accuracy = variant.measurements?.accuracy;
        if (accuracy === undefined) return NONE;
        const { low, high } = accuracy.top1Interval;
        return {
          text: formatFixed(accuracy.top1 * 100, 1),
          value: percent(accuracy.top1),
          interval: [percent(low), percent(high)],
          ...(difference && {
            delta: {
              text: `${formatSigned(percent(difference.difference), 1)} (${formatSigned(percent(difference.interval.low), 1)} to ${formatSigned(percent(difference.interval.high), 1)})`,
              tone: difference.interval.low > 0 ? "good" : difference.interval.high < 0 ? "bad" : "neutral",
            },
          }),
        };
      },
    },
    {
      id: "top5",
      title: "Top-5",
      unit: "%",
      goal: "most",
      kind: "measured",
      cell: ({ variant }) => {
        const top5 = variant.measurements?.accuracy?.top5;
        return top5 === undefined ? NONE : { text: formatFixed(top5 * 100, 1), value: percent(top5) };
      },
    },
    ...processor.options.flatMap((id) => processorColumn(id, rows)),
  ];
}

/** What was emulated of another kind of processor; of variants that are the same there, what was measured here. */
function processorColumn(id: Processor, rows: readonly Compared[]): Column[] {
  const of = ({ variant }: Compared) => variant.measurements?.accuracy?.processors?.find((p) => p.processor === id);
  if (!rows.some((row) => of(row)?.how === "emulated")) return [];
  return [
    {
      id: `top1-${id}`,
      title: `Top-1 on ${PROCESSOR_NAMES[id]}, emulated`,
      unit: "%",
      goal: "most",
      kind: "measured",
      cell: (row) => {
        const found = of(row);
        if (found === undefined) return NONE;
        const { low, high } = found.top1Interval;
        return {
          text: formatFixed(found.top1 * 100, 1),
          value: found.top1 * 100,
          interval: [low * 100, high * 100],
        };
      },
    },
  ];
}

/** One pair of columns for each batch size that was timed. */
function latencyColumns({ rows, baseline }: Comparison): Column[] {
  const timed = rows.flatMap((r) => r.variant.measurements?.latency ?? []);
  const batches = [...new Set(timed.map((l) => l.batch))].toSorted((a, b) => a - b);
  const fastest = Math.min(...timed.map((l) => l.median));
  const decimals = Number.isFinite(fastest) ? Math.min(4, Math.max(0, 2 - Math.floor(Math.log10(fastest)))) : 2;
  const of = ({ variant }: Compared, batch: number): Latency | undefined =>
    variant.measurements?.latency.find((l) => l.batch === batch);
  return batches.flatMap((batch): Column[] => [
    {
      id: `p50-${batch}`,
      title: batches.length === 1 ? "Latency p50" : `Latency p50, batch ${batch}`,
      unit: "ms",
      goal: "least",
      kind: "measured",
      cell: (row) => {
        const latency = of(row, batch);
        if (latency === undefined) return NONE;
        const speedUp = speedUpOf(latency, baseline.id);
        return {
          text: formatFixed(latency.median, decimals),
          value: latency.median,
          interval: [latency.medianInterval.low, latency.medianInterval.high],
          ...(speedUp &&
            !row.isBaseline && {
              delta: {
                text: `${formatFixed(speedUp.factor, 2)}× as fast (${formatFixed(speedUp.low, 2)}–${formatFixed(speedUp.high, 2)})`,
                tone: speedUp.low > 1 ? "good" : speedUp.high < 1 ? "bad" : "neutral",
              },
            }),
        };
      },
    },
    {
      id: `p95-${batch}`,
      title: batches.length === 1 ? "Latency p95" : `Latency p95, batch ${batch}`,
      unit: "ms",
      goal: "least",
      kind: "measured",
      cell: (row) => {
        const latency = of(row, batch);
        return latency === undefined ? NONE : { text: formatFixed(latency.p95, decimals), value: latency.p95 };
      },
    },
  ]);
}

/** Counts and bytes, all in the unit that suits the largest. Less is better; how much less is a fact, so it has no interval. */
function costColumns({ rows }: Comparison): Column[] {
  const base = rows.find((r) => r.isBaseline);
  const column = (
    head: { readonly id: string; readonly title: string },
    unit: readonly [number, readonly string[]],
    pick: (row: Compared) => number | undefined,
  ): Column => {
    const [step, names] = unit;
    const most = Math.max(0, ...rows.map((r) => pick(r) ?? 0));
    const place = Math.max(0, Math.min(names.length - 1, Math.floor(Math.log(most || 1) / Math.log(step))));
    const divisor = step ** place;
    const reference = base && pick(base);
    return {
      ...head,
      ...(names[place] !== "" && { unit: names[place]! }),
      goal: "least",
      kind: "measured",
      cell: (row) => {
        const value = pick(row);
        if (value === undefined) return NONE;
        const change = reference === undefined || reference === 0 ? 0 : value / reference - 1;
        return {
          text: formatNumber(value / divisor),
          value: value / divisor,
          ...(!row.isBaseline &&
            reference !== undefined && {
              delta: {
                text: `${formatSigned(change * 100, 1)} %`,
                tone: change < 0 ? "good" : change > 0 ? "bad" : "neutral",
              },
            }),
        };
      },
    };
  };
  const bytes = [1024, ["B", "KiB", "MiB", "GiB", "TiB"]] as const;
  const counts = [1000, ["", "k", "M", "G", "T"]] as const;
  return [
    column({ id: "size", title: "Size" }, bytes, (r) => r.bytes),
    column({ id: "memory", title: "Peak memory" }, bytes, (r) => r.variant.measurements?.memory?.peak),
    column({ id: "parameters", title: "Parameters" }, counts, (r) => r.variant.measurements?.size?.parameters),
    column({ id: "macs", title: "MACs" }, counts, (r) => r.variant.measurements?.size?.macs),
  ];
}

/** Method, seed, threads and every parameter of the recipes, as they are titled in the forms. */
async function settingColumns({ rows }: Comparison): Promise<Column[]> {
  const catalogue = await loadCatalogue();
  const names = new Map(rows.map((r) => [r.variant.id, r.variant.name]));
  const setting = (id: string, title: string, text: (row: Compared) => string | undefined): Column => ({
    id,
    title,
    kind: "setting",
    cell: (row) => {
      const found = text(row);
      return found === undefined ? NONE : { text: found };
    },
  });
  const titles = new Map<string, string>();
  for (const { variant } of rows) {
    for (const name of Object.keys(variant.recipe?.params ?? {})) {
      const method = catalogue.get(variant.recipe?.method ?? "");
      const schema = (method?.info.params["properties"] ?? {}) as Readonly<Record<string, ParameterSchema>>;
      if (!titles.has(name)) titles.set(name, schema[name]?.title ?? name);
    }
  }
  const text = (value: unknown): string | undefined =>
    value === undefined ? undefined : typeof value === "string" ? value : JSON.stringify(value);
  const all = [
    setting("method", "Method", ({ variant }) =>
      variant.recipe === null
        ? "imported"
        : (catalogue.get(variant.recipe.method)?.info.title ?? variant.recipe.method),
    ),
    setting("parent", "Made from", ({ variant }) =>
      variant.parent === null ? undefined : (names.get(variant.parent) ?? variant.parent),
    ),
    setting("weights", "Weight types", ({ variant }) => weightTypes(variant.measurements?.layers ?? [])),
    setting("seed", "Seed", ({ variant }) => text(variant.recipe?.seed)),
    setting("threads", "Threads of the run", ({ variant }) => text(variant.recipe?.threads)),
    ...[...titles].map(([name, title]) =>
      setting(`param-${name}`, title, ({ variant }) => text(variant.recipe?.params[name])),
    ),
  ];
  return all.filter((c) => rows.some((r) => c.cell(r) !== NONE));
}

function weightTypes(layers: readonly { readonly weightType?: string | undefined }[]): string | undefined {
  const found = [...new Set(layers.flatMap((l) => (l.weightType === undefined ? [] : [l.weightType])))];
  const bits = (type: string): number => (ELEMENT_TYPES as Readonly<Record<string, { bits: number }>>)[type]?.bits ?? 0;
  return found.length === 0 ? undefined : found.toSorted((a, b) => bits(a) - bits(b) || (a < b ? -1 : 1)).join(", ");
}

/** How latency was measured: one sentence for all variants that were measured alike. */
export function latencyProtocol({ rows }: Comparison): string[] {
  const sentences = new Map<string, string[]>();
  for (const { variant } of rows) {
    for (const l of variant.measurements?.latency ?? []) {
      const how = `batch ${l.batch}, ${l.threads} ${l.threads === 1 ? "thread" : "threads"}, ${l.provider} on ${l.device}; n = ${l.runs} after ${l.warmup} warm-up calls${l.interleaved ? ", in turns with the baseline" : ""}`;
      sentences.set(how, [...(sentences.get(how) ?? []), variant.name]);
    }
  }
  const timed = rows.filter((r) => (r.variant.measurements?.latency.length ?? 0) > 0).length;
  return [...sentences].map(([how, names]) =>
    names.length === timed ? `Latency: ${how}.` : `Latency of ${names.join(", ")}: ${how}.`,
  );
}
