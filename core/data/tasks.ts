import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { LatheError, toLatheError } from "../base/error.ts";
import type { Preprocessing } from "../contract/preprocessing.ts";
import type { FileEntry, RawSample } from "./dataset.ts";
import { decodeImage } from "./image.ts";
import { preparer, type Target } from "./prepare.ts";

/** A sample to prepare: an image file, or one that is read already. */
export interface Item {
  readonly name: string;
  readonly source: string | RawSample;
}

/** Work for a decoding thread. Plain data, so that it can cross to one. */
export type Task =
  | { readonly kind: "check"; readonly files: readonly string[] }
  | { readonly kind: "prepare"; readonly preprocessing: Preprocessing; readonly items: readonly Item[] };

export type TaskResult<T extends Task> = T extends { kind: "check" } ? FileEntry[] : Target;

/** Images decoded at a time by one thread; libvips works outside of JavaScript's. */
const AT_A_TIME = 4;

/** Does a task in the calling thread. */
export async function runTask<T extends Task>(task: T): Promise<TaskResult<T>>;
export async function runTask(task: Task): Promise<FileEntry[] | Target> {
  if (task.kind === "check") return mapInOrder(task.files, checkImageFile);
  const { allocate, prepare, size } = preparer(task.preprocessing);
  const into = allocate(task.items.length);
  await mapInOrder(task.items, async ({ name, source }, i) => {
    const sample = typeof source === "string" ? await readImageFile(source, name) : source;
    prepare(sample, { into, offset: i * size, name });
  });
  return into;
}

/** Decodes an image file; errors name it. */
export async function readImageFile(path: string, name: string): Promise<RawSample> {
  const bytes = await readFile(path).catch((e: unknown) => {
    throw toLatheError(e, `Reading "${name}"`);
  });
  return decodeImage(bytes).catch((e: unknown) => {
    const { code, message, cause } = toLatheError(e);
    throw new LatheError(code === "internal" ? "invalid-data" : code, `Image "${name}" cannot be read: ${message}`, {
      hint: "Repair or remove the file, then open the data set again.",
      cause: cause ?? e,
    });
  });
}

async function checkImageFile(path: string): Promise<FileEntry> {
  const facts = await stat(path);
  const bytes = await readFile(path);
  const found = {
    size: bytes.length,
    modified: Math.round(facts.mtimeMs),
    sha256: createHash("sha256").update(bytes).digest("hex"),
  };
  try {
    const { height, width, channels } = await decodeImage(bytes);
    return { ...found, shape: [height, width, channels] };
  } catch (thrown) {
    return { ...found, reason: toLatheError(thrown).message };
  }
}

/** Maps some at a time; where several fail, the first in order is thrown. */
async function mapInOrder<A, B>(items: readonly A[], work: (item: A, index: number) => Promise<B>): Promise<B[]> {
  const results = new Map<number, B>();
  const errors = new Map<number, unknown>();
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length && errors.size === 0) {
      const i = next++;
      try {
        results.set(i, await work(items[i]!, i));
      } catch (thrown) {
        errors.set(i, thrown);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, lane));
  if (errors.size > 0) throw errors.get(Math.min(...errors.keys()));
  return items.map((_, i) => results.get(i)!);
}
