import { answer } from "../runtime/child.ts";
import type { ProfileTask } from "../runtime/profile.ts";
import type { SessionOptions } from "../runtime/session.ts";
import { openTimedRun } from "../runtime/timedRun.ts";
import { adaptFeeds, unpackFeeds, type PackedArray } from "./feeds.ts";

/** What `profileLayers` adds to the runtime's task. */
export interface LayerTask {
  readonly session: Pick<SessionOptions, "provider" | "threads" | "optimization">;
  readonly runs: number;
  readonly feeds: Readonly<Record<string, PackedArray>>;
}

answer(({ session, runs, feeds, source, profilePrefix, optimizedModelPath }: ProfileTask & LayerTask): number[] => {
  const given = unpackFeeds(feeds);
  const timed = openTimedRun(source, {
    ...session,
    profilePrefix,
    optimizedModelPath,
    feeds: (inputs) => adaptFeeds(inputs, given),
  });
  const times = Array.from({ length: runs }, () => timed.run());
  // Completes the trace.
  timed.close();
  return times;
});
