import { createHash } from "node:crypto";
import { setImmediate as breathe } from "node:timers/promises";
import { LatheError } from "../base/error.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import type { Dataset } from "./dataset.ts";

/** Samples hashed before others get their turn. */
const STRIDE = 64;

/** SHA-256 of what samples hold: of the file where each has one of its own, of the values otherwise. */
export interface Contents {
  hash(index: number): Promise<string>;
  /**
   * How many of `others` hold the same as one of `samples`, under another number.
   * @param progress is told how many of both were looked at
   */
  copies(samples: Int32Array, others: Int32Array, options?: CopyOptions): Promise<number>;
}

export interface CopyOptions {
  readonly signal?: AbortSignal;
  readonly progress?: (done: number, total: number) => void;
}

/** Remembers what it has hashed. */
export function contentsOf(dataset: Dataset): Contents {
  const known = new Map<number, string>();
  const hash = async (index: number): Promise<string> => {
    const before = known.get(index) ?? dataset.index?.[dataset.name(index)]?.sha256;
    if (before !== undefined) return before;
    const sample = dataset.view?.(index) ?? (await dataset.read(index));
    const data = sample.kind === "image" ? sample.pixels : sample.array.data;
    if (!ArrayBuffer.isView(data)) throw new LatheError("unsupported", "Text samples have no content hash.");
    const made = createHash("sha256")
      .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
      .digest("hex");
    known.set(index, made);
    return made;
  };
  const copies: Contents["copies"] = async (samples, others, { signal, progress } = {}) => {
    const total = samples.length + others.length;
    let done = 0;
    const step = async (): Promise<void> => {
      if (++done % STRIDE !== 0) return;
      throwIfCancelled(signal);
      progress?.(done, total);
      await breathe();
    };
    const own = new Set(samples);
    const seen = new Set<string>();
    for (const index of samples) {
      seen.add(await hash(index));
      await step();
    }
    let count = 0;
    for (const index of others) {
      if (!own.has(index) && seen.has(await hash(index))) count += 1;
      await step();
    }
    return count;
  };
  return { hash, copies };
}
