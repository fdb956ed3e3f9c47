import { createHash } from "node:crypto";
import { readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { throwIfCancelled } from "../base/cancel.ts";
import { LatheError, toLatheError } from "../base/error.ts";
import type { SplitName } from "../contract/dataset.ts";
import { classNames, givenSplits, readClassNames, splitOf } from "./classes.ts";
import type { Dataset, FileEntry, FileIndex } from "./dataset.ts";
import { IMAGE_NAME } from "./image.ts";
import { readLabelTable } from "./labelTable.ts";
import { MAX_FOLDER_DEPTH, MAX_NAMED, MAX_SAMPLES } from "./limits.ts";
import { defaultWorkers, startPool } from "./pool.ts";
import { readImageFile } from "./tasks.ts";

export interface ImageFolderOptions {
  readonly unreadable: "skip" | "stop";
  /** CSV file with the columns file and label, for folders without class folders. */
  readonly labels?: string;
  readonly index?: FileIndex;
  readonly workers?: number;
  readonly signal?: AbortSignal;
  readonly progress?: (done: number, total: number) => void;
}

interface Found {
  /** Relative to the data set, with `/` between parts. */
  readonly name: string;
  readonly split: SplitName | undefined;
  readonly className: string | undefined;
}

/**
 * Opens a folder of images: class folders, split folders (`train`, `val`, `test` …) with class folders in them, or a
 * flat folder with or without a `labels.csv`. Every file is decoded once, in threads, so that the unreadable ones
 * are known; what `index` knows of unchanged files is believed. Classes are sorted by name, as torchvision does,
 * unless a `classes.txt` orders them.
 */
export async function openImageFolder(path: string, options: ImageFolderOptions): Promise<Dataset> {
  const found = await findImages(path);
  if (found.length === 0) {
    throw new LatheError("invalid-data", `"${path}" holds no images.`, {
      hint: "Choose a folder with PNG, JPEG, WebP, BMP, GIF, TIFF or AVIF files.",
    });
  }
  const labelling = await labelsOf(path, found, options.labels);
  const entries = await checkFiles(path, found, options);
  const good = found
    .map((file, i) => ({ file, entry: entries[i]!, label: labelling?.labels[i] }))
    .filter(({ entry }) => entry.shape !== undefined);
  const bad = found.flatMap(({ name }, i) =>
    entries[i]!.shape === undefined ? [{ name, reason: entries[i]!.reason ?? "" }] : [],
  );
  refuseUnreadable(path, { good: good.length, bad }, options.unreadable);
  const labels = labelling && Int32Array.from(good, ({ label }) => label!);
  const shapes = new Set(good.map(({ entry }) => entry.shape!.join(",")));
  const sizes = new Set(good.map(({ entry }) => entry.shape!.slice(0, 2).join(",")));
  const [first] = good;
  const channels = Math.max(...[...shapes].map((shape) => Number(shape.split(",")[2])));
  const sampleShape = sizes.size === 1 ? [...first!.entry.shape!.slice(0, 2), channels] : undefined;
  const at = (index: number): (typeof good)[number] => {
    const sample = good[index];
    if (sample !== undefined) return sample;
    throw new LatheError(
      "invalid-argument",
      `"${path}" has ${good.length} samples; there is none with number "${index}".`,
    );
  };
  const index: Record<string, FileEntry> = Object.fromEntries(found.map(({ name }, i) => [name, entries[i]!]));
  const splits =
    labelling?.splits === undefined ? good.map(({ file }) => file.split) : splitsOf(labelling.splits, entries);
  return Object.freeze({
    info: {
      format: "image-folder" as const,
      kind: "image" as const,
      path,
      count: good.length,
      ...(labelling === undefined ? {} : { classes: [...labelling.classes] }),
      ...(sampleShape === undefined ? {} : { sampleShape }),
      unreadable: bad.slice(0, MAX_NAMED),
      unreadableCount: bad.length,
      fingerprint: fingerprint(good, labelling?.classes),
    },
    labels,
    given: givenSplits(splits),
    name: (i: number) => at(i).file.name,
    file: (i: number) => join(path, at(i).file.name),
    read: async (i: number) => readImageFile(join(path, at(i).file.name), at(i).file.name),
    view: undefined,
    index,
    close: async () => {},
  });
}

function splitsOf(
  splits: readonly (SplitName | undefined)[],
  entries: readonly FileEntry[],
): (SplitName | undefined)[] {
  return splits.filter((_, i) => entries[i]!.shape !== undefined);
}

function refuseUnreadable(
  path: string,
  { good, bad }: { good: number; bad: readonly { name: string; reason: string }[] },
  policy: "skip" | "stop",
): void {
  const [first] = bad;
  if (first === undefined || (policy === "skip" && good > 0)) return;
  const text = `"${path}" has "${bad.length}" unreadable images of ${good + bad.length}; ${first.name}: ${first.reason}`;
  throw new LatheError("invalid-data", text, {
    hint: 'Repair or remove them, or leave them out with unreadable "skip".',
    details: { unreadable: bad.slice(0, MAX_NAMED), count: bad.length },
  });
}

function fingerprint(
  good: readonly { file: Found; entry: FileEntry; label: number | undefined }[],
  classes: readonly string[] | undefined,
): string {
  const hash = createHash("sha256").update(JSON.stringify(["image-folder", classes ?? null]));
  for (const { file, entry, label } of good) {
    hash.update(JSON.stringify([file.name, entry.size, label ?? null, entry.sha256]));
  }
  return hash.digest("hex");
}

async function findImages(root: string): Promise<Found[]> {
  const top = await listFolder(root);
  const folders = top.filter(({ isFolder }) => isFolder).map(({ name }) => name);
  const found: Found[] = [];
  const seen = new Set<string>([await realpath(root)]);
  const collect = async (folder: string, as: Omit<Found, "name">, depth: number): Promise<void> => {
    for (const { name, isFolder } of await listFolder(join(root, folder))) {
      const path = folder === "" ? name : `${folder}/${name}`;
      if (!isFolder) {
        if (IMAGE_NAME.test(name)) found.push({ ...as, name: path });
        if (found.length > MAX_SAMPLES)
          throw new LatheError("limit-exceeded", `"${root}" holds more than ${MAX_SAMPLES} images.`);
        continue;
      }
      if (depth >= MAX_FOLDER_DEPTH)
        throw new LatheError("limit-exceeded", `"${path}" is nested deeper than ${MAX_FOLDER_DEPTH} folders.`);
      // A link to a folder above would be read for ever.
      const real = await realpath(join(root, path));
      if (seen.has(real)) continue;
      seen.add(real);
      const className = as.className ?? name;
      await collect(path, { ...as, className }, depth + 1);
    }
  };
  const isSplitLevel = folders.length > 0 && folders.every((name) => splitOf(name) !== undefined);
  if (!isSplitLevel) await collect("", { split: undefined, className: undefined }, 0);
  else {
    const order = ["train", "validation", "test"];
    const inOrder = folders.sort((a, b) => order.indexOf(splitOf(a)!) - order.indexOf(splitOf(b)!));
    for (const folder of inOrder) await collect(folder, { split: splitOf(folder), className: undefined }, 1);
  }
  return found;
}

async function listFolder(path: string): Promise<{ name: string; isFolder: boolean }[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((e: unknown) => {
    throw toLatheError(e, `Reading the folder "${path}"`);
  });
  const listed: { name: string; isFolder: boolean }[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith(".") || entry.name === "__MACOSX") continue;
    const isLink = entry.isSymbolicLink();
    const target = isLink ? await stat(join(path, entry.name)).catch(() => undefined) : entry;
    if (target?.isDirectory() === true) listed.push({ name: entry.name, isFolder: true });
    // A dangling link is listed, so that it is counted as unreadable.
    else if (target === undefined || target.isFile()) listed.push({ name: entry.name, isFolder: false });
  }
  return listed;
}

