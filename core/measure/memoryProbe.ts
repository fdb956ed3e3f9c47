import { answer } from "../runtime/child.ts";
import { readPeak, resetPeak } from "../runtime/peakMemory.ts";
import { openTimedRun } from "../runtime/timedRun.ts";
import { randomChoices } from "./feeds.ts";
import type { MemoryTask } from "./memory.ts";

answer(({ path, session, batch, sizes, runs, seed }: MemoryTask) => {
  const floor = process.memoryUsage.rss();
  resetPeak();
  const timed = openTimedRun(path, {
    ...session,
    feeds: (inputs) => randomChoices(inputs, { batch, seed, ...(sizes && { sizes }) }),
  });
  for (let i = 0; i < runs; i++) timed.run();
  const peak = readPeak();
  timed.close();
  return { peak: Math.max(peak, floor), floor, batch: timed.batch };
});
