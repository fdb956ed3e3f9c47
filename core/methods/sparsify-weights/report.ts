import { formatBytes, formatCount, formatFixed, formatMilliseconds, formatPercent } from "../../base/format.ts";
import type { ReportBlock, TableCell } from "../../contract/report.ts";
import { scoresBlock } from "../scores.ts";
import type { Findings, LayerSparsity } from "./findings.ts";
import type { Params } from "./params.ts";
import { courseBlock } from "../courseBlock.ts";

/** Where the zeros are, what they cost, and what they bring. */
export function report(
  { layers, history, epochs, scores, sizes, gate }: Findings,
  params: Params,
): readonly ReportBlock[] {
  const total = sum(layers.map((l) => l.elements));
  const zeros = sum(layers.map((l) => l.zeros));
  const taking = layers.filter((l) => l.reason === undefined);
  const part = sum(taking.map((l) => l.zeros)) / Math.max(1, sum(taking.map((l) => l.elements)));
  const facts: ReportBlock = {
    kind: "facts",
    facts: [
      { name: "Zeros", value: `${formatPercent(zeros / Math.max(1, total))} of ${formatCount(total)} weights` },
      { name: "In the layers that take part", value: formatPercent(part) },
      { name: "Pattern", value: params.pattern },
      { name: "Criterion", value: `${params.criterion}, ${params.scope}` },
      {
        name: "Schedule",
        value:
          epochs === 0
            ? `${params.schedule}, untrained`
            : `${params.schedule}, ${epochs} ${epochs === 1 ? "epoch" : "epochs"}`,
      },
    ],
  };
  return [
    speedBlock(gate),
    facts,
    ...(scores === undefined ? [] : [scoresBlock(scores)]),
    sizesBlock(sizes),
    layersBlock(layers),
    ...courseBlock({ Accuracy: history }),
  ];
}

function speedBlock({ speedup, beforeMs, afterMs, batch, threads, verdict, reasons }: Findings["gate"]): ReportBlock {
  const times = `${formatMilliseconds(beforeMs)} → ${formatMilliseconds(afterMs)}, batch ${batch}, ${threads} ${threads === 1 ? "thread" : "threads"}`;
  const measured = `The sparse model runs at ${formatFixed(speedup, 2)}× the speed of the dense one on this machine (${times}).`;
  return { kind: "callout", tone: verdict === "slower" ? "warning" : "info", text: [measured, ...reasons].join(" ") };
}

function sizesBlock({ before, after }: Findings["sizes"]): ReportBlock {
  const row = (title: string, key: keyof typeof before): TableCell[] => [
    { text: title },
    { text: formatBytes(before[key]), value: before[key] },
    { text: formatBytes(after[key]), value: after[key] },
    { text: `${formatFixed(before.file / after[key], 1)}×`, value: before.file / after[key] },
  ];
  return {
    kind: "table",
    title: "What it takes to store or send",
    columns: [
      { title: "Form", align: "start" },
      { title: "Before", align: "end" },
      { title: "After", align: "end" },
      { title: "Smaller than the dense file", align: "end" },
    ],
    rows: [
      row("ONNX file", "file"),
      row("ONNX file, deflated", "deflated"),
      row("Bitmap and values", "bitmap"),
      row("Bitmap and values, deflated", "bitmapDeflated"),
    ],
  };
}

function layersBlock(layers: readonly LayerSparsity[]): ReportBlock {
  return {
    kind: "table",
    title: "Layers",
    columns: [
      { title: "Node", align: "start" },
      { title: "Weight", align: "start" },
      { title: "Elements", align: "end" },
      { title: "Zeros", align: "end" },
      { title: "Dense because", align: "start" },
    ],
    rows: layers.map(({ node, dims, elements, zeros, reason = "" }) => [
      { text: node },
      { text: dims.join(" × ") },
      { text: formatCount(elements), value: elements },
      { text: formatPercent(zeros / elements), value: zeros / elements },
      { text: reason },
    ]),
    collapsed: true,
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, x) => all + x, 0);
