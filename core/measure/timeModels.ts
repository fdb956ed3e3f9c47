import type { Host } from "../base/host.ts";
import type { Model } from "../graph/model.ts";
import type { SessionOptions } from "../runtime/session.ts";
import { openTimedModel, type TimedRun } from "../runtime/timedRun.ts";
import { randomChoices } from "./feeds.ts";
import { timeInTurns } from "./latency.ts";
import { median } from "./statistics.ts";

export interface TimeModelsOptions {
  readonly session: SessionOptions;
  readonly batch: number;
  readonly seed: number;
  /** Seconds of calls in all; default half a second for each model. */
  readonly seconds?: number;
  readonly host: Host;
  readonly signal: AbortSignal;
}

/**
 * Median milliseconds of one call of each of several models in memory, timed in turns on random inputs.
 * @throws what loading and running throw
 */
export async function timeModels(models: readonly Model[], options: TimeModelsOptions): Promise<readonly number[]> {
  const { session, batch, seed, seconds = models.length / 2, host, signal } = options;
  const open: TimedRun[] = [];
  try {
    for (const model of models) {
      const feeds = (inputs: Parameters<typeof randomChoices>[0]): ReturnType<typeof randomChoices> =>
        randomChoices(inputs, { batch, seed });
      open.push(await openTimedModel(model, { ...session, host, feeds }));
    }
    const candidates = open.map(({ run }, i) => ({ id: String(i), run }));
    const times = await timeInTurns(candidates, { warmup: 3, runs: 400, seconds, seed, signal });
    return candidates.map(({ id }) => median(times[id] ?? []));
  } finally {
    for (const timed of open) timed.close();
  }
}
