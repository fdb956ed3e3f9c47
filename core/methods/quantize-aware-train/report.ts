import { formatPercent } from "../../base/format.ts";
import type { ReportBlock } from "../../contract/report.ts";
import { formatOf } from "../../transform/formats.ts";
import { scoresBlock } from "../scores.ts";
import type { Findings } from "./findings.ts";
import type { Params } from "./params.ts";

/** How the training went and what it gained over quantising afterwards. */
export function report(findings: Findings, params: Params): readonly ReportBlock[] {
  const { layers, history, frozen, samples, scores, execution } = findings;
  const blocks: ReportBlock[] = [
    {
      kind: "facts",
      facts: [
        { name: "Weights", value: `${params.weightBits} bits` },
        { name: "Activations", value: params.activationBits === 32 ? "float" : `${params.activationBits} bits` },
        {
          name: "Estimator",
          value: params.estimator === "lsq" ? "learned steps" : "straight-through, steps of calibration",
        },
        { name: "Epochs", value: `${history.length}, the last ${frozen} with frozen statistics` },
        { name: "Training samples", value: String(samples) },
        { name: "Same answers executed and simulated", value: formatPercent(execution.agreement) },
        { name: "Divergence of execution from simulation", value: `${execution.kl.toExponential(2)} nats` },
      ],
    },
  ];
  if (scores !== undefined) blocks.push(scoresBlock(scores));
  blocks.push(
    lines(
      "Training loss",
      history.map((h) => [h.epoch, h.loss]),
    ),
  );
  return [...blocks, layerTable(layers)];
}

function lines(title: string, points: [number, number][]): ReportBlock {
  return {
    kind: "lines",
    title,
    x: { title: "Epoch", scale: "linear" },
    y: { title, scale: "linear" },
    series: [{ label: title, points }],
  };
}

function layerTable(layers: Findings["layers"]): ReportBlock {
  return {
    kind: "table",
    title: "Layers",
    columns: [
      { title: "Layer", align: "start" },
      { title: "Op", align: "start" },
      { title: "Format", align: "start" },
      { title: "Computed", align: "start" },
      { title: "Step, after over before", align: "end" },
    ],
    rows: layers.map(({ node, op, format, stepChange }) => {
      const { isSimulated, activations } = formatOf(format);
      const computed = isSimulated ? "simulated" : activations === 8 ? "in eight bits" : "in float";
      return [
        { text: node },
        { text: op },
        { text: format },
        { text: computed },
        { text: stepChange.toFixed(3), value: stepChange },
      ];
    }),
    collapsed: true,
  };
}
