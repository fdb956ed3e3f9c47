import { formatCount } from "../../base/format.ts";
import type { ReportBlock } from "../../contract/report.ts";
import { distillReport } from "../distillReport.ts";
import type { Findings } from "./findings.ts";
import type { Params } from "./params.ts";

const LOSSES = {
  attention: "attention: where inner values are large",
  mse: "the values themselves, through adapters",
  distance: "distances between samples",
  angle: "angles between samples",
} as const;

/** What the teacher's inner values brought, and which they were. */
export function report(findings: Findings, params: Params): readonly ReportBlock[] {
  const { featureLoss, featureWeight, teacherWeight, epochs } = params;
  const { pairs, adapters } = findings;
  const pairsBlock: ReportBlock = {
    kind: "table",
    title: "Pairs of values",
    columns: [
      { title: "Student", align: "start" },
      { title: "Size", align: "start" },
      { title: "Teacher", align: "start" },
      { title: "Size", align: "start" },
    ],
    rows: pairs.map(({ student, teacher, shapes: [own = [], other = []] }) => [
      { text: student },
      { text: own.join(" × ") },
      { text: teacher },
      { text: other.join(" × ") },
    ]),
  };
  const blocks = distillReport(findings, [
    { name: "What is imitated", value: LOSSES[featureLoss] },
    { name: "Weight of the features", value: String(featureWeight) },
    ...(teacherWeight > 0 ? [{ name: "Weight of the answers", value: String(teacherWeight) }] : []),
    ...(adapters > 0 ? [{ name: "Adapters, for training alone", value: `${formatCount(adapters)} weights` }] : []),
    { name: "Epochs", value: String(epochs) },
  ]);
  return [...blocks, pairsBlock];
}
