import { isFaster, isFloat, pointsText, type ProjectFacts, type Suggestion } from "../suggestion.ts";

/** Where a float variant that is smaller or faster than the baseline lost accuracy: the nearest one can make it up. */
export function suggest(facts: ProjectFacts): Suggestion | undefined {
  const { baseline, others, hasData, tried } = facts;
  const isBetter = (v: (typeof others)[number]): boolean => v.bytes < baseline.bytes || isFaster(v);
  const isOpen = (v: (typeof others)[number]): boolean =>
    v.made !== undefined &&
    v.made.family !== "distill" &&
    isFloat(v) === true &&
    !tried.some((t) => t.family === "distill" && t.from === v.id);
  const [nearest] = others
    .filter((v) => isOpen(v) && isBetter(v) && (v.difference?.high ?? 0) < 0)
    .toSorted((a, b) => b.difference!.value - a.difference!.value);
  if (!hasData || nearest?.difference === undefined) return undefined;
  return {
    text: `Distil ${baseline.name} into ${nearest.name}`,
    reason: `${nearest.name} lost ${pointsText(-nearest.difference.value)} against ${baseline.name}, more than chance explains. It can learn from its answers.`,
    from: nearest.id,
    takes: "minutes",
  };
}
