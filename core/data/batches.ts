import type { NdArray } from "../base/array.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import { byteLength } from "../base/elementType.ts";
import { LatheError } from "../base/error.ts";
import type { Preprocessing } from "../contract/preprocessing.ts";
import type { Dataset } from "./dataset.ts";
import { isUntouched } from "./fit.ts";
import { defaultWorkers, startPool, type Pool } from "./pool.ts";
import { preparer, type Preparer, type Target } from "./prepare.ts";
import type { Item } from "./tasks.ts";

/** Prepared samples, stacked. */
export interface Batch {
  /** Numbers of the samples in the data set. */
  readonly indices: Int32Array;
  /** Shape [n, ...sample shape]. */
  readonly input: NdArray;
  /** Classes, where the data set has labels. */
  readonly labels: Int32Array | undefined;
}

/** A part of a data set, prepared for a model. May be read any number of times; every reading gives the same bytes. */
export interface SampleStream {
  readonly count: number;
  /** Class names by label, where there are labels. */
  readonly classes: readonly string[] | undefined;
  readonly indices: Int32Array;
  readonly preprocessing: Preprocessing;
  /** Identifies the samples of the data set, where it is known. */
  readonly fingerprint?: string;
  /**
   * Batches in the order of `indices`; the last one may be smaller. Leaving the loop early frees everything.
   * @param recycle the memory of a batch may be used again for the next one; for loops that keep none
   */
  batches(size: number, signal?: AbortSignal, recycle?: boolean): AsyncIterable<Batch>;
  /** The same data set and preparation over other samples, or in another order. */
  select(indices: Int32Array): SampleStream;
}

export interface StreamOptions {
  /** Samples to read, in this order. */
  readonly indices: Int32Array;
  readonly preprocessing: Preprocessing;
  /** Decoding threads; 0 decodes in the calling thread. The default leaves one core to the model. */
  readonly workers?: number;
  /** Most bytes of prepared batches in use, waiting or being prepared; one batch always may. Default 128 MiB. */
  readonly memoryBudget?: number;
}

const DEFAULT_BUDGET = 128 << 20;
/** Batches kept ready, beyond what keeps the threads busy; more would only take memory. */
const AHEAD = 2;
/** Samples given to a thread at a time. */
const CHUNK = 16;

/**
 * Opens a stream over some samples of a data set. Image files, and images that need resampling, are prepared ahead
 * by threads, because running a model blocks the calling one; all else takes microseconds and is prepared when
 * asked for. The bytes are the same either way.
 */
export function sampleStream(dataset: Dataset, options: StreamOptions): SampleStream {
  const { indices, preprocessing, workers = defaultWorkers(), memoryBudget = DEFAULT_BUDGET } = options;
  const made = preparer(preprocessing);
  const beyond = indices.find((index) => index < 0 || index >= dataset.info.count);
  if (beyond !== undefined) {
    throw new LatheError(
      "invalid-argument",
      `"${dataset.info.path}" has ${dataset.info.count} samples; there is none with number "${beyond}".`,
    );
  }
  const isAhead = indices.length > 0 && needsThreads(dataset, preprocessing);
  const batches = (size: number, signal?: AbortSignal, recycle = false): AsyncIterable<Batch> => {
    if (!Number.isInteger(size) || size < 1) {
      throw new LatheError("invalid-argument", `A batch cannot have "${size}" samples.`, {
        hint: "Give a whole number from 1.",
      });
    }
    const source = { dataset, indices, preprocessing, made, size, signal, recycle };
    return isAhead ? aheadOfUse(source, { workers, memoryBudget }) : onDemand(source);
  };
  const { classes, fingerprint } = dataset.info;
  const select = (others: Int32Array): SampleStream => sampleStream(dataset, { ...options, indices: others });
  return Object.freeze({ count: indices.length, classes, indices, preprocessing, fingerprint, batches, select });
}

interface Source {
  readonly dataset: Dataset;
  readonly indices: Int32Array;
  readonly preprocessing: Preprocessing;
  readonly made: Preparer;
  readonly size: number;
  readonly signal: AbortSignal | undefined;
  readonly recycle: boolean;
}

function needsThreads(dataset: Dataset, preprocessing: Preprocessing): boolean {
  if (dataset.file(0) !== undefined) return true;
  const [height = 0, width = 0] = dataset.info.sampleShape ?? [];
  return (
    preprocessing.kind === "image" && dataset.info.kind === "image" && !isUntouched({ width, height }, preprocessing)
  );
}

