import type { NdArray } from "../base/array.ts";
import { LatheError } from "../base/error.ts";
import type { Preprocessing } from "../contract/preprocessing.ts";
import type { Dataset } from "./dataset.ts";

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
  /** Batches in the order of `indices`; the last one may be smaller. Leaving the loop early frees everything. */
  batches(size: number, signal?: AbortSignal): AsyncIterable<Batch>;
}

export interface StreamOptions {
  /** Samples to read, in this order. */
  readonly indices: Int32Array;
  readonly preprocessing: Preprocessing;
  /** Decoding threads; 0 decodes in the calling thread. The default leaves one core to the model. */
  readonly workers?: number;
  /** Most bytes of prepared batches waiting or being prepared; at least one batch always may. Default 256 MiB. */
  readonly memoryBudget?: number;
}

/** Opens a stream over some samples of a data set; decoding and preparing run ahead within the memory budget. */
export function sampleStream(dataset: Dataset, options: StreamOptions): SampleStream {
  throw new LatheError("unsupported", `Streaming "${dataset.info.path}" (${options.indices.length}) is not there yet.`);
}
