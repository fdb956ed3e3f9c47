import type { Host } from "../base/host.ts";
import type { Model } from "../graph/model.ts";
import type { SessionOptions } from "../runtime/session.ts";
import { openTimedModel, type TimedRun } from "../runtime/timedRun.ts";
import { adaptFeeds, type Feeds } from "./feeds.ts";
import { timeInTurns } from "./latency.ts";
import { median } from "./statistics.ts";

export interface TimeOptions {
  /** One call's input. */
  readonly feeds: Feeds;
  readonly session: SessionOptions;
  readonly host: Host;
  readonly signal: AbortSignal;
  readonly seed: number;
}

/** Median milliseconds of one call of each of several models, timed in turns for about half a second in all per model. */
export async function timeModels(
  models: Readonly<Record<string, Model>>,
  { feeds, session, host, signal, seed }: TimeOptions,
): Promise<Readonly<Record<string, number>>> {
  const open: (readonly [string, TimedRun])[] = [];
  try {
    for (const [id, model] of Object.entries(models)) {
      const timed = await openTimedModel(model, { ...session, host, feeds: (inputs) => adaptFeeds(inputs, feeds) });
      open.push([id, timed]);
    }
    const candidates = open.map(([id, { run }]) => ({ id, run }));
    const times = await timeInTurns(candidates, { warmup: 3, runs: 200, seconds: 0.4 * open.length, seed, signal });
    return Object.fromEntries(open.map(([id]) => [id, median(times[id] ?? [])]));
  } finally {
    for (const [, timed] of open) timed.close();
  }
}
