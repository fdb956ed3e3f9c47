import { formatBytes, formatCount, formatFixed, formatNumber, formatPercent, formatSigned } from "../base/format.ts";
import type { Accuracy, Measurements } from "../contract/measurement.ts";
import type { Variant } from "../contract/project.ts";
import type { Report, ReportBlock } from "../contract/report.ts";
import { loadCatalogue } from "../methods/catalogue.ts";
import { compareVariants, comparisonTable, verdictOf, type Compared, type Comparison } from "./compare.ts";
import { findData, type Project } from "./project.ts";
import { layerBlocks } from "./reportLayers.ts";

/** The whole story of some variants, or of all: numbers beside the baseline, charts, and how each one was made. */
export async function buildReport(project: Project, names: readonly string[]): Promise<Report> {
  const comparison = compareVariants(project, names);
  const { baseline, rows } = comparison;
  const sections = await Promise.all(rows.filter((r) => !r.isBaseline).map((r) => variantSection(project, r.variant)));
  return {
    title: project.store.settings.name,
    subtitle: subtitle(comparison),
    at: project.host.clock.now(),
    blocks: [
      ...tiles(comparison),
      ...verdicts(rows),
      { kind: "heading", level: 2, text: "Variants" },
      comparisonTable(comparison),
      ...charts(comparison),
      ...perClass(rows),
      ...layerBlocks(rows.map((r) => r.variant)),
      ...sections.flat(),
      { kind: "heading", level: 2, text: "How it was measured" },
      ...protocol(project, baseline, rows),
    ],
  };
}

function subtitle({ baseline, rows }: Comparison): string {
  const others = rows.length - 1;
  const what =
    others === 0
      ? "The baseline alone"
      : `${others} ${others === 1 ? "variant" : "variants"} beside the baseline ${baseline.name}`;
  const machine = baseline.measurements?.machine;
  return machine === undefined ? `${what}.` : `${what}, measured on ${machine}.`;
}

function tiles({ rows }: Comparison): ReportBlock[] {
  const others = rows.filter((r) => !r.isBaseline);
  const smallest = others.toSorted((a, b) => a.bytes - b.bytes)[0];
  const fastest = others
    .filter((r) => r.speedUp !== undefined)
    .toSorted((a, b) => (b.speedUp?.factor ?? 0) - (a.speedUp?.factor ?? 0))[0];
  const base = rows[0];
  const found: Extract<ReportBlock, { kind: "tiles" }>["tiles"] = [];
  if (smallest !== undefined && smallest.sizeRatio < 1 && base !== undefined) {
    const note = `${formatBytes(smallest.bytes)} instead of ${formatBytes(base.bytes)}`;
    found.push({
      label: `Smallest: ${smallest.variant.name}`,
      text: `${formatFixed(1 / smallest.sizeRatio, 2)}× smaller`,
      note,
      tone: "good",
    });
  }
  const reference = fastest?.latency?.reference;
  if (
    fastest?.speedUp !== undefined &&
    fastest.latency !== undefined &&
    reference !== undefined &&
    fastest.speedUp.low > 1
  ) {
    const note = `${formatNumber(fastest.latency.median)} ms instead of ${formatNumber(reference.median)} ms`;
    found.push({
      label: `Fastest: ${fastest.variant.name}`,
      text: `${formatFixed(fastest.speedUp.factor, 2)}× faster`,
      note,
      tone: "good",
    });
  }
  const kept = fastest ?? smallest;
  const accuracy = kept?.variant.measurements?.accuracy;
  const expected = base?.variant.measurements?.accuracy?.top1;
  if (kept?.difference !== undefined && accuracy !== undefined && expected !== undefined) {
    const { difference, interval } = kept.difference;
    const isNoise = interval.low <= 0 && interval.high >= 0;
    found.push({
      label: `Accuracy: ${kept.variant.name}`,
      text: `${formatSigned(difference * 100, 1)} points`,
      note: `${formatPercent(accuracy.top1)} instead of ${formatPercent(expected)}${isNoise ? ", within the noise" : ""}`,
      ...(!isNoise && { tone: difference > 0 ? ("good" as const) : ("bad" as const) }),
    });
  }
  return found.length === 0 ? [] : [{ kind: "tiles", tiles: found }];
}

function verdicts(rows: readonly Compared[]): ReportBlock[] {
  return rows.flatMap((row): ReportBlock[] => {
    const text = verdictOf(row);
    if (text === undefined || row.speedUp === undefined) return [];
    const isWorse = (row.difference?.interval.high ?? 0) < 0;
    const isGood = row.sizeRatio < 1 && row.speedUp.low > 1 && !isWorse;
    return [{ kind: "callout", tone: isWorse ? "warning" : isGood ? "good" : "info", text }];
  });
}