interface Labelling {
  readonly labels: Int32Array;
  readonly classes: readonly string[];
  readonly splits?: readonly (SplitName | undefined)[] | undefined;
}

async function labelsOf(
  path: string,
  found: readonly Found[],
  table: string | undefined,
): Promise<Labelling | undefined> {
  const inFolders = found.filter(({ className }) => className !== undefined).length;
  if (inFolders < found.length || table !== undefined) {
    const read = await readLabelTable(table ?? join(path, "labels.csv"), {
      names: found.map(({ name }) => name),
      isRequired: table !== undefined,
    });
    if (read !== undefined)
      return {
        ...read,
        classes: classNames(read.labels, read.classes ?? (await readClassNames(path, ["classes.txt"]))),
      };
    if (inFolders === 0) return undefined;
    const loose = found.find(({ className }) => className === undefined)?.name ?? "";
    throw new LatheError("invalid-data", `Image "${loose}" stands outside of the class folders of "${path}".`, {
      hint: "Move it into a class folder, or remove it.",
    });
  }
  const folders = [...new Set(found.map(({ className }) => className!))].sort();
  const named = await readClassNames(path, ["classes.txt"]);
  const isNumbered = folders.every((folder) => /^\d+$/.test(folder));
  if (named !== undefined && isNumbered && !folders.every((folder) => named.names.includes(folder))) {
    const labels = Int32Array.from(found, ({ className }) => Number(className));
    return { labels, classes: classNames(labels, named) };
  }
  const names = named?.names ?? folders;
  const unknown = folders.find((folder) => !names.includes(folder));
  if (unknown !== undefined) {
    throw new LatheError("invalid-data", `The class folder "${unknown}" is not in "classes.txt".`, {
      hint: "List every class folder in classes.txt, one per line, or remove the file.",
    });
  }
  const numbers = new Map(names.map((name, i) => [name, i]));
  return { labels: Int32Array.from(found, ({ className }) => numbers.get(className!)!), classes: names };
}

