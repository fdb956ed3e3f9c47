import { formatBytes, formatCount, formatFixed, formatMilliseconds, formatPercent } from "../base/format.ts";
import type { ReportBlock, TableCell } from "../contract/report.ts";
import { wilsonInterval } from "../measure/statistics.ts";
import { effortOf, type SearchFindings, type TriedNet } from "./searchFindings.ts";

const TITLES: Readonly<Record<string, { readonly title: string; readonly unit: string; readonly scale: number }>> = {
  accuracy: { title: "Validation accuracy", unit: "%", scale: 100 },
  latency: { title: "Latency of one sample", unit: "ms", scale: 1 },
  macs: { title: "Multiply–accumulates", unit: "millions", scale: 1e-6 },
  size: { title: "Weights", unit: "kB", scale: 1e-3 },
  memory: { title: "Weights and activations", unit: "kB", scale: 1e-3 },
};

/** What a search found, beside random nets of the same space at the same effort. */
export function searchReport(findings: SearchFindings): readonly ReportBlock[] {
  const { objectives, front, chosen, groups, improvement, points, predictor, final } = findings;
  const cost = objectives[1]!.name;
  const best = front[chosen];
  const most = best === undefined ? 1 : effortOf(best);
  const blocks: ReportBlock[] = [
    {
      kind: "facts",
      facts: [
        {
          name: "Points of the space",
          value: points === undefined ? "more than can be counted" : formatPoints(points),
        },
        { name: "Nets tried", value: groups.map((g) => `${g.nets.length} ${g.group}`).join(", ") },
        { name: "Validation samples", value: String(findings.validation) },
        ...(best === undefined ? [] : objectives.map((o) => ({ name: titleOf(o.name), value: figure(best, o.name) }))),
        ...(improvement === undefined
          ? []
          : [
              {
                name: "Gain of the best accuracy over the mean random net",
                value: `${formatPercent(improvement.relative, 2)} (random: ${formatPercent(improvement.mean)} ± ${formatPercent(improvement.deviation)}, best ${formatPercent(improvement.best)})`,
              },
            ]),
        ...(final === undefined
          ? []
          : [{ name: `After ${final.epochs} epochs`, value: formatPercent(final.accuracy, 2) }]),
        ...groups.map((g) => ({ name: `Hypervolume, ${g.group}`, value: formatFixed(g.hypervolume.at(-1) ?? 0, 4) })),
      ],
    },
    ...(predictor === undefined ? [] : [predictorBlock(predictor)]),
    {
      kind: "scatter",
      title: "Nets tried",
      x: axisOf(cost),
      y: axisOf("accuracy"),
      points: groups.flatMap((g) =>
        g.nets
          .filter((t) => t.state === "done" && effortOf(t) === most)
          .map((t) => ({ label: labelOf(t), x: scaled(t, cost), y: scaled(t, "accuracy"), group: g.group })),
      ),
      front: front.map(labelOf),
    },
    {
      kind: "lines",
      title: "Hypervolume over time",
      x: { title: "Nets", scale: "linear" },
      y: { title: "Hypervolume", scale: "linear" },
      series: groups.map((g) => ({
        label: g.group,
        points: g.hypervolume.map((v, i): [number, number] => [i + 1, v]),
      })),
    },
    frontTable(findings),
  ];
  return blocks;
}

function predictorBlock({ nets, blocks, error, tau, sum }: NonNullable<SearchFindings["predictor"]>): ReportBlock {
  return {
    kind: "text",
    text:
      `Latency is predicted from a table of ${blocks} blocks and ${nets} whole nets measured on this device. ` +
      `On nets left out of the fit it errs by ${formatPercent(error)} on average (rank correlation τ ${tau.toFixed(2)}); ` +
      `the mere sum of the table by ${formatPercent(sum.error)} (τ ${sum.tau.toFixed(2)}).`,
  };
}

function frontTable({ front, objectives, chosen, validation }: SearchFindings): ReportBlock {
  return {
    kind: "table",
    title: "The front",
    columns: [
      { title: "Net", align: "start" },
      ...objectives.map(({ name }) => ({
        title: titleOf(name),
        unit: TITLES[name]?.unit ?? "",
        align: "end" as const,
      })),
      { title: "Found by", align: "start" },
      { title: "Parameters", align: "start" },
    ],
    rows: front.map((t, i): TableCell[] => [
      { text: labelOf(t), ...(i === chosen && { tone: "best" as const }) },
      ...objectives.map(({ name }) => cellOf(t, name, validation)),
      { text: t.origin },
      { text: JSON.stringify(t.point) },
    ]),
  };
}

function cellOf(net: TriedNet, name: string, validation: number): TableCell {
  const value = scaled(net, name);
  if (name !== "accuracy" || validation === 0) return { text: figure(net, name), value };
  const { low, high } = wilsonInterval(Math.round((net.values["accuracy"] ?? 0) * validation), validation);
  return { text: figure(net, name), value, interval: [low * 100, high * 100] };
}

const labelOf = ({ group, number }: TriedNet): string => `${group} ${number + 1}`;

const titleOf = (name: string): string => TITLES[name]?.title ?? name;

function axisOf(name: string): { readonly title: string; readonly unit?: string; readonly scale: "linear" } {
  const unit = TITLES[name]?.unit;
  return { title: titleOf(name), scale: "linear", ...(unit !== undefined && { unit }) };
}

const scaled = ({ values }: TriedNet, name: string): number => (values[name] ?? 0) * (TITLES[name]?.scale ?? 1);

function figure({ values }: TriedNet, name: string): string {
  const value = values[name] ?? 0;
  switch (name) {
    case "accuracy":
      return formatPercent(value, 2);
    case "latency":
      return formatMilliseconds(value);
    case "macs":
      return formatCount(value);
    default:
      return formatBytes(value);
  }
}

const formatPoints = (points: number): string =>
  points < 1e6 ? points.toLocaleString("en-US") : points.toExponential(1).replace("e+", " · 10^");
