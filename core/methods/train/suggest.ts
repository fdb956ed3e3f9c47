import { formatPercent } from "../../base/format.ts";
import { isFloat, isTried, knowsSomething, type ProjectFacts, type Suggestion } from "../suggestion.ts";

/** Where the baseline is right no more often than guessing would be. */
export function suggest(facts: ProjectFacts): Suggestion | undefined {
  const { baseline, hasData } = facts;
  const { accuracy } = baseline;
  if (!hasData || accuracy === undefined || knowsSomething(baseline)) return undefined;
  if (isFloat(baseline) !== true || isTried(facts, "train", baseline.id)) return undefined;
  return {
    text: `Train ${baseline.name}`,
    reason: `It is right on ${formatPercent(accuracy.top1)} of ${accuracy.samples.toLocaleString("en-US")} samples, no better than guessing among ${accuracy.perClass.length} classes.`,
    from: baseline.id,
    takes: "minutes",
  };
}
