import { formatCount, formatPercent } from "../../base/format.ts";
import type { ReportBlock } from "../../contract/report.ts";
import type { Findings } from "./findings.ts";
import type { Params } from "./params.ts";

/** How the training went. */
export function report(
  { history, extent, samples, parameters, epoch }: Findings,
  params: Params,
): readonly ReportBlock[] {
  const kept = history.find((h) => h.epoch === epoch);
  const blocks: ReportBlock[] = [
    {
      kind: "facts",
      facts: [
        { name: "Weights trained", value: formatCount(parameters) },
        { name: "Training samples", value: String(samples) },
        { name: "Updates", value: `${extent.updates} of ${extent.batch * params.accumulate} samples` },
        { name: "Optimiser", value: `${params.optimizer}, rate ${params.rate}, ${params.schedule}` },
        { name: "Weights of epoch", value: `${epoch} of ${params.epochs}` },
        ...(kept?.accuracy === undefined ? [] : [{ name: "Validation accuracy", value: formatPercent(kept.accuracy) }]),
      ],
    },
    lines(
      "Training loss",
      "",
      history.map((h) => [h.epoch, h.loss]),
    ),
  ];
  const accuracies = history.flatMap(({ epoch: at, accuracy }): [number, number][] =>
    accuracy === undefined ? [] : [[at, accuracy * 100]],
  );
  if (accuracies.length > 0) blocks.push(lines("Validation accuracy", "%", accuracies));
  return blocks;
}

function lines(title: string, unit: string, points: [number, number][]): ReportBlock {
  return {
    kind: "lines",
    title,
    x: { title: "Epoch", scale: "linear" },
    y: { title, ...(unit !== "" && { unit }), scale: "linear" },
    series: [{ label: title, points }],
  };
}
