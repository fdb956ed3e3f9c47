import { createHash } from "node:crypto";
import { LatheError } from "../base/error.ts";
import type { DatasetFormat, SplitName } from "../contract/dataset.ts";
import { classNames, givenSplits } from "./classes.ts";
import type { Dataset, RawSample } from "./dataset.ts";
import { MAX_NAMED } from "./limits.ts";
import type { Records } from "./records.ts";

/** One file, or pair of files, of a data set. */
export interface Part {
  readonly name: string;
  readonly split: SplitName | undefined;
  readonly records: Records;
  readonly labels: Int32Array | undefined;
}

export interface RecordDataset {
  readonly format: DatasetFormat;
  readonly path: string;
  readonly parts: readonly Part[];
  /** Names that come with the data, where they do, and what they were read from. */
  readonly classes: { readonly names: readonly string[]; readonly from: string } | undefined;
  readonly kind: "image" | "array";
  /** [height, width, channels] for images. */
  readonly sampleShape: readonly number[];
  readonly decode: (record: Uint8Array) => RawSample;
  /** Samples left out, by name, with the reason. */
  readonly unreadable?: readonly { readonly name: string; readonly reason: string }[];
  /** Name of a sample by its place in a part; the default counts from 0. */
  readonly sampleName?: (part: Part, index: number) => string;
}

/** A data set over fixed-size records. Throws `invalid-data` where labels and names do not fit together. */
export async function recordDataset(made: RecordDataset): Promise<Dataset> {
  const { parts, decode } = made;
  const labelled = parts.filter((part) => part.labels !== undefined);
  const count = parts.reduce((sum, part) => sum + part.records.count, 0);
  if (count === 0) throw new LatheError("invalid-data", `"${made.path}" holds no samples.`);
  if (labelled.length > 0 && labelled.length < parts.length) {
    const without = parts.find((part) => part.labels === undefined)?.name ?? "";
    throw new LatheError("invalid-data", `"${without}" has no labels; other parts of "${made.path}" have.`, {
      hint: "Add the labels, or open the labelled files alone.",
    });
  }
  const labels = labelled.length === 0 ? undefined : concatenated(labelled.map((part) => part.labels!));
  const classes = labels === undefined ? undefined : classNames(labels, made.classes);
  const starts = parts.map((_, p) => parts.slice(0, p).reduce((sum, part) => sum + part.records.count, 0));
  const find = (index: number): { part: Part; at: number } => {
    const p = starts.findLastIndex((start) => start <= index);
    const part = parts[p];
    if (part === undefined || !(index < count)) {
      throw new LatheError(
        "invalid-argument",
        `"${made.path}" has ${count} samples; there is none with number "${index}".`,
      );
    }
    return { part, at: index - starts[p]! };
  };
  const name = (index: number): string => {
    const { part, at } = find(index);
    return made.sampleName?.(part, at) ?? `${part.name}[${at}]`;
  };
  const isHeld = parts.every((part) => part.records.view !== undefined);
  const unreadable = made.unreadable ?? [];
  const fingerprint = await fingerprintOf(made, classes);
  return Object.freeze({
    info: {
      format: made.format,
      kind: made.kind,
      path: made.path,
      count,
      ...(classes === undefined ? {} : { classes }),
      sampleShape: [...made.sampleShape],
      unreadable: unreadable.slice(0, MAX_NAMED),
      unreadableCount: unreadable.length,
      fingerprint,
    },
    labels,
    given: givenSplits(parts.flatMap((part) => Array.from({ length: part.records.count }, () => part.split))),
    name,
    file: () => undefined,
    read: async (index: number) => {
      const { part, at } = find(index);
      return decode(await part.records.read(at));
    },
    view: isHeld
      ? (index: number) => {
          const { part, at } = find(index);
          return decode(part.records.view!(at));
        }
      : undefined,
    index: undefined,
    close: async () => {
      for (const part of parts) await part.records.close();
    },
  });
}

function concatenated(arrays: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    all.set(array, at);
    at += array.length;
  }
  return all;
}

/** SHA-256 over what the samples are, not over how the files are packed. */
async function fingerprintOf(made: RecordDataset, classes: readonly string[] | undefined): Promise<string> {
  const hash = createHash("sha256");
  hash.update(JSON.stringify([made.format, made.kind, made.sampleShape, classes ?? null]));
  for (const { name, split, records, labels } of made.parts) {
    hash.update(JSON.stringify([name, split ?? null, records.count, records.stride]));
    await records.addTo(hash);
    if (labels !== undefined) hash.update(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength));
  }
  return hash.digest("hex");
}
