import { formatCount, formatPercent } from "../../base/format.ts";
import type { ReportBlock, TableCell } from "../../contract/report.ts";
import { formatOf } from "../../transform/formats.ts";
import { scoresBlock } from "../scores.ts";
import { formatCost, type Findings, type FrontPoint } from "./findings.ts";
import type { Params } from "./params.ts";

const text = (content: string): TableCell => ({ text: content });
const small = (value: number): TableCell => ({ text: value === 0 ? "0" : value.toExponential(2), value });

const SENSITIVITIES: Readonly<Record<Params["sensitivity"], string>> = {
  kl: "divergence of the outputs, one layer at a time",
  hessian: "squared weight error times the mean of the Hessian's diagonal",
  accuracy: "answers lost, one layer at a time",
};

/** What was chosen for each layer and what it had to beat. */
export function report(findings: Findings, params: Params): readonly ReportBlock[] {
  const { unit, eightBits, float, limit, front, scores, times, samples, traceError } = findings;
  const point = front.find((p) => p.limit === limit)!;
  const cost = costCell(unit);
  const blocks: ReportBlock[] = [
    {
      kind: "facts",
      facts: [
        {
          name: "Budget",
          value: `${cost(point.wanted ?? point.budget).text}, ${formatPercent(limit)} of eight bits everywhere`,
        },
        ...(point.wanted === undefined ? [] : [{ name: "Least that can be", value: cost(point.budget).text }]),
        { name: "Reached", value: cost(point.actual).text },
        { name: "Eight bits everywhere", value: cost(eightBits).text },
        { name: "Float", value: cost(float).text },
        { name: "Sensitivity", value: SENSITIVITIES[params.sensitivity] },
        { name: "Harm, added up", value: point.harm.toExponential(2) },
        { name: "Divergence of the outputs, measured", value: `${point.kl.toExponential(2)} nats` },
        { name: "Calibration samples", value: String(samples) },
        ...(traceError === undefined
          ? []
          : [{ name: "Standard error of a trace, median", value: formatPercent(traceError) }]),
        {
          name: "One call here",
          value: `${times.mixed.toFixed(3)} ms; eight bits ${times.eightBits.toFixed(3)} ms, float ${times.float.toFixed(3)} ms`,
        },
      ],
    },
  ];
  if (unit === "ms") {
    const ratio = times.mixed / point.predicted;
    blocks.push({
      kind: "callout",
      tone: Math.abs(ratio - 1) > 0.1 ? "warning" : "info",
      text: `The table of layers says ${point.predicted.toFixed(3)} ms, the model takes ${times.mixed.toFixed(3)} ms, ${ratio.toFixed(2)} times as long. The table comes from the profiler, which costs time itself, and knows nothing of what changes of format between layers cost.`,
    });
  }
  if (scores !== undefined) blocks.push(scoresBlock(scores));
  if (front.length > 1) blocks.push(...frontBlocks(findings));
  return [...blocks, layerTable(findings)];
}

const costCell =
  (unit: Findings["unit"]) =>
  (value: number): TableCell => ({ text: formatCost(unit, value), value });

function frontBlocks({ unit, front, limit }: Findings): readonly ReportBlock[] {
  const cost = costCell(unit);
  const percent = (share: number | undefined): TableCell =>
    share === undefined ? text("") : { text: formatPercent(share), value: share };
  const table: ReportBlock = {
    kind: "table",
    title: "Front: each budget, and the best uniform format within it",
    columns: [
      { title: "Limit", align: "end" },
      { title: "Cost", align: "end" },
      { title: "Accuracy", align: "end" },
      { title: "Output KL", unit: "nats", align: "end" },
      { title: "Uniform", align: "start" },
      { title: "Its cost", align: "end" },
      { title: "Its accuracy", align: "end" },
      { title: "Its output KL", unit: "nats", align: "end" },
    ],
    rows: front.map((p: FrontPoint) => [
      { text: `${formatPercent(p.limit)}${p.limit === limit ? " (this)" : ""}`, value: p.limit },
      cost(p.actual),
      percent(p.accuracy),
      small(p.kl),
      text(p.uniform?.format ?? "none fits"),
      p.uniform === undefined ? text("") : cost(p.uniform.actual),
      percent(p.uniform?.accuracy),
      p.uniform === undefined ? text("") : small(p.uniform.kl),
    ]),
  };
  const scored = front.filter((p) => p.accuracy !== undefined);
  if (scored.length < 2) return [table];
  const uniform = new Map(
    front.flatMap(({ uniform: u }) => (u?.accuracy === undefined ? [] : [[u.format, [u.actual, u.accuracy] as const]])),
  );
  const scatter: ReportBlock = {
    kind: "scatter",
    title: "Cost against accuracy",
    x: { title: "Cost", unit, scale: "linear" },
    y: { title: "Validation accuracy", unit: "%", scale: "linear" },
    points: [
      ...scored.map((p) => ({ label: formatPercent(p.limit), x: p.actual, y: 100 * p.accuracy!, group: "Mixed" })),
      ...[...uniform].map(([format, [x, y]]) => ({ label: format, x, y: 100 * y, group: "Uniform" })),
    ],
  };
  return [table, scatter];
}

function layerTable({ layers, unit }: Findings): ReportBlock {
  const cost = costCell(unit);
  return {
    kind: "table",
    title: "What each layer became",
    columns: [
      { title: "Layer", align: "start" },
      { title: "Op", align: "start" },
      { title: "Weights", align: "end" },
      { title: "MACs", align: "end" },
      { title: "Format", align: "start" },
      { title: "Computed", align: "start" },
      { title: "Cost", align: "end" },
      { title: "Harm", align: "end" },
    ],
    rows: layers.map(({ node, op, weights, macs, format, choices }) => {
      const own = choices.find((c) => c.format === format);
      return [
        text(node),
        text(op),
        { text: formatCount(weights), value: weights },
        { text: formatCount(macs), value: macs },
        text(format),
        text(computed(format)),
        own === undefined ? text("") : cost(own.cost),
        own === undefined ? text("") : small(own.harm),
      ];
    }),
    collapsed: true,
  };
}

/** What runs: below eight bits weights are stored as said and computed with in eight. */
function computed(name: Findings["layers"][number]["format"]): string {
  const { activations, isSimulated } = formatOf(name);
  if (isSimulated) return "simulated";
  return activations === 8 ? "in eight bits" : "in float";
}
