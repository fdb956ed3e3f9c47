import type { Clock } from "../base/host.ts";
import type { Emit } from "../contract/event.ts";
import type { PreparationTrial, TriedPreparation } from "../contract/preparation.ts";
import type { Preprocessing } from "../contract/preprocessing.ts";
import { distinct, geometriesOf, otherColours, otherGeometries, otherNormalisations } from "../data/candidates.ts";
import type { Dataset } from "../data/dataset.ts";
import { fitSamples } from "../data/fittedSamples.ts";
import { ownLevels } from "../data/ownLevels.ts";
import type { Session } from "../runtime/session.ts";
import { isBetter, isClearer, rightOf, type Answers } from "./answers.ts";
import { startRace, type Entrant, type Race } from "./race.ts";
import { wilsonInterval } from "./statistics.ts";

export interface TryOptions {
  /** What shapes and types suggest; `suggestPreprocessing` makes it. */
  readonly guess: Preprocessing;
  /** Samples to try on, in random order; none of test. */
  readonly indices: Int32Array;
  readonly split: PreparationTrial["split"];
  /** Of the draw, for the record. */
  readonly seed: number;
  /** Milliseconds after which it ends with what it has. */
  readonly limit: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

/** Candidates that are resized in other ways as well. */
const RESIZED = 2;

/**
 * Finds the preparation with which a classifier answers best: first each normalisation in both orders of colours, then
 * the best few with other ways to bring images to size. Samples are decoded once. Candidates are compared on
 * the same samples, and those that are worse beyond chance drop out early. The same samples give the same choice,
 * unless time was up.
 * @throws unsupported, invalid-data for models that do not give one score per class, cancelled
 */
export async function tryPreparations(
  session: Session,
  dataset: Dataset,
  { guess, indices, split, seed, limit, clock, signal, emit }: TryOptions,
): Promise<PreparationTrial> {
  const start = clock.milliseconds();
  const samples = await fitSamples(dataset, indices, {
    guess,
    geometries: geometriesOf(guess, dataset.info),
    clock,
    until: start + limit / 2,
    signal,
    progress: (done, total) => emit({ kind: "progress", done, total, unit: "samples" }),
  });
  const classes = dataset.info.classes?.length ?? 0;
  const labels = samples.indices.map((index) => dataset.labels?.[index] ?? 0);
  const race = startRace(session, { samples, labels, classes, signal, emit, clock, until: start + limit });
  const normalised = otherNormalisations(guess, dataset.info, ownLevels(samples.samples));
  await race.run(distinct([...normalised, ...otherColours(normalised)]));
  const best = race.leaders().slice(0, RESIZED);
  const resized = otherGeometries(
    best.map(({ candidate }) => candidate),
    samples.geometries,
  );
  await race.run(resized);
  const isCut = race.isCut || samples.indices.length < indices.length;
  return { split, seed, isCut, ...judge(race, frequentClass(labels, classes)) };
}

/** What answering with the most frequent class at all times would get right. */
function frequentClass(labels: Int32Array, classes: number): Answers {
  const counts = new Int32Array(classes);
  for (const label of labels) counts[label]! += 1;
  const frequent = counts.indexOf(Math.max(...counts));
  return {
    count: labels.length,
    correct: Uint8Array.from(labels, (label) => (label === frequent ? 1 : 0)),
    leads: new Float32Array(labels.length),
  };
}

/**
 * The guess stays unless another one is better beyond chance. Among several that are, the one whose right class leads most
 * clearly is taken, or the first where that too may be chance.
 */
function judge(race: Race, constant: Answers): Omit<PreparationTrial, "split" | "seed" | "isCut"> {
  const [guess] = race.entrants as readonly [Entrant];
  const alpha = race.alpha();
  const leaders = race.leaders();
  const [best] = leaders;
  const level = best === undefined ? [] : leaders.filter((e) => e === best || !isBetter(best, e, alpha));
  const isKnown = best !== undefined && isBetter(best, constant, alpha);
  const taken = !isKnown || level.includes(guess) ? guess : clearest(race, level);
  const samples = Math.max(...race.entrants.map(({ count }) => count));
  const tried = race.entrants
    .filter(({ count, failure }) => count > 0 || failure !== undefined)
    .toSorted((a, b) => Number(b === taken) - Number(a === taken) || share(b) - share(a));
  return {
    samples,
    chance: samples === 0 ? 0 : rightOf(constant, samples) / samples,
    guess: guess.candidate.name,
    taken: taken.candidate.name,
    outcome: !isKnown ? "chance" : taken === guess ? "kept" : "found",
    tried: tried.map((entrant) => describe(entrant, isKnown && level.includes(entrant))),
  };
}

function clearest({ entrants, alpha }: Race, level: readonly Entrant[]): Entrant {
  const mean = ({ leads, count }: Entrant): number => leads.subarray(0, count).reduce((sum, v) => sum + v, 0) / count;
  const top = level.reduce((a, b) => (mean(b) > mean(a) ? b : a));
  return entrants.find((e) => level.includes(e) && (e === top || !isClearer(top, e, alpha()))) ?? top;
}

const share = (e: Entrant): number => (e.count === 0 ? -1 : rightOf(e, e.count) / e.count);

function describe(entrant: Entrant, isLevel: boolean): TriedPreparation {
  const { candidate, count, failure } = entrant;
  const correct = rightOf(entrant, count);
  return {
    ...candidate,
    samples: count,
    correct,
    ...(count > 0 && { interval: wilsonInterval(correct, count) }),
    isLevel,
    ...(failure !== undefined && { failure }),
  };
}
