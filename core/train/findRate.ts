import { throwIfCancelled } from "../base/cancel.ts";
import { seededRandom } from "../base/random.ts";
import type { Emit } from "../contract/event.ts";
import { feedsOf, type FeedOptions } from "./batchFeeds.ts";
import { rateText } from "./fallBack.ts";
import type { Extent, RateAccount, TrainPlan } from "./plan.ts";
import { RATE_TEST_UPDATES, testRates } from "./rateTest.ts";
import type { StepFeeds, Trainer } from "./trainer.ts";

export interface FindRateOptions extends FeedOptions {
  readonly plan: Pick<TrainPlan, "augment" | "views" | "rate" | "accumulate">;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

export interface RateTestRun {
  readonly trainer: Trainer;
  readonly extent: Extent;
  /** Puts the trainer where the training begins. */
  readonly toStart: () => void;
}

/** The rate that the plan gives, or that a test chooses on the state with which the training begins. */
export async function findRate(
  options: FindRateOptions,
  { trainer, extent, toStart }: RateTestRun,
): Promise<RateAccount> {
  const { plan, emit } = options;
  if (plan.rate !== "auto") return { rate: plan.rate, falls: [] };
  emit({ kind: "stage", name: "Measuring the learning rate", within: true });
  const test = await testRates(trainer, {
    feeds: () => testFeeds(options, trainer, extent),
    toStart,
    report: (done, total) => emit({ kind: "progress", done, total, unit: "updates" }),
  });
  if (test === undefined) return { rate: FALLBACK_RATE, falls: [] };
  const text = `Learning rate ${rateText(test.rate)}, by a test of ${test.points.length} rates.`;
  emit({ kind: "message", level: "info", text });
  return { rate: test.rate, test, falls: [] };
}

/** Where no loss is finite no rate is better than another, and the training says so. */
const FALLBACK_RATE = 0.01;

/** What the steps of a range test are fed: samples in an order of its own, more than once where there are few. */
async function* testFeeds(
  options: FindRateOptions,
  trainer: Trainer,
  { batch: size, batches }: Extent,
): AsyncGenerator<StepFeeds> {
  const { plan, training, seed, signal } = options;
  const count = RATE_TEST_UPDATES * (plan.accumulate ?? 1);
  for (let done = 0; done < count; done += batches) {
    const order = seededRandom(seed, `rate/${done}`).shuffle(Array.from(training.indices));
    const part = Int32Array.from(order.slice(0, Math.min(batches, count - done) * size));
    let number = done;
    for await (const batch of training.select(part).batches(size, signal, true)) {
      throwIfCancelled(signal);
      yield await feedsOf(options, trainer, { batch, at: { epoch: 0, batch: number++ } });
    }
  }
}
