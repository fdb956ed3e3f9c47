import { isTried, lossesOf, pointsText, TOLERANCE, type ProjectFacts, type Suggestion } from "../suggestion.ts";

/** Where all that quantising gave so far lost more than a point. */
export function suggest(facts: ProjectFacts): Suggestion | undefined {
  const found = lossesOf(facts, "quantize", TOLERANCE).find(
    ({ parent }) => !isTried(facts, "quantize-mixed", parent.id),
  );
  if (found === undefined) return undefined;
  const { best, parent, lost } = found;
  return {
    text: "Choose bits for each layer",
    reason: `${best.name} lost ${pointsText(lost)} against ${parent.name}. Mixed precision measures each layer, and gives more bits to those that are harmed most.`,
    from: parent.id,
    takes: "minutes",
  };
}
