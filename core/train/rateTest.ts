import type { StepFeeds, Trainer } from "./trainer.ts";

/** One update of a range test. */
export interface RatePoint {
  readonly rate: number;
  /** Loss of the update's samples by the net that the rising rate has trained so far. */
  readonly loss: number;
  /** Loss of the same samples by the net as it was. */
  readonly before: number;
}

/** The course of a range test and what followed from it. */
export interface RateTest {
  /** The rate that was chosen. */
  readonly rate: number;
  /** By rising rates; ends where the loss is no longer finite or has exploded. */
  readonly points: readonly RatePoint[];
}

export interface RateTestOptions {
  /** Updates of the training that the rate is for. */
  readonly updates: number;
  /** What the steps of the test are fed, in order, as often as it is asked. */
  readonly feeds: () => AsyncIterable<StepFeeds>;
  /** Puts the trainer where the training begins. */
  readonly toStart: () => void;
  /** Told after each step of so many. */
  readonly report?: (done: number, total: number) => void;
}

/** The rates of a test: they suit Adam on a large transformer up to SGD on a small net from scratch. */
const LOWEST = 1e-6;
const HIGHEST = 1;
/** Updates of a test: no more than the training has, as far as so few tell anything. */
const FEWEST = 20;
const MOST = 60;
/** A loss so many times that of the net as it was, and above chance for any number of classes, has exploded. */
const EXPLOSION = 4;
const LARGE_LOSS = 20;
/** Neighbours on each side over which differences are averaged. */
const REACH = 3;
/** What improves most for a few updates is somewhat much for many. */
const MARGIN = 1.5;
const SAFE_MARGIN = 3;

/** Steps that a test takes of those that make up an update, twice: without learning and with it. */
export function rateTestSteps(updates: number): number {
  return Math.min(MOST, Math.max(FEWEST, updates));
}

/**
 * A learning rate range test (Smith 2017, arXiv 1506.01186) in pairs: a number of updates are run at a rate of zero, and
 * again while the rate rises geometrically. How much harder or easier samples are cancels out, so that few of them show
 * what a rate does even to a net that has little left to learn. Leaves the trainer at its start.
 * @returns undefined where the loss is not finite to begin with
 */
export async function testRates(trainer: Trainer, options: RateTestOptions): Promise<RateTest | undefined> {
  const { updates, feeds, toStart, report } = options;
  const count = rateTestSteps(updates);
  const rates = Array.from({ length: count }, (_, i) => LOWEST * (HIGHEST / LOWEST) ** (i / (count - 1)));
  const run = async (
    rateOf: (update: number) => number,
    isOver: (losses: readonly number[]) => boolean,
    done: number,
  ) => {
    toStart();
    const losses: number[] = [];
    let sum = 0;
    let batches = 0;
    for await (const fed of feeds()) {
      const update = losses.length;
      const { loss, isUpdate } = await trainer.step(fed, { rate: rateOf(update), step: update + 1 });
      sum += loss;
      batches++;
      if (!isUpdate) continue;
      losses.push(sum / batches);
      [sum, batches] = [0, 0];
      report?.(done + losses.length, 2 * count);
      if (losses.length === count || isOver(losses)) break;
    }
    return losses;
  };
  try {
    const before = await run(
      () => 0,
      (losses) => !Number.isFinite(losses.at(-1)),
      0,
    );
    if (!before.every(Number.isFinite)) return undefined;
    const after = await run(
      (update) => rates[update]!,
      (losses) => isExploded(losses.at(-1)!, before[losses.length - 1]!),
      count,
    );
    const points = after
      .map((loss, i): RatePoint => ({ rate: rates[i]!, loss, before: before[i]! }))
      .filter(({ loss }) => Number.isFinite(loss));
    return { rate: chooseRate(points), points };
  } finally {
    toStart();
  }
}

const isExploded = (loss: number, before: number): boolean =>
  !Number.isFinite(loss) || loss > EXPLOSION * before + LARGE_LOSS;

/**
 * The rate that lowered the loss most, over a margin. Where none lowered it clearly, as in a net that has learned what
 * there is, the highest that did no clear harm, over a larger one.
 */
export function chooseRate(points: readonly RatePoint[]): number {
  const changes = points.map((_, i) => changeAt(points, i));
  let best = -1;
  for (const [i, { mean, error }] of changes.entries()) {
    const least = best < 0 ? 0 : changes[best]!.mean + changes[best]!.error;
    if (mean + error < least) best = i;
  }
  if (best >= 0) return rounded(points[best]!.rate / MARGIN);
  const harm = changes.findIndex(({ mean, error }) => mean - 2 * error > 0);
  const safe = points.at(harm < 0 ? -1 : Math.max(0, harm - 1))?.rate ?? LOWEST;
  return rounded(Math.max(LOWEST, safe / SAFE_MARGIN));
}

/** By which share of the loss before each rate has changed it, averaged over its neighbours: what the choice goes by. */
export function courseOf(points: readonly RatePoint[]): readonly { readonly rate: number; readonly change: number }[] {
  const usual = usualOf(points);
  return points.map(({ rate }, i) => ({ rate, change: changeAt(points, i).mean / Math.max(usual, Number.MIN_VALUE) }));
}

const usualOf = (points: readonly RatePoint[]): number => points.reduce((sum, p) => sum + p.before, 0) / points.length;

/**
 * By how much a rate has changed the loss, averaged over its neighbours, and the standard error of that. Of a net that has
 * forgotten what it was, pairs say less than the mean of all that it lost before.
 */
function changeAt(points: readonly RatePoint[], at: number): { readonly mean: number; readonly error: number } {
  const near = points.slice(Math.max(0, at - REACH), at + REACH + 1);
  const usual = usualOf(points);
  const paired = summary(near.map((p) => p.loss - p.before));
  const unpaired = summary(near.map((p) => p.loss - usual));
  return paired.error <= unpaired.error ? paired : unpaired;
}

function summary(values: readonly number[]): { readonly mean: number; readonly error: number } {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const squares = values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / Math.max(1, values.length - 1) / values.length) };
}

/** To two digits: more would be more than was measured. */
const rounded = (rate: number): number => Number(rate.toPrecision(2));
