import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { LatheError } from "../base/error.ts";
import type { SplitName } from "../contract/dataset.ts";
import { interleaved } from "./bytes.ts";
import { readClassNames, type NamedClasses } from "./classes.ts";
import type { Dataset } from "./dataset.ts";
import { recordDataset, type Part } from "./recordDataset.ts";
import { closingOnFailure, fileRecords, type Records } from "./records.ts";

const SIDE = 32;
const PIXELS = 3 * SIDE * SIDE;

/** `data_batch_1.bin`, `test_batch.bin`, `train.bin`. */
const NAME = /^(?:.*batch.*|train|test|val|valid|validation)\.bin$/i;

export function isCifarName(name: string): boolean {
  return NAME.test(name);
}

interface Variant {
  readonly title: string;
  /** Bytes before the pixels; the last one is the label. */
  readonly labelBytes: 1 | 2;
  readonly classes: number;
  readonly nameFiles: readonly string[];
}

const CIFAR_10: Variant = {
  title: "CIFAR-10",
  labelBytes: 1,
  classes: 10,
  nameFiles: ["batches.meta.txt", "classes.txt"],
};
const CIFAR_100: Variant = {
  title: "CIFAR-100",
  labelBytes: 2,
  classes: 100,
  nameFiles: ["fine_label_names.txt", "classes.txt"],
};

/**
 * Opens the binary version of CIFAR-10 (one label byte, then 3,072 bytes in planes) or CIFAR-100 (coarse and fine
 * label; the fine one counts): one file, or all batches of a folder. A. Krizhevsky, Learning Multiple Layers of
 * Features from Tiny Images, 2009. Throws `invalid-data` for lengths and labels that cannot be.
 */
export async function openCifar(path: string, isFolder: boolean): Promise<Dataset> {
  return closingOnFailure(async (opened) => openBatches(path, isFolder, opened));
}

async function openBatches(path: string, isFolder: boolean, opened: Records[]): Promise<Dataset> {
  const folder = isFolder ? path : dirname(path);
  const names = isFolder ? (await readdir(folder)).filter(isCifarName) : [basename(path)];
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  const variant = await whichVariant(folder, names, sizes);
  const stride = variant.labelBytes + PIXELS;
  const parts: Part[] = [];
  const inOrder = names
    .map((name, i) => ({ name, count: sizes[i]! / stride, split: splitOfBatch(name) }))
    .sort((a, b) => rank(a.split) - rank(b.split) || a.name.localeCompare(b.name, "en", { numeric: true }));
  for (const { name, count, split } of inOrder) {
    const records = await fileRecords(join(folder, name), { offset: 0, stride, count });
    opened.push(records);
    const labels = new Int32Array(count);
    for (let i = 0; i < count; i++) {
      const record = records.view?.(i) ?? (await records.read(i));
      const label = record[variant.labelBytes - 1]!;
      if (label >= variant.classes) {
        throw new LatheError(
          "invalid-data",
          `Image ${i} of "${name}" has label "${label}"; ${variant.title} has labels 0 to ${variant.classes - 1}.`,
          {
            hint: "The file is damaged or no CIFAR file; fetch it again.",
          },
        );
      }
      labels[i] = label;
    }
    parts.push({ name, split, records, labels });
  }
  const named: NamedClasses | undefined = await readClassNames(folder, variant.nameFiles);
  return recordDataset({
    format: "cifar",
    path,
    parts,
    classes: named ?? { names: Array.from({ length: variant.classes }, (_, i) => String(i)), from: variant.title },
    kind: "image",
    sampleShape: [SIDE, SIDE, 3],
    decode: (record) => {
      const pixels = interleaved(record.subarray(variant.labelBytes), 3);
      return { kind: "image", width: SIDE, height: SIDE, channels: 3, pixels };
    },
  });
}

function splitOfBatch(name: string): SplitName {
  if (/test/i.test(name)) return "test";
  return /val/i.test(name) ? "validation" : "train";
}

function rank(split: SplitName): number {
  return ["train", "validation", "test"].indexOf(split);
}

async function whichVariant(folder: string, names: readonly string[], sizes: readonly number[]): Promise<Variant> {
  const fits = (variant: Variant): boolean =>
    sizes.every((size) => size > 0 && size % (variant.labelBytes + PIXELS) === 0);
  const hasFineNames = (await readdir(folder)).includes("fine_label_names.txt");
  const found = [CIFAR_10, CIFAR_100].filter(fits);
  const variant = found.length === 2 && hasFineNames ? CIFAR_100 : found[0];
  if (variant !== undefined) return variant;
  const odd = sizes.findIndex((size) => size === 0 || (size % (1 + PIXELS) !== 0 && size % (2 + PIXELS) !== 0));
  const at = Math.max(0, odd);
  throw new LatheError(
    "invalid-data",
    `"${names[at] ?? ""}" has "${sizes[at] ?? 0}" bytes, which is no whole number of CIFAR-10 (3073 bytes) or CIFAR-100 images (3074 bytes).`,
    {
      hint: "The file is cut off or no CIFAR file; fetch it again.",
    },
  );
}
