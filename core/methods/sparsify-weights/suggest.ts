import { isFaster, isFloat, knowsSomething, type ProjectFacts, type Suggestion } from "../suggestion.ts";

/** For size alone, where nothing that was made so far is faster on this device. */
export function suggest({ baseline, others, hasData, tried }: ProjectFacts): Suggestion | undefined {
  const timed = others.filter((v) => v.made !== undefined && v.speedUp !== undefined);
  const isOpen = hasData && isFloat(baseline) === true && knowsSomething(baseline);
  if (!isOpen || timed.length === 0 || timed.some(isFaster) || tried.some((t) => t.family === "sparsify"))
    return undefined;
  const none =
    timed.length === 1 ? `${timed[0]!.name} is not faster` : `None of the ${timed.length} timed variants is faster`;
  return {
    text: "Make weights sparse, for size alone",
    reason: `${none} than ${baseline.name} on this device. Sparse weights are not faster either, but take less to store and send.`,
    from: baseline.id,
    takes: "minutes",
  };
}
