import type { Memory } from "../contract/measurement.ts";
import { runChild } from "../runtime/child.ts";
import type { SessionOptions } from "../runtime/session.ts";
import { median } from "./statistics.ts";

export interface MemoryOptions {
  readonly session: Pick<SessionOptions, "provider" | "threads" | "optimization">;
  readonly batch: number;
  /** Sizes of symbols other than the batch, by their names. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** Calls before memory is read; default 5. */
  readonly runs?: number;
  /** Fresh processes, of which the median counts; default 3. */
  readonly processes?: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/** What the probe is asked. */
export type MemoryTask = Omit<MemoryOptions, "signal" | "processes"> & { readonly runs: number; readonly path: string };

/**
 * Memory of a process that loads a model and runs it on random inputs: its highest resident size, loading
 * included, beside that of the same process before the model. The difference is the model's. Memory of a
 * graphics card is not in it.
 */
export async function measureMemory(path: string, options: MemoryOptions): Promise<Memory> {
  const { signal, processes = 3, runs = 5, ...rest } = options;
  const task: MemoryTask = { ...rest, runs, path };
  const found: { peak: number; floor: number; batch: number }[] = [];
  for (let i = 0; i < processes; i++) {
    found.push(await runChild(new URL("./memoryProbe.ts", import.meta.url), task, signal && { signal }));
  }
  return {
    batch: found[0]?.batch ?? options.batch,
    peak: Math.round(median(found.map((f) => f.peak))),
    floor: Math.round(median(found.map((f) => f.floor))),
  };
}
