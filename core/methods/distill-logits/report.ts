import type { ReportBlock } from "../../contract/report.ts";
import type { DistillFindings } from "../distillFindings.ts";
import { distillReport } from "../distillReport.ts";
import type { Params } from "./params.ts";

const LOSSES = { kl: "Kullback–Leibler", js: "Jensen–Shannon" } as const;

/** What the teacher brought. */
export function report(findings: DistillFindings, params: Params): readonly ReportBlock[] {
  const { loss, temperature, teacherWeight, epochs } = params;
  return distillReport(findings, [
    { name: "Loss", value: `${LOSSES[loss]} at temperature ${temperature}` },
    {
      name: "Weight of the teacher",
      value: teacherWeight === 1 ? "all; no labels" : `${teacherWeight}, the labels have the rest`,
    },
    { name: "Epochs", value: String(epochs) },
  ]);
}
