import { formatFixed, formatPercent } from "../../base/format.ts";
import { isFloat, isTried, macsOf, type KnownVariant, type ProjectFacts, type Suggestion } from "../suggestion.ts";

/** Speed over the one that the arithmetic promises, under which arithmetic is not what takes the time. */
const POOR = 0.8;

/** Where a pruned variant is not as fast as the arithmetic that it saved: a whole block takes its time with it. */
export function suggest(facts: ProjectFacts): Suggestion | undefined {
  const { baseline, others, hasData } = facts;
  const hasShortcuts = baseline.layers.some((l) => l.op === "Add");
  if (!hasData || !hasShortcuts || isFloat(baseline) !== true || isTried(facts, "prune-layers")) return undefined;
  const promised = (v: KnownVariant): number => macsOf(baseline) / macsOf(v);
  const slow = others.find(
    (v) =>
      v.made?.family === "prune" &&
      isFloat(v) === true &&
      promised(v) > 1 &&
      v.speedUp !== undefined &&
      v.speedUp.high < promised(v) * POOR,
  );
  if (slow === undefined) return undefined;
  return {
    text: "Remove whole blocks",
    reason: `${slow.name} has ${formatPercent(1 / promised(slow), 0)} of the arithmetic of ${baseline.name} but is only ${formatFixed(slow.speedUp!.value, 2)}× as fast. A block that is gone takes all of its time with it.`,
    from: baseline.id,
    takes: "minutes",
  };
}
