import { readFileSync, writeFileSync } from "node:fs";
import { answer } from "../runtime/child.ts";
import { openTimedRun } from "../runtime/timedRun.ts";
import { randomChoices } from "./feeds.ts";
import type { MemoryTask } from "./memory.ts";

answer(({ path, session, batch, runs, seed }: MemoryTask) => {
  const floor = process.memoryUsage.rss();
  resetPeak();
  const timed = openTimedRun(path, {
    ...session,
    feeds: (inputs) => randomChoices(inputs, { batch, seed }),
  });
  for (let i = 0; i < runs; i++) timed.run();
  const peak = readPeak();
  timed.close();
  return { peak: Math.max(peak, floor), floor, batch: timed.batch };
});

/** Linux starts counting the highest resident size (VmHWM) anew; elsewhere it counts from the start. */
function resetPeak(): void {
  if (process.platform !== "linux") return;
  try {
    writeFileSync("/proc/self/clear_refs", "5");
  } catch (error) {
    // Locked down: what the start of the process took at most then counts as well.
    process.stderr.write(`clear_refs: ${String(error)}\n`);
  }
}

function readPeak(): number {
  if (process.platform === "linux") {
    const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"));
    if (line?.[1] !== undefined) return Number(line[1]) * 1024;
  }
  return process.resourceUsage().maxRSS * 1024;
}
