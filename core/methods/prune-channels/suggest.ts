import { formatPercent } from "../../base/format.ts";
import { isFloat, knowsSomething, multiplyingTime, type ProjectFacts, type Suggestion } from "../suggestion.ts";

/** Share of the time from which on fewer channels are worth a training. */
const WORTH = 0.5;

/** Where most of the measured time goes into layers whose work shrinks with their channels. */
export function suggest({ baseline, hasData, tried }: ProjectFacts): Suggestion | undefined {
  const time = multiplyingTime(baseline);
  const isOpen = hasData && isFloat(baseline) === true && knowsSomething(baseline);
  if (!isOpen || time === undefined || time.share < WORTH || tried.some((t) => t.family === "prune")) return undefined;
  return {
    text: "Prune channels",
    reason: `${time.ops.slice(0, 3).join(" and ")} layers take ${formatPercent(time.share, 0)} of the time of ${baseline.name}. With fewer channels they have less to do, on any device.`,
    from: baseline.id,
    takes: "minutes",
  };
}
