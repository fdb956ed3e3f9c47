import { formatBytes, formatFixed } from "../../base/format.ts";
import {
  isFaster,
  isFloat,
  isGood,
  isTried,
  knowsSomething,
  lossesOf,
  pointsText,
  type KnownVariant,
  type ProjectFacts,
  type Suggestion,
} from "../suggestion.ts";

const ID = "quantize-static";
/** Layers that are left in float beside those that were already. */
const MORE_LAYERS = 2;

/** Again with the worst layers in float where it lost; else for what is in float and would gain. */
export function suggest(facts: ProjectFacts): Suggestion | undefined {
  return again(facts) ?? first(facts) ?? further(facts);
}

/** Where its own result is the best that quantising a model gave so far, and is worse than chance explains. */
function again(facts: ProjectFacts): Suggestion | undefined {
  const found = lossesOf(facts, "quantize").find(({ best }) => best.made?.method === ID);
  if (found?.best.made === undefined) return undefined;
  const { best, parent, lost } = found;
  const { params } = found.best.made;
  const before = typeof params["excludeWorst"] === "number" ? params["excludeWorst"] : 0;
  return {
    text: before === 0 ? "Leave the most sensitive layers in float" : "Leave more layers in float",
    reason: `${best.name} lost ${pointsText(lost)} against ${parent.name}, more than chance explains.`,
    from: parent.id,
    params: { ...params, excludeWorst: before + MORE_LAYERS },
    takes: "seconds",
  };
}

function first(facts: ProjectFacts): Suggestion | undefined {
  const { baseline, hasData } = facts;
  if (!hasData || isTried(facts, ID) || isFloat(baseline) === false || !knowsSomething(baseline)) return undefined;
  return {
    text: "Quantise to INT8",
    reason: `${baseline.name} takes ${formatBytes(baseline.bytes)}. Whether INT8 is faster here, and how good it is, has not been measured yet.`,
    from: baseline.id,
    takes: "seconds",
  };
}

/** INT8 was worth it once; the smallest good variant that is still in float may gain as much. */
function further(facts: ProjectFacts): Suggestion | undefined {
  const { baseline, others } = facts;
  const proof = others.find((v) => v.made?.method === ID && v.parent === baseline.id && isFaster(v));
  const isOpen = (v: KnownVariant): boolean =>
    isFloat(v) === true &&
    isGood(v) &&
    (v.bytes < baseline.bytes || isFaster(v)) &&
    !facts.tried.some((t) => t.family === "quantize" && t.from === v.id);
  const [next] = others.filter(isOpen).toSorted((a, b) => a.bytes - b.bytes);
  if (proof?.speedUp === undefined || next === undefined) return undefined;
  return {
    text: `Quantise ${next.name} as well`,
    reason: `INT8 made ${baseline.name} ${formatFixed(proof.speedUp.value, 2)}× as fast here, and ${next.name} is still in float32.`,
    from: next.id,
    takes: "seconds",
  };
}
