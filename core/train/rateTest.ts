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
/** Updates that a test takes, twice: without learning and with it. With half as many what a rate does comes too late. */
export const RATE_TEST_UPDATES = 60;
/** A loss so many times that of the net as it was, and above chance for any number of classes, has exploded. */
const EXPLOSION = 4;
const LARGE_LOSS = 20;
/** Rates within this factor of each other are averaged: three on each side. */
const NEAR = 2.1;
/** A loss so many standard errors above another is higher; between these shares of the loss before that is what decides. */
const CLEAR = 1.5;
const [LEAST, SURE] = [0.01, 0.1];
/** What does no harm for a few updates may be too much for many. */
const MARGIN = 3;

/**
 * A learning rate range test (Smith 2017, arXiv 1506.01186) in pairs: a number of updates are run at a rate of zero, and
 * again while the rate rises geometrically. How much harder or easier samples are cancels out, so that few of them show
 * what a rate does even to a net that has little left to learn. Leaves the trainer at its start.
 * @returns undefined where the loss is not finite to begin with
 */
export async function testRates(trainer: Trainer, options: RateTestOptions): Promise<RateTest | undefined> {
  const { feeds, toStart, report } = options;
  const count = RATE_TEST_UPDATES;
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
 * From the rate that lowers the loss most clearly upwards, the last before the loss is clearly higher; that over a margin.
 * In a net that has learned what there is, where no rate lowers the loss, it is the last that does no clear harm.
 */
export function chooseRate(course: readonly RatePoint[]): number {
  const end = course.findIndex(({ loss, before }) => isExploded(loss, before));
  // One loss beyond all bounds would make a mean of any that it is averaged with that says nothing.
  const points = end < 0 ? course : course.slice(0, end);
  if (points.length === 0) return LOWEST;
  const changes = points.map((_, i) => changeAt(points, i));
  const height = (i: number): number => changes[i]!.mean + changes[i]!.error;
  const best = changes.reduce((least, _, i) => (height(i) < height(least) ? i : least), 0);
  const usual = usualOf(points);
  const isHigher = ({ mean, error }: Change): boolean => {
    const noise = CLEAR * Math.hypot(error, changes[best]!.error);
    return mean - changes[best]!.mean > Math.min(SURE * usual, Math.max(LEAST * usual, noise));
  };
  let edge = best;
  while (edge + 1 < points.length && !isHigher(changes[edge + 1]!)) edge++;
  return Number((points[edge]!.rate / MARGIN).toPrecision(2));
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
function changeAt(points: readonly RatePoint[], at: number): Change {
  const { rate } = points[at]!;
  const near = points.filter((p) => p.rate <= NEAR * rate && rate <= NEAR * p.rate);
  const usual = usualOf(points);
  const paired = summary(near.map((p) => p.loss - p.before));
  const unpaired = summary(near.map((p) => p.loss - usual));
  return paired.error <= unpaired.error ? paired : unpaired;
}

interface Change {
  readonly mean: number;
  /** Standard error of the mean. */
  readonly error: number;
}

function summary(values: readonly number[]): Change {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const squares = values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / Math.max(1, values.length - 1) / values.length) };
}
