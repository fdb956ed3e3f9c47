import { cpus } from "node:os";
import type { Latency } from "../contract/measurement.ts";
import { answer } from "../runtime/child.ts";
import { openTimedRun, type TimedRun } from "../runtime/timedRun.ts";
import { adaptFeeds, randomChoices, unpackFeeds, type Feeds, type PackedArray } from "./feeds.ts";
import { summarise, timeInTurns } from "./latency.ts";
import type { VariantOptions } from "./variants.ts";

export type LatencyTask = Omit<VariantOptions, "signal" | "feeds"> & {
  readonly feeds?: Readonly<Record<string, PackedArray>>;
};

answer(async ({ files, session, feeds, batch, ...timing }: LatencyTask): Promise<Record<string, Latency>> => {
  const given = feeds && unpackFeeds(feeds);
  const open: { readonly id: string; readonly timed: TimedRun }[] = [];
  try {
    for (const { id, path, names } of files) {
      const timed = openTimedRun(path, {
        ...session,
        feeds: (inputs) =>
          given ? adaptFeeds(inputs, named(given, names)) : randomChoices(inputs, { batch, seed: timing.seed }),
      });
      open.push({ id, timed });
    }
    const times = await timeInTurns(
      open.map(({ id, timed }) => ({ id, run: timed.run })),
      timing,
    );
    const facts = {
      device: cpus()[0]?.model.trim() ?? "unknown",
      provider: session.provider ?? "cpu",
      threads: session.threads ?? 1,
      warmup: timing.warmup,
      interleaved: files.length > 1,
    };
    return Object.fromEntries(
      open.map(({ id, timed }) => [id, summarise(times[id]!, { ...facts, batch: timed.batch })]),
    );
  } finally {
    for (const { timed } of open) timed.close();
  }
});

/** Feeds under the names that a file's inputs have. */
function named(feeds: Feeds, names: Readonly<Record<string, string>> = {}): Feeds {
  const others = Object.entries(names).flatMap(([input, name]) => {
    const feed = feeds[name];
    return feed === undefined ? [] : [[input, feed] as const];
  });
  return others.length === 0 ? feeds : Object.fromEntries(others);
}
