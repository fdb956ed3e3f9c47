import { isTried, lossesOf, pointsText, TOLERANCE, type ProjectFacts, type Suggestion } from "../suggestion.ts";

/** Where all that quantising gave so far lost more than a point, and there are samples to train on. */
export function suggest(facts: ProjectFacts): Suggestion | undefined {
  if (!facts.hasData) return undefined;
  const found = lossesOf(facts, "quantize", TOLERANCE).find(
    ({ parent }) => !isTried(facts, "quantize-aware-train", parent.id),
  );
  if (found === undefined) return undefined;
  const { best, parent, lost } = found;
  return {
    text: "Train with the rounding in place",
    reason: `${best.name} lost ${pointsText(lost)} against ${parent.name}. Trained while they are rounded, the weights can make up for it.`,
    from: parent.id,
    takes: "minutes",
  };
}
