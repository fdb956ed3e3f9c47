import type { NdArray } from "../base/array.ts";
import type { DatasetInfo, SplitName } from "../contract/dataset.ts";

/** A decoded image, 8 bits per sample, rows of interleaved channels (HWC). One channel is grey, three are RGB. */
export interface RawImage {
  readonly kind: "image";
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly pixels: Uint8Array;
}

/** A sample that is not an image; `array` has no batch axis. */
export interface RawArray {
  readonly kind: "array";
  readonly array: NdArray;
}

export type RawSample = RawImage | RawArray;

/** An opened data set. Samples are numbered from 0; unreadable ones have no number. */
export interface Dataset {
  readonly info: DatasetInfo;
  /** Class of each sample; absent where the data set has none. */
  readonly labels: Int32Array | undefined;
  /** Parts that the data set has itself, per sample; absent where it has fewer than two. */
  readonly given: readonly SplitName[] | undefined;
  /** What the data set calls a sample: a file name, or a file and a position. */
  name(index: number): string;
  /** Absolute path of a sample that has a file of its own. Such samples are decoded by worker threads. */
  file(index: number): string | undefined;
  /** The raw sample. Throws `invalid-data`, naming it, where it cannot be decoded. */
  read(index: number): Promise<RawSample>;
  /** The raw sample without waiting, for data sets that are held in memory. */
  readonly view: ((index: number) => RawSample) | undefined;
  /** What was found in each file; pass it to `openDataset` again to spare unchanged files a second check. */
  readonly index: FileIndex | undefined;
  close(): Promise<void>;
}

/** What checking one image file found. Plain JSON. */
export interface FileEntry {
  readonly size: number;
  /** Modification time in milliseconds. */
  readonly modified: number;
  /** SHA-256 of the content. */
  readonly sha256: string;
  /** [height, width, channels], or why the image cannot be read. */
  readonly shape?: readonly [number, number, number];
  readonly reason?: string;
}

/** Entries by name relative to the data set's folder, with `/` between parts. */
export type FileIndex = Readonly<Record<string, FileEntry>>;
