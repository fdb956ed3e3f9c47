import { cpus } from "node:os";
import type { Latency } from "../contract/measurement.ts";
import { answer } from "../runtime/child.ts";
import { openTimedRun, type TimedRun } from "../runtime/timedRun.ts";
import { adaptFeeds, hasFreeBatch, randomFeeds, unpackFeeds, type PackedArray } from "./feeds.ts";
import { summarise, timeInTurns } from "./latency.ts";
import type { VariantOptions } from "./variants.ts";

export type LatencyTask = Omit<VariantOptions, "signal" | "feeds"> & {
  readonly feeds?: Readonly<Record<string, PackedArray>>;
};

answer(async ({ files, session, feeds, batch, ...timing }: LatencyTask): Promise<Record<string, Latency>> => {
  const given = feeds && unpackFeeds(feeds);
  const batches = new Map<string, number>();
  const open: { readonly id: string; readonly timed: TimedRun }[] = [];
  try {
    for (const { id, path } of files) {
      const timed = openTimedRun(path, {
        ...session,
        feeds: (inputs) => {
          const chosen = given ? adaptFeeds(inputs, given) : randomFeeds(inputs, { batch, seed: timing.seed });
          batches.set(id, hasFreeBatch(inputs) ? batch : (Object.values(chosen)[0]?.dims[0] ?? batch));
          return chosen;
        },
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
      open.map(({ id }) => [id, summarise(times[id]!, { ...facts, batch: batches.get(id) ?? batch })]),
    );
  } finally {
    for (const { timed } of open) timed.close();
  }
});