function charts({ rows, baseline }: Comparison): ReportBlock[] {
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
  blocks.push(bytesBars("Size on disk", rows, { value: (r) => r.bytes, reference }));
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
    x: { title: x.title, unit: x.unit, scale: "linear" },
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

function perClass(rows: readonly Compared[]): ReportBlock[] {
  const measured = rows.flatMap(({ variant }) => {
    const accuracy = variant.measurements?.accuracy;
    return accuracy === undefined ? [] : [{ variant, accuracy }];
  });
  const [first] = measured;
  if (first === undefined) return [];
  return [
    {
      kind: "table",
      title: "Accuracy by class",
      collapsed: true,
      columns: [
        { title: "Class", align: "start" },
        { title: "Samples", align: "end" },
        ...measured.map(({ variant }) => ({ title: variant.name, unit: "%", align: "end" as const })),
      ],
      rows: first.accuracy.perClass.map(({ label, samples }, i) => [
        { text: label },
        { text: String(samples), value: samples },
        ...measured.map(({ accuracy }) => {
          const own = accuracy.perClass[i];
          if (own === undefined || own.samples === 0) return { text: "—" };
          const value = (100 * own.correct) / own.samples;
          return { text: formatFixed(value, 1), value };
        }),
      ]),
    },
  ];
}

async function variantSection(project: Project, variant: Variant): Promise<ReportBlock[]> {
  const { recipe } = variant;
  const parent = project.store.variants().find((v) => v.id === variant.parent);
  const method = recipe === null ? undefined : (await loadCatalogue()).get(recipe.method);
  const blocks: ReportBlock[] = [
    { kind: "heading", level: 2, text: variant.name },
    {
      kind: "text",
      text:
        recipe === null
          ? "Imported as it is."
          : (method?.info.summary ?? `Made by ${recipe.method}, which this Lathe does not have.`),
    },
    ...variant.warnings.map((text): ReportBlock => ({ kind: "callout", tone: "warning", text })),
    {
      kind: "facts",
      facts: [
        ...(recipe === null
          ? []
          : [
              { name: "Method", value: `${recipe.method}, version ${recipe.version}` },
              { name: "Made from", value: parent?.name ?? recipe.from ?? "unknown" },
              { name: "Seed and threads", value: `${recipe.seed}, ${recipe.threads}` },
            ]),
        { name: "SHA-256 of the model", value: variant.model.sha256 },
        { name: "Made", value: variant.at.replace("T", " ").replace(/\.\d+Z$/, " UTC") },
        { name: "With", value: `Lathe ${variant.engine.lathe}, ${variant.engine.runtime}, ${variant.engine.platform}` },
      ],
    },
  ];
  if (recipe !== null && method !== undefined) blocks.push(...method.report(variant.findings, recipe.params));
  const against = variant.measurements?.accuracy?.against;
  if (against !== undefined) {
    blocks.push({ kind: "text", text: disagreement(against) });
  }
  if (recipe !== null)
    blocks.push(
      { kind: "heading", level: 3, text: "Recipe" },
      { kind: "code", language: "json", text: JSON.stringify(recipe, undefined, 2) },
    );
  return blocks;
}

function disagreement({ disagree, gained, lost }: NonNullable<Accuracy["against"]>): string {
  if (disagree === 0) return "It answers every sample as the baseline does.";
  const samples = disagree === 1 ? "one sample" : `${disagree} samples`;
  const rest = disagree - gained - lost;
  return `It answers ${samples} differently from the baseline: ${gained} right instead of wrong, ${lost} wrong instead of right${rest === 0 ? "" : `, ${rest} wrong in another way`}.`;
}

function protocol(project: Project, baseline: Variant, rows: readonly Compared[]): ReportBlock[] {
  const measurements = baseline.measurements ?? undefined;
  if (measurements === undefined) {
    return [{ kind: "callout", tone: "info", text: "Nothing has been measured yet: lathe compare --measure." }];
  }
  const data = findData(project, undefined);
  const facts = [
    { name: "Machine", value: measurements.machine },
    ...latencyFacts(measurements, rows),
    ...(measurements.accuracy === undefined
      ? []
      : [
          {
            name: "Accuracy",
            value: `${formatCount(measurements.accuracy.samples)} samples of the ${measurements.accuracy.split} split; Wilson intervals; differences are paired, sample by sample`,
          },
        ]),
    ...(measurements.memory === undefined
      ? []
      : [
          {
            name: "Peak memory",
            value: `Highest resident size of a process that only loads and runs the model, batch ${measurements.memory.batch}; the runtime alone takes ${formatBytes(measurements.memory.floor)}`,
          },
        ]),
    ...(data === undefined
      ? []
      : [
          {
            name: "Data",
            value: `${data.name}: ${data.info.count} samples, ${data.info.format}, fingerprint ${data.info.fingerprint}`,
          },
          { name: "Preparation", value: JSON.stringify(data.preprocessing) },
          { name: "Splits", value: JSON.stringify(data.splits) },
        ]),
  ];
  return [{ kind: "facts", facts }];
}

function latencyFacts({ latency }: Measurements, rows: readonly Compared[]): { name: string; value: string }[] {
  return latency.map((l) => ({
    name: `Latency, batch ${l.batch}`,
    value: `${l.device}, ${l.provider}, ${l.threads} ${l.threads === 1 ? "thread" : "threads"}; ${l.warmup} warm-up and ${l.runs} timed calls; ${l.interleaved ? `${rows.length} variants in turns, call by call; ` : ""}median with a distribution-free interval`,
  }));
}
