import { formatBytes, formatCount, formatFixed, formatNumber, formatPercent, formatSigned } from "../base/format.ts";
import type { Accuracy, Measurements } from "../contract/measurement.ts";
import type { Variant } from "../contract/project.ts";
import type { Report, ReportBlock } from "../contract/report.ts";
import { loadCatalogue } from "../methods/catalogue.ts";
import { MARKED } from "./best.ts";
import { compareVariants, comparisonTable, verdictOf, type Compared, type Comparison } from "./compare.ts";
import { isLost } from "../store/readVariant.ts";
import { findData, type Project } from "./project.ts";
import { chartBlocks } from "./reportCharts.ts";
import { layerBlocks } from "./reportLayers.ts";
import { methodBlocks } from "./reportMethod.ts";
import { stepBlocks } from "./reportSteps.ts";
import { standoutsOf, standoutsWithinTolerance } from "./standouts.ts";

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
      ...chartBlocks(comparison),
      ...(await stepBlocks(
        project,
        rows.map((r) => r.variant),
      )),
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

/** What stands out among the variants that kept the accuracy; of all, where none did or it was not measured. */
function tiles({ rows }: Comparison): ReportBlock[] {
  const good = standoutsWithinTolerance(rows);
  const isGood = good.smallest !== undefined || good.fastest !== undefined;
  const { smallest, fastest } = isGood ? good : standoutsOf(rows);
  const within = isGood ? " within 1 point" : "";
  const base = rows[0];
  const found: Extract<ReportBlock, { kind: "tiles" }>["tiles"] = [];
  if (smallest !== undefined && base !== undefined) {
    found.push({
      label: `Smallest${within}: ${smallest.variant.name}`,
      text: `${formatFixed(1 / smallest.sizeRatio, 2)}× smaller`,
      note: `${formatBytes(smallest.bytes)} instead of ${formatBytes(base.bytes)}`,
      tone: "good",
    });
  }
  const reference = fastest?.latency?.reference;
  if (fastest?.speedUp !== undefined && fastest.latency !== undefined && reference !== undefined) {
    found.push({
      label: `Fastest${within}: ${fastest.variant.name}`,
      text: `${formatFixed(fastest.speedUp.factor, 2)}× faster`,
      note: `${formatNumber(fastest.latency.median)} ms instead of ${formatNumber(reference.median)} ms`,
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
  const { careful, found } = await methodBlocks(variant);
  const heading: ReportBlock = { kind: "heading", level: 2, text: variant.name };
  if (isLost(variant)) return [heading, ...careful];
  const blocks: ReportBlock[] = [
    heading,
    {
      kind: "text",
      text:
        recipe === null
          ? "Imported as it is."
          : (method?.info.summary ?? `Made by ${recipe.method}, which this Lathe does not have.`),
    },
    ...careful,
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
  blocks.push(...found);
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
  return [{ kind: "facts", facts }, ...(rows.length > 1 ? [{ kind: "text", text: MARKED } as const] : [])];
}

function latencyFacts({ latency }: Measurements, rows: readonly Compared[]): { name: string; value: string }[] {
  return latency.map((l) => ({
    name: `Latency, batch ${l.batch}`,
    value: `${l.device}, ${l.provider}, ${l.threads} ${l.threads === 1 ? "thread" : "threads"}; ${l.warmup} warm-up and ${l.runs} timed calls; ${l.interleaved ? `${rows.length} variants in turns, call by call; ` : ""}median with a distribution-free interval`,
  }));
}
