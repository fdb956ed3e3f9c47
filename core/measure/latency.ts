import { throwIfCancelled } from "../base/cancel.ts";
import { LatheError } from "../base/error.ts";
import { seededRandom } from "../base/random.ts";
import type { Latency } from "../contract/measurement.ts";
import { median, medianInterval, quantile } from "./statistics.ts";

/** Something to time. `run` does one call and gives its milliseconds. */
export interface Candidate {
  readonly id: string;
  readonly run: () => number;
}

export interface LatencyOptions {
  /** Calls of each candidate that are not counted. */
  readonly warmup: number;
  /** Rounds; in each of them every candidate runs once. */
  readonly runs: number;
  /** Stops after so many seconds of counted rounds, but not before 20 of them. */
  readonly seconds?: number;
  /** Decides the order within the rounds. */
  readonly seed: number;
  readonly signal?: AbortSignal;
}

const FEWEST = 20;

/**
 * Times candidates in turns: every round runs all of them once, in an order drawn anew, so that whatever slows
 * the machine down for a while slows down all of them alike. Milliseconds of each call, by candidate, in order.
 */
export async function timeInTurns(
  candidates: readonly Candidate[],
  options: LatencyOptions,
): Promise<Record<string, number[]>> {
  if (candidates.length === 0 || options.runs < 1) {
    throw new LatheError("invalid-argument", `Nothing to time: ${candidates.length} models, "${options.runs}" runs.`);
  }
  const random = seededRandom(options.seed, "latency");
  const times: Record<string, number[]> = Object.fromEntries(candidates.map((c) => [c.id, []]));
  for (let round = 0; round < options.warmup; round++) {
    for (const candidate of random.shuffle(candidates)) candidate.run();
    await letOthersRun(options.signal);
  }
  let spent = 0;
  for (let round = 0; round < options.runs; round++) {
    for (const candidate of random.shuffle(candidates)) {
      const time = candidate.run();
      times[candidate.id]!.push(time);
      spent += time;
    }
    if (options.seconds !== undefined && spent > options.seconds * 1000 && round + 1 >= FEWEST) break;
    // Rare, as coming back from the event loop finds colder caches.
    if (round % 16 === 15) await letOthersRun(options.signal);
  }
  return times;
}

/** Facts that a latency is meaningless without. */
export type LatencyFacts = Pick<Latency, "device" | "provider" | "threads" | "batch" | "warmup" | "interleaved">;

/** Median with its interval, 95th percentile and minimum of the times of one candidate. */
export function summarise(times: readonly number[], facts: LatencyFacts): Latency {
  return {
    ...facts,
    runs: times.length,
    median: median(times),
    medianInterval: medianInterval(times),
    p95: quantile(times, 0.95),
    minimum: times.reduce((least, t) => Math.min(least, t), Infinity),
  };
}

async function letOthersRun(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  throwIfCancelled(signal);
}
