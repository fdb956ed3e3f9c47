import { readdir, stat } from "node:fs/promises";
import { basename } from "node:path";
import { LatheError, toLatheError } from "../base/error.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import type { DatasetFormat } from "../contract/dataset.ts";
import { openNpy, openNpz } from "./arrays.ts";
import { isCifarName, openCifar } from "./cifar.ts";
import { openCsv } from "./csv.ts";
import type { Dataset, FileIndex } from "./dataset.ts";
import { isIdxName, openIdx } from "./idx.ts";
import { openImageFolder } from "./imageFolder.ts";

export interface OpenOptions {
  /** What to do with samples that cannot be read. The default is to stop. */
  readonly unreadable?: "skip" | "stop";
  /** CSV: column with the class, by title or number; the empty string says that there is none. */
  readonly labelColumn?: string;
  /** CSV: columns to leave out, by title or number. */
  readonly ignoreColumns?: readonly string[];
  /** Labels in a file of their own: NPY beside NPY, or a CSV for a flat folder of images. */
  readonly labels?: string;
  /** The `index` of the same data set when it was open before; unchanged images are not checked again. */
  readonly index?: FileIndex;
  /** Threads that check images; 0 checks in the calling thread. */
  readonly workers?: number;
  readonly signal?: AbortSignal;
  /** Called while images are checked. */
  readonly progress?: (done: number, total: number) => void;
}

/**
 * Opens a data set and finds out what it is: a folder of images (see `openImageFolder`), CIFAR binary, IDX, NPY, NPZ
 * or CSV. Errors: `not-found`, `invalid-data` (damaged, cut off, labels that do not match), `unsupported`,
 * `limit-exceeded` (sizes that would exhaust the memory), `cancelled`.
 */
export async function openDataset(path: string, options: OpenOptions = {}): Promise<Dataset> {
  throwIfCancelled(options.signal);
  const facts = await stat(path).catch((e: unknown) => {
    const { code } = toLatheError(e);
    throw code === "not-found"
      ? new LatheError("not-found", `There is no data set at "${path}".`, { hint: "Check the path.", cause: e })
      : toLatheError(e, `Opening "${path}"`);
  });
  const isFolder = facts.isDirectory();
  const format = isFolder ? await formatOfFolder(path) : formatOfFile(path);
  const unreadable = options.unreadable ?? "stop";
  switch (format) {
    case "image-folder":
      return openImageFolder(path, { ...options, unreadable });
    case "cifar":
      return openCifar(path, isFolder);
    case "idx":
      return openIdx(path, isFolder);
    case "npy":
      return openNpy(path, isFolder, options.labels);
    case "npz":
      return openNpz(path);
    case "csv":
      return openCsv(path, { ...options, unreadable });
  }
}

function formatOfFile(path: string): DatasetFormat {
  const name = basename(path);
  if (/\.npy$/i.test(name)) return "npy";
  if (/\.npz$/i.test(name)) return "npz";
  if (/\.(csv|tsv)$/i.test(name)) return "csv";
  if (isIdxName(name) || /idx\d/i.test(name)) return "idx";
  if (/\.bin$/i.test(name)) return "cifar";
  throw new LatheError("unsupported", `"${path}" is no data set that is known by its name.`, {
    hint: "Known are folders of images, CIFAR (.bin), IDX (…-images-idx3-ubyte), .npy, .npz and .csv.",
  });
}

async function formatOfFolder(path: string): Promise<DatasetFormat> {
  const names = await readdir(path).catch((e: unknown) => {
    throw toLatheError(e, `Reading the folder "${path}"`);
  });
  if (names.some(isIdxName)) return "idx";
  if (names.some(isCifarName)) return "cifar";
  if (names.some((name) => /\.npy$/i.test(name))) return "npy";
  return "image-folder";
}
