import { readPeak } from "../runtime/peakMemory.ts";

/** What a process takes of the machine. */
export interface Usage {
  /** Cores that were busy on average since the last look. */
  readonly cores: number;
  /** Resident bytes. */
  readonly memory: number;
  /** Most resident bytes so far. */
  readonly peak: number;
}

/** Milliseconds between two looks. */
const PACE = 2000;

/** Tells every two seconds what this process takes; processes that it starts do not count. @returns stops it */
export function watchUsage(tell: (usage: Usage) => void): () => void {
  let cpu = process.cpuUsage();
  let since = performance.now();
  const timer = setInterval(() => {
    const used = process.cpuUsage(cpu);
    const now = performance.now();
    const cores = (used.user + used.system) / 1000 / Math.max(1, now - since);
    [cpu, since] = [process.cpuUsage(), now];
    tell({ cores, memory: process.memoryUsage.rss(), peak: readPeak() });
  }, PACE);
  timer.unref();
  return () => clearInterval(timer);
}
