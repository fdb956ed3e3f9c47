import { knowsSomething, lossesOf, pointsText, TOLERANCE, type ProjectFacts, type Suggestion } from "../suggestion.ts";

/** Where even the best that pruning gave lost more than a point, and no search has run. */
export function suggest(facts: ProjectFacts): Suggestion | undefined {
  const { baseline, hasData, tried } = facts;
  const found = lossesOf(facts, "prune", TOLERANCE).find(({ parent }) => parent.id === baseline.id);
  if (!hasData || found === undefined || !knowsSomething(baseline) || tried.some((t) => t.family === "search"))
    return undefined;
  return {
    text: "Search for a small net",
    reason: `Pruning cost ${pointsText(found.lost)} or more: ${found.best.name} is the best that came of it. A search tries nets that are small from the start.`,
    from: baseline.id,
    takes: "hours",
  };
}
