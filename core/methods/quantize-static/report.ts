import type { ReportBlock, TableCell } from "../../contract/report.ts";
import { gateBlock } from "../gateBlock.ts";
import { keptBlock } from "../keptBlock.ts";
import type { Findings } from "./findings.ts";
import { targetFact } from "../targetFact.ts";
import type { Params } from "./params.ts";

const number = (value: number, digits: number): TableCell => ({ text: value.toFixed(digits), value });
const text = (content: string): TableCell => ({ text: content });
const small = (value: number): TableCell => ({ text: value === 0 ? "0" : value.toExponential(2), value });

/** What the run decided and why, layer by layer. */
export function report(findings: Findings, params: Params): readonly ReportBlock[] {
  const blocks: ReportBlock[] = [
    gateBlock(findings.gate, "INT8"),
    {
      kind: "facts",
      facts: [
        { name: "Calibration samples", value: String(findings.samples) },
        {
          name: "Activation range",
          value: params.range === "percentile" ? `percentile ${params.percentile} %` : params.range,
        },
        {
          name: "Weights",
          value: `int8, ${params.perChannel ? "per channel" : "per tensor"}`,
        },
        targetFact(params, findings.layers),
        { name: "Activations", value: params.activations },
        { name: "Batch norms folded", value: String(findings.folded) },
        { name: "Pairs equalised", value: String(findings.equalized.length) },
        { name: "Layers quantised", value: String(findings.layers.length) },
      ],
    },
  ];
  if (findings.sensitivity.length > 0) blocks.push(sensitivityTable(findings));
  blocks.push(...keptBlock(findings.kept));
  if (findings.saturation.length > 0) blocks.push(saturationTable(findings));
  return [...blocks, rangeTable(findings)];
}

function sensitivityTable({ sensitivity, excluded }: Findings): ReportBlock {
  return {
    kind: "table",
    title: "Sensitivity: each layer quantised alone",
    columns: [
      { title: "Layer", align: "start" },
      { title: "Op", align: "start" },
      { title: "Output KL", unit: "nats", align: "end" },
      { title: "Output MSE", align: "end" },
      { title: "SQNR", unit: "dB", align: "end" },
      { title: "1 − cosine", align: "end" },
      { title: "Kept in float", align: "start" },
    ],
    rows: sensitivity.map((s) => [
      text(s.node),
      text(s.op),
      small(s.kl),
      small(s.mse),
      number(s.sqnr, 1),
      small(1 - s.cosine),
      text(excluded.includes(s.node) ? "yes" : ""),
    ]),
    collapsed: true,
  };
}

function saturationTable({ saturation }: Findings): ReportBlock {
  return {
    kind: "table",
    title: "Portability: x86 without VNNI, emulated",
    columns: [
      { title: "Layer", align: "start" },
      { title: "Pair sums that saturate", unit: "%", align: "end" },
      { title: "SQNR of the sums", unit: "dB", align: "end" },
    ],
    rows: saturation.map((s) => [text(s.node), number(s.saturated * 100, 3), number(s.sqnr, 1)]),
    collapsed: true,
  };
}

function rangeTable({ ranges }: Findings): ReportBlock {
  return {
    kind: "table",
    title: "Activation ranges",
    columns: [
      { title: "Value", align: "start" },
      { title: "Lowest", align: "end" },
      { title: "Highest", align: "end" },
      { title: "Scale", align: "end" },
      { title: "Zero point", align: "end" },
    ],
    rows: ranges.map((r) => [
      text(r.value),
      number(r.low, 4),
      number(r.high, 4),
      small(r.scale),
      number(r.zeroPoint, 0),
    ]),
    collapsed: true,
  };
}
