import type { Hash } from "node:crypto";
import { open } from "node:fs/promises";
import { LatheError, toLatheError } from "../base/error.ts";
import { MAX_HELD_BYTES } from "./limits.ts";

/** Equally long records: the samples of a binary file. */
export interface Records {
  readonly count: number;
  /** Bytes of one record. */
  readonly stride: number;
  /** The record without waiting, where all are held in memory. */
  readonly view: ((index: number) => Uint8Array) | undefined;
  read(index: number): Promise<Uint8Array>;
  /** Feeds all records, in order. */
  addTo(hash: Hash): Promise<void>;
  close(): Promise<void>;
}

/** Records in memory. `bytes` must be a whole number of them. */
export function heldRecords(bytes: Uint8Array, stride: number): Records {
  const view = (index: number): Uint8Array => bytes.subarray(index * stride, (index + 1) * stride);
  return Object.freeze({
    count: stride === 0 ? 0 : bytes.length / stride,
    stride,
    view,
    read: async (index: number) => view(index),
    addTo: async (hash: Hash) => void hash.update(bytes),
    close: async () => {},
  });
}

export interface RecordLayout {
  /** Bytes before the first record. */
  readonly offset: number;
  readonly stride: number;
  readonly count: number;
  /** Held in memory up to this size, read by ranges above. */
  readonly heldBytes?: number;
}

/** Records of a file, held in memory while they are few bytes and read by ranges otherwise. */
export async function fileRecords(path: string, layout: RecordLayout): Promise<Records> {
  const { offset, stride, count, heldBytes = MAX_HELD_BYTES } = layout;
  const file = await open(path).catch((e: unknown) => {
    throw toLatheError(e, `Opening "${path}"`);
  });
  const range = async (at: number, length: number): Promise<Uint8Array> => {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const { bytesRead } = await file.read(bytes, done, length - done, at + done);
      if (bytesRead === 0) throw new LatheError("invalid-data", `"${path}" ends at byte "${at + done}".`);
      done += bytesRead;
    }
    return bytes;
  };
  const read = async (index: number): Promise<Uint8Array> => range(offset + index * stride, stride);
  if (count * stride <= heldBytes) {
    try {
      return heldRecords(await range(offset, count * stride), stride);
    } finally {
      await file.close();
    }
  }
  return Object.freeze({
    count,
    stride,
    view: undefined,
    read,
    addTo: async (hash: Hash) => {
      const chunk = 1 << 24;
      for (let at = 0; at < count * stride; at += chunk) {
        hash.update(await range(offset + at, Math.min(chunk, count * stride - at)));
      }
    },
    close: async () => file.close(),
  });
}

/** Does work that opens records, noting them in `opened`, and closes them where it fails. */
export async function closingOnFailure<T>(work: (opened: Records[]) => Promise<T>): Promise<T> {
  const opened: Records[] = [];
  try {
    return await work(opened);
  } catch (thrown) {
    for (const records of opened) await records.close();
    throw thrown;
  }
}
