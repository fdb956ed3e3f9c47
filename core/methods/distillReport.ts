import { formatBytes } from "../base/format.ts";
import type { ReportBlock } from "../contract/report.ts";
import type { DistillFindings } from "./distillFindings.ts";
import { scoresBlock } from "./scores.ts";
import { courseBlock } from "./courseBlock.ts";

/** What both kinds of distillation show: facts of their own first, then accuracies and their course. */
export function distillReport(
  { history, plain, samples, unlabelled, answers, scores }: DistillFindings,
  facts: readonly { readonly name: string; readonly value: string }[],
): readonly ReportBlock[] {
  const own: ReportBlock = {
    kind: "facts",
    facts: [
      ...facts,
      { name: "Labelled samples", value: String(samples.labelled) },
      ...(samples.unlabelled > 0 ? [{ name: "Unlabelled samples", value: String(samples.unlabelled) }] : []),
      ...(unlabelled ? [{ name: "Unlabelled data", value: unlabelled.path }] : []),
      ...(answers
        ? [
            {
              name: "The teacher's answers",
              value: `${answers.views} of each sample, ${formatBytes(answers.bytes)}; ${answers.found} found on disk`,
            },
          ]
        : []),
    ],
  };
  return [own, ...(scores ? [scoresBlock(scores)] : []), ...courseBlock({ Distilled: history, Undistilled: plain })];
}
