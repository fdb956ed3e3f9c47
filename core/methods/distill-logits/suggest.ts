import { isFaster, isFloat, pointsText, type ProjectFacts, type Suggestion } from "../suggestion.ts";

/** Where a float variant that is smaller or faster than the baseline lost accuracy: it can learn from the baseline. */
export function suggest(facts: ProjectFacts): Suggestion | undefined {
  const { baseline, others, hasData, tried } = facts;
  const isBetter = (v: (typeof others)[number]): boolean => v.bytes < baseline.bytes || isFaster(v);
  const isOpen = (v: (typeof others)[number]): boolean =>
    v.made !== undefined &&
    v.made.family !== "distill" &&
    isFloat(v) === true &&
    !tried.some((t) => t.family === "distill" && t.from === v.id);
  const [worst] = others
    .filter((v) => isOpen(v) && isBetter(v) && (v.difference?.high ?? 0) < 0)
    .toSorted((a, b) => a.difference!.value - b.difference!.value);
  if (!hasData || worst?.difference === undefined) return undefined;
  return {
    text: `Distil ${baseline.name} into ${worst.name}`,
    reason: `${worst.name} lost ${pointsText(-worst.difference.value)} against ${baseline.name}, more than chance explains. It can learn from its answers.`,
    from: worst.id,
    takes: "minutes",
  };
}
