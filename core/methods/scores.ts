import type { Interval } from "../contract/measurement.ts";
import type { ReportBlock, TableCell } from "../contract/report.ts";
import { formatPercent, formatSigned } from "../base/format.ts";
import type { Model } from "../graph/model.ts";
import { compareWithBaseline, measureAccuracy, type MeasuredAccuracy } from "../measure/accuracy.ts";
import { pairedDifference } from "../measure/statistics.ts";
import { withSession } from "../runtime/session.ts";
import type { Score, Scores } from "./findingParts.ts";
import type { TrainingContext } from "./fineTune.ts";

/**
 * Measures the method's model and those that it has to be compared with on the validation samples. Undefined where there
 * are none or they have no labels.
 */
export async function scoreModels(
  { split, session, host, signal }: TrainingContext,
  own: { readonly label: string; readonly model: Model },
  others: readonly { readonly label: string; readonly model: Model }[],
): Promise<Scores | undefined> {
  const stream = split?.("validation");
  if (stream?.classes === undefined || stream.count === 0) return undefined;
  const measure = (model: Model): Promise<MeasuredAccuracy> =>
    withSession(model, { ...session, host }, (open) =>
      measureAccuracy(open, stream, { split: "validation", batch: 64, signal }),
    );
  const mine = await measure(own.model);
  const scores: Score[] = [scoreOf(own.label, mine)];
  for (const { label, model } of others) {
    const found = await measure(model);
    const { gained, lost } = compareWithBaseline({ ...found, variant: label }, mine);
    const { difference, interval } = pairedDifference(gained, lost, stream.count);
    scores.push({ ...scoreOf(label, found), difference: { value: difference, interval } });
  }
  return { samples: stream.count, scores };
}

const scoreOf = (label: string, { accuracy }: MeasuredAccuracy): Score => ({
  label,
  accuracy: accuracy.top1,
  interval: accuracy.top1Interval,
});

/** The accuracies side by side, each with its interval. */
export function scoresBlock({ samples, scores }: Scores): ReportBlock {
  return {
    kind: "table",
    title: `Accuracy on ${samples} validation samples`,
    columns: [
      { title: "Model", align: "start" },
      { title: "Accuracy", align: "end" },
      { title: "This result beside it", align: "end" },
    ],
    rows: scores.map(({ label, accuracy, interval, difference }): TableCell[] => [
      { text: label },
      {
        text: formatPercent(accuracy),
        value: accuracy,
        interval: [interval.low, interval.high],
        note: `${formatPercent(interval.low)} to ${formatPercent(interval.high)}`,
      },
      difference === undefined
        ? { text: "" }
        : {
            text: `${formatSigned(100 * difference.value, 1)} points`,
            value: difference.value,
            interval: [difference.interval.low, difference.interval.high],
            note: `${formatSigned(100 * difference.interval.low, 1)} to ${formatSigned(100 * difference.interval.high, 1)}`,
            tone: toneOf(difference.interval),
          },
    ]),
  };
}

/** Good or bad only where the interval leaves no doubt. */
function toneOf({ low, high }: Interval): "good" | "bad" | "neutral" {
  if (low > 0) return "good";
  return high < 0 ? "bad" : "neutral";
}