/** Files checked by one task. */
const CHUNK = 32;

async function checkFiles(root: string, found: readonly Found[], options: ImageFolderOptions): Promise<FileEntry[]> {
  const entries = new Array<FileEntry | undefined>(found.length);
  const unknown: number[] = [];
  for (const [i, { name }] of found.entries()) {
    throwIfCancelled(options.signal);
    const facts = await stat(join(root, name)).catch((e: unknown) => toLatheError(e).message);
    if (typeof facts === "string") entries[i] = { size: 0, modified: 0, sha256: "", reason: facts };
    else {
      const known = options.index?.[name];
      const isSame = known?.size === facts.size && known.modified === Math.round(facts.mtimeMs);
      if (isSame) entries[i] = known;
      else unknown.push(i);
    }
  }
  let done = found.length - unknown.length;
  const pool = startPool(unknown.length <= CHUNK ? 0 : (options.workers ?? defaultWorkers()));
  const stop = (): void => void pool.close();
  options.signal?.addEventListener("abort", stop, { once: true });
  try {
    const chunks = Array.from({ length: Math.ceil(unknown.length / CHUNK) }, (_, c) =>
      unknown.slice(c * CHUNK, (c + 1) * CHUNK),
    );
    const check = async (chunk: readonly number[]): Promise<void> => {
      throwIfCancelled(options.signal);
      const files = chunk.map((i) => join(root, found[i]!.name));
      const results = await pool.run({ kind: "check", files });
      for (const [k, i] of chunk.entries()) entries[i] = results[k];
      done += chunk.length;
      options.progress?.(done, found.length);
    };
    await Promise.all(chunks.map(check));
  } finally {
    options.signal?.removeEventListener("abort", stop);
    await pool.close();
  }
  return entries.map((entry) => entry!);
}
