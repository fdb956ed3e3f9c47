import { formatPercent } from "../base/format.ts";
import type { PreparationTrial, TriedPreparation } from "../contract/preparation.ts";
import { textTable } from "./table.ts";

/** What was tried, as a table for the terminal. */
export function preparationTable(trial: PreparationTrial): string {
  const number = (title: string) => ({ title, isNumber: true });
  return textTable(
    [{ title: "Preparation" }, number("Right"), number("95 % interval"), number("Samples"), { title: "" }],
    trial.tried.map((tried) => [
      tried.name,
      tried.samples === 0 ? "" : formatPercent(tried.correct / tried.samples),
      tried.interval === undefined ? "" : `${formatPercent(tried.interval.low)}–${formatPercent(tried.interval.high)}`,
      String(tried.samples),
      noteOf(tried, trial),
    ]),
  );
}

function noteOf({ name, isLevel, failure }: TriedPreparation, { taken, guess }: PreparationTrial): string {
  const notes = [
    ...(name === taken ? ["taken"] : isLevel ? ["level"] : []),
    ...(name === guess ? ["first guess"] : []),
    ...(failure === undefined ? [] : [failure]),
  ];
  return notes.join(", ");
}
