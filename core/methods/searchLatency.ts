import type { Host } from "../base/host.ts";
import { seededRandom } from "../base/random.ts";
import { float32, elementCount } from "../base/array.ts";
import type { Model } from "../graph/model.ts";
import { timeInTurns } from "../measure/latency.ts";
import { median } from "../measure/statistics.ts";
import type { InputInfo } from "../runtime/feeds.ts";
import type { SessionOptions } from "../runtime/session.ts";
import { openTimedModel, type TimedRun } from "../runtime/timedRun.ts";

export interface TimingOptions {
  readonly session: SessionOptions;
  readonly host: Host;
  readonly signal: AbortSignal;
  readonly seed: number;
  /** Seconds that each round of models may take in all; default 0.5 for each model. */
  readonly seconds?: number;
}

/**
 * Median milliseconds of one sample through each of some models, in turns, so that what slows the machine down for a
 * while slows all of them alike. In this process, as many searches have to be quick; `lathe measure` takes one of its own.
 */
export async function timeModels(models: readonly Model[], options: TimingOptions): Promise<readonly number[]> {
  const { session, host, signal, seed, seconds = 0.5 * models.length } = options;
  const open: TimedRun[] = [];
  try {
    for (const model of models)
      open.push(await openTimedModel(model, { ...session, host, feeds: (i) => feedsFor(i, seed) }));
    const candidates = open.map(({ run }, i) => ({ id: String(i), run }));
    const times = await timeInTurns(candidates, { warmup: 5, runs: 400, seconds, seed, signal });
    return models.map((_, i) => median(times[String(i)]!));
  } finally {
    for (const timed of open) timed.close();
  }
}

function feedsFor(inputs: readonly InputInfo[], seed: number): Readonly<Record<string, ReturnType<typeof float32>>> {
  return Object.fromEntries(
    inputs.map(({ name, dims }) => {
      const random = seededRandom(seed, name);
      const sizes = dims.map((d) => (typeof d === "number" ? d : 1));
      return [
        name,
        float32(
          sizes,
          Float32Array.from({ length: elementCount(sizes) }, () => random.normal()),
        ),
      ];
    }),
  );
}

/** Latencies that were measured at different times, made comparable by a reference that runs beside each. */
export interface Clock {
  /** Milliseconds of a model as they would be while the reference takes its nominal time, and what it took. */
  time(model: Model): Promise<{ readonly latency: number; readonly reference: number }>;
}

/**
 * @param nominal milliseconds of the reference when it was measured first; found by the first measurement where absent
 */
export function startClock(reference: Model, options: TimingOptions, nominal?: number): Clock {
  let usual = nominal;
  return {
    time: async (model) => {
      const [own, beside] = (await timeModels([model, reference], options)) as [number, number];
      usual ??= beside;
      return { latency: (own / beside) * usual, reference: beside };
    },
  };
}
