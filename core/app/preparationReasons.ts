import { formatPercent } from "../base/format.ts";
import type { PreparationTrial, TriedPreparation } from "../contract/preparation.ts";
import type { Suggestion } from "../data/suggest.ts";

/** What a trial says in sentences, behind what the shapes say; it takes the place of assumptions where it found something. */
export function reasonsOf(suggestion: Suggestion, trial: PreparationTrial): string[] {
  const facts = suggestion.reasons.filter((reason) => !suggestion.assumed.includes(reason));
  return [...(trial.outcome === "chance" ? suggestion.reasons : facts), ...verdictOf(trial)];
}

function verdictOf(trial: PreparationTrial): string[] {
  const { outcome, split, samples, isCut } = trial;
  const [taken, ...others] = trial.tried;
  const where = `${samples.toLocaleString("en-US")} samples of ${split}`;
  const cut = isCut ? ["Time was up before all samples and preparations had been tried."] : [];
  if (taken === undefined || samples === 0)
    return [`The model answered no sample of ${split} in time, so no preparation could be compared.`];
  if (outcome === "chance") {
    const best = trial.tried.reduce((a, b) => (share(b) > share(a) ? b : a));
    return [
      `None of ${trial.tried.length} preparations that were tried on ${where} makes the model answer better than chance: ${rightly(best)} with "${best.name}", and always naming the most frequent class gives ${formatPercent(trial.chance)}. The order of the classes may be another one, the labels may mean something else, or the model is not trained.`,
      ...cut,
    ];
  }
  const guess = others.find(({ name }) => name === trial.guess);
  const found =
    outcome === "found" && guess !== undefined
      ? `"${taken.name}" was found by trying ${trial.tried.length} preparations on ${where}: ${rightly(taken)}, with the first guess "${guess.name}" ${rightly(guess, false)}.`
      : `"${taken.name}" stays after ${trial.tried.length} preparations were tried on ${where}: ${rightly(taken)}, and none is better beyond chance.`;
  return [found, ...levelWith(trial), ...cut];
}

/** Named of those that are level; the table has them all. */
const NAMED = 3;

function levelWith({ tried, taken, outcome }: PreparationTrial): string[] {
  const level = tried.filter(({ isLevel, name }) => isLevel && name !== taken);
  if (level.length === 0) return [];
  const names = level.slice(0, NAMED).map((t) => `"${t.name}" (${formatPercent(share(t))})`);
  const more = level.length > NAMED ? ` and ${level.length - NAMED} more` : "";
  const why =
    outcome === "kept"
      ? "The first guess was kept"
      : "The one was taken with which the right class leads most clearly, or the first of equals";
  return [
    `Level with it, as far as these samples can tell: ${names.join(", ")}${more}. ${why}; if you know which one the model was trained with, choose it.`,
  ];
}

function rightly(tried: TriedPreparation, isWhole = true): string {
  if (tried.samples === 0) return "the model cannot answer";
  return `${formatPercent(share(tried))}${isWhole ? " are right" : ""}`;
}

const share = ({ correct, samples }: TriedPreparation): number => (samples === 0 ? 0 : correct / samples);
