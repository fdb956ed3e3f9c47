import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hash } from "../../../core/base/hash.ts";
import { canonicalJson, type Json } from "../../../core/base/json.ts";

/** One figure for each seed. */
export interface Row {
  /** What was done: "−50 % MACs, Taylor". */
  readonly what: string;
  /** What was measured: "test accuracy". */
  readonly metric: string;
  readonly unit: string;
  readonly values: readonly number[];
}

/** A sentence that the figures have to bear out. */
export interface Claim {
  readonly text: string;
  readonly holds: boolean;
  /** The figures that decide. */
  readonly measured: string;
}

export interface SectionFigures {
  readonly rows: readonly Row[];
  readonly claims: readonly Claim[];
}

export interface SectionOptions {
  readonly seeds: readonly number[];
  /** Of training and evaluation; one where two sections run side by side. */
  readonly threads: number;
  /** Where the section keeps projects and finished parts; a second run goes on from there. */
  readonly folder: string;
  /** Real data and models. */
  readonly data: string;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

/** One family's evidence: a file of this folder that exports `section`. */
export interface Section {
  readonly id: string;
  readonly title: string;
  run(options: SectionOptions): Promise<SectionFigures>;
}

/**
 * A result that takes long, computed once for what it follows from: recipe, seed, version of the code that matters.
 * An interrupted bench goes on behind the last part that it finished.
 */
export async function once<T>(folder: string, from: Json, compute: () => Promise<T>): Promise<T> {
  const path = join(folder, `${hash(canonicalJson(from)).slice(0, 16)}.json`);
  try {
    return (JSON.parse(await readFile(path, "utf8")) as { readonly result: T }).result;
  } catch {
    // Not computed yet.
  }
  const result = await compute();
  await mkdir(folder, { recursive: true });
  await writeFile(`${path}.part`, JSON.stringify({ from, result }));
  await rename(`${path}.part`, path);
  return result;
}

export const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** Standard deviation of a sample. */
export function deviation(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, x) => sum + (x - middle) ** 2, 0) / (values.length - 1));
}
