import { LatheError } from "../base/error.ts";
import type { Latency } from "../contract/measurement.ts";
import { runChild } from "../runtime/child.ts";
import type { SessionOptions } from "../runtime/session.ts";
import { packFeeds, type Feeds } from "./feeds.ts";
import type { LatencyOptions } from "./latency.ts";

export interface TimedFile {
  readonly id: string;
  readonly path: string;
  /** Input → what `feeds` call it, for a file whose inputs have other names. */
  readonly names?: Readonly<Record<string, string>>;
}

export interface VariantOptions extends LatencyOptions {
  readonly files: readonly TimedFile[];
  readonly session: Pick<SessionOptions, "provider" | "threads" | "optimization">;
  /** Samples in a call. */
  readonly batch: number;
  /** Samples to run on, with `batch` of them in each; random ones where absent. */
  readonly feeds?: Feeds;
}

/**
 * Latency of several models by their ids, in turns, in one process that does nothing else. Real samples matter
 * where time depends on the values; for the usual networks random ones do.
 * @throws what loading and running throw; device where the process crashed.
 */
export async function measureVariants({ signal, feeds, ...options }: VariantOptions): Promise<Record<string, Latency>> {
  const ids = new Set(options.files.map((f) => f.id));
  if (ids.size < options.files.length)
    throw new LatheError("invalid-argument", "Two models to be timed have the same id.");
  const task = { ...options, ...(feeds && { feeds: packFeeds(feeds) }) };
  return runChild(new URL("./latencyProbe.ts", import.meta.url), task, signal && { signal });
}
