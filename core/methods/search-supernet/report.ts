import { formatMilliseconds, formatPercent } from "../../base/format.ts";
import type { ReportBlock } from "../../contract/report.ts";
import { searchReport } from "../searchReport.ts";
import type { SupernetFindings } from "./findings.ts";

/** How the supernet was trained, and what its subnets came to. */
export function report(findings: SupernetFindings): readonly ReportBlock[] {
  const { losses, samples, largest, difference, alone, measured, front } = findings;
  const labelOf = (place: number): string => `${front[place]!.group} ${front[place]!.number + 1}`;
  const blocks: ReportBlock[] = [
    ...searchReport(findings),
    {
      kind: "facts",
      facts: [
        { name: "Samples seen by the supernet", value: samples.toLocaleString("en-US") },
        { name: "Largest subnet", value: formatPercent(largest.accuracy, 2) },
        { name: "Greatest difference between supernet and exported net", value: difference.toExponential(1) },
      ],
    },
    {
      kind: "lines",
      title: "Loss of the largest subnet",
      x: { title: "Epoch", scale: "linear" },
      y: { title: "Loss", scale: "linear" },
      series: [{ label: "largest", points: losses.map((loss, i): [number, number] => [i + 1, loss]) }],
    },
  ];
  if (measured !== undefined) {
    blocks.push({
      kind: "table",
      title: "Latency, predicted and measured",
      columns: [
        { title: "Net", align: "start" },
        { title: "Predicted", unit: "ms", align: "end" },
        { title: "Measured", unit: "ms", align: "end" },
      ],
      rows: measured.map(({ place, latency }) => {
        const predicted = front[place]!.values["latency"] ?? 0;
        return [
          { text: labelOf(place) },
          { text: formatMilliseconds(predicted), value: predicted },
          { text: formatMilliseconds(latency), value: latency },
        ];
      }),
    });
  }
  if (alone.length > 0) {
    blocks.push({
      kind: "table",
      title: "The same nets trained alone with as many samples",
      columns: [
        { title: "Net", align: "start" },
        { title: "From the supernet", unit: "%", align: "end" },
        { title: "Alone", unit: "%", align: "end" },
        { title: "Share", unit: "%", align: "end" },
      ],
      rows: alone.map((a) => [
        { text: labelOf(a.place) },
        { text: formatPercent(a.shared, 2), value: 100 * a.shared },
        { text: formatPercent(a.alone, 2), value: 100 * a.alone },
        { text: formatPercent(a.shared / a.alone, 1), value: (100 * a.shared) / a.alone },
      ]),
    });
  }
  return blocks;
}
