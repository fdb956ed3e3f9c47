import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { LatheError } from "../base/error.ts";
import type { SplitName } from "../contract/dataset.ts";
import { MAX_CLASSES } from "./limits.ts";

const SPLITS: Readonly<Record<string, SplitName>> = {
  train: "train",
  training: "train",
  val: "validation",
  valid: "validation",
  validation: "validation",
  dev: "validation",
  test: "test",
  testing: "test",
  t10k: "test",
};

/** The split that a folder or file name stands for: `train`, `val`, `t10k` and so on. */
export function splitOf(name: string): SplitName | undefined {
  return Object.hasOwn(SPLITS, name.toLowerCase()) ? SPLITS[name.toLowerCase()] : undefined;
}

/** The split of each sample, or undefined where the data set has fewer than two parts or a sample has none. */
export function givenSplits(splits: readonly (SplitName | undefined)[]): readonly SplitName[] | undefined {
  const known = splits.filter((split) => split !== undefined);
  return known.length === splits.length && new Set(known).size > 1 ? known : undefined;
}

/** Class names of a data set, from one of these files in its folder, one name per line. */
const NAME_FILES = ["classes.txt", "batches.meta.txt", "labels.txt"];

export interface NamedClasses {
  readonly names: readonly string[];
  readonly from: string;
}

export async function readClassNames(
  folder: string,
  files: readonly string[] = NAME_FILES,
): Promise<NamedClasses | undefined> {
  for (const file of files) {
    const text = await readFile(join(folder, file), "utf8").catch(() => undefined);
    if (text === undefined) continue;
    const names = text.split(/\r?\n/).map((line) => line.trim());
    while (names.at(-1) === "") names.pop();
    return { names, from: file };
  }
  return undefined;
}

/** Names for all labels: those given, or the labels themselves. Throws `invalid-data` where a label has no name. */
export function classNames(labels: Int32Array, named: NamedClasses | undefined): string[] {
  let most = -1;
  for (const [i, label] of labels.entries()) {
    if (label < 0 || label >= MAX_CLASSES) {
      throw new LatheError(
        "invalid-data",
        `Sample ${i} has label "${label}"; labels are whole numbers from 0 to ${MAX_CLASSES - 1}.`,
      );
    }
    if (named !== undefined && label >= named.names.length) {
      const text = `Sample ${i} has label "${label}"; "${named.from}" names only ${named.names.length} classes, from 0.`;
      throw new LatheError("invalid-data", text, { hint: `Correct "${named.from}", one class per line.` });
    }
    most = Math.max(most, label);
  }
  return named === undefined ? Array.from({ length: most + 1 }, (_, i) => String(i)) : [...named.names];
}