async function* onDemand({ dataset, indices, made, size, signal, recycle }: Source): AsyncGenerator<Batch> {
  let held: ReturnType<Preparer["allocate"]> | undefined;
  for (let start = 0; start < indices.length; start += size) {
    throwIfCancelled(signal);
    const part = indices.slice(start, start + size);
    const fits = recycle && held?.length === part.length * made.size;
    const into = fits ? held! : made.allocate(part.length);
    held = into;
    for (const [i, index] of part.entries()) {
      const sample = dataset.view?.(index) ?? (await dataset.read(index));
      made.prepare(sample, { into, offset: i * made.size, name: dataset.name(index) });
    }
    yield toBatch(dataset, made, { part, data: into });
  }
}

async function* aheadOfUse(source: Source, limits: { workers: number; memoryBudget: number }): AsyncGenerator<Batch> {
  const { indices, made, size, signal } = source;
  throwIfCancelled(signal);
  const pool = startPool(limits.workers);
  const stop = (): void => void pool.close();
  signal?.addEventListener("abort", stop, { once: true });
  const waiting: { batch: Promise<Batch>; bytes: number; samples: number }[] = [];
  let start = 0;
  const outstanding = { samples: 0, bytes: 0 };
  try {
    while (true) {
      while (start < indices.length) {
        const part = indices.slice(start, start + size);
        const bytes = byteLength(made.type, part.length * made.size);
        const isEnough = outstanding.samples >= AHEAD * size + 2 * CHUNK * limits.workers;
        if (outstanding.samples > 0 && (isEnough || outstanding.bytes + bytes > limits.memoryBudget)) break;
        const batch = prepareBatch(source, part, pool);
        // Failures surface in order, when the batch is asked for.
        batch.catch(() => {});
        waiting.push({ batch, bytes, samples: part.length });
        outstanding.samples += part.length;
        outstanding.bytes += bytes;
        start += size;
      }
      const next = waiting.shift();
      if (next === undefined) return;
      yield await next.batch;
      throwIfCancelled(signal);
      outstanding.samples -= next.samples;
      outstanding.bytes -= next.bytes;
    }
  } catch (thrown) {
    throwIfCancelled(signal);
    throw thrown;
  } finally {
    signal?.removeEventListener("abort", stop);
    await pool.close();
  }
}

async function prepareBatch({ dataset, preprocessing, made }: Source, part: Int32Array, pool: Pool): Promise<Batch> {
  const chunks = Array.from({ length: Math.ceil(part.length / CHUNK) }, (_, c) =>
    part.slice(c * CHUNK, (c + 1) * CHUNK),
  );
  const results = chunks.map(async (chunk): Promise<Target> => {
    const items = await Promise.all(
      Array.from(chunk, async (index): Promise<Item> => {
        const source = dataset.file(index) ?? dataset.view?.(index) ?? (await dataset.read(index));
        return { name: dataset.name(index), source: typeof source === "string" ? source : ownPixels(source) };
      }),
    );
    return pool.run({ kind: "prepare", preprocessing, items });
  });
  for (const result of results) result.catch(() => {});
  const data = made.allocate(part.length);
  // The first failure in order is the one that is reported, whichever thread is faster.
  for (const [c, result] of results.entries()) copyInto(data, await result, c * CHUNK * made.size);
  return toBatch(dataset, made, { part, data });
}

/** A view of a large file's memory would be sent to the thread with all of that memory. */
function ownPixels(sample: Exclude<Item["source"], string>): Exclude<Item["source"], string> {
  return sample.kind === "image" ? { ...sample, pixels: sample.pixels.slice() } : sample;
}

function copyInto(target: Target, part: Target, offset: number): void {
  if (target instanceof BigInt64Array || target instanceof BigUint64Array) target.set(part as BigInt64Array, offset);
  else target.set(part as Float32Array, offset);
}

function toBatch(dataset: Dataset, made: Preparer, { part, data }: { part: Int32Array; data: Target }): Batch {
  const { labels } = dataset;
  return {
    indices: part,
    input: { type: made.type, dims: [part.length, ...made.shape], data },
    labels: labels && part.map((index) => labels[index]!),
  };
}
