import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { CsvError, parse } from "csv-parse/sync";
import { LatheError, toLatheError } from "../base/error.ts";
import type { SplitName } from "../contract/dataset.ts";
import { splitOf, type NamedClasses } from "./classes.ts";

const FILE_TITLES = ["file", "filename", "file_name", "image", "path", "name", "id"];
const LABEL_TITLES = ["label", "class", "target"];

export interface LabelTable {
  readonly labels: Int32Array;
  /** Absent where labels are numbers. */
  readonly classes: NamedClasses | undefined;
  readonly splits: readonly (SplitName | undefined)[] | undefined;
}

/**
 * Reads a CSV file that gives each image a label, by a column titled file (or filename, image, path …) and one
 * titled label (or class, target); a column titled split is followed. Labels come back in the order of `names`.
 * Throws `invalid-data` where rows and images do not match. Undefined where the file is absent and not required.
 */
export async function readLabelTable(
  path: string,
  { names, isRequired }: { names: readonly string[]; isRequired: boolean },
): Promise<LabelTable | undefined> {
  const text = await readFile(path, "utf8").catch((e: unknown) => {
    const error = toLatheError(e, `Reading "${path}"`);
    if (isRequired || error.code !== "not-found") throw error;
    return undefined;
  });
  if (text === undefined) return undefined;
  const from = basename(path);
  const [titles, ...rows] = rowsOf(text, from);
  const fileAt = columnOf(titles ?? [], FILE_TITLES, from);
  const labelAt = columnOf(titles ?? [], LABEL_TITLES, from);
  const splitAt = (titles ?? []).findIndex((title) => title.trim().toLowerCase() === "split");
  if (rows.length !== names.length) {
    throw new LatheError(
      "invalid-data",
      `"${from}" has labels for "${rows.length}" images and the folder holds ${names.length}.`,
      {
        hint: "Give every image one row.",
      },
    );
  }
  const byName = new Map(rows.map((row, i) => [row[fileAt]!.trim(), i]));
  const inOrder = names.map((name) => {
    const row = byName.get(name);
    if (row === undefined) {
      throw new LatheError("invalid-data", `"${from}" has no label for the image "${name}".`, {
        hint: "Give every image one row.",
      });
    }
    return rows[row]!;
  });
  const cells = inOrder.map((row) => row[labelAt]!.trim());
  const splits = splitAt < 0 ? undefined : inOrder.map((row) => splitOf(row[splitAt]!.trim()));
  if (cells.every((cell) => /^\d{1,9}$/.test(cell)))
    return { labels: Int32Array.from(cells, Number), classes: undefined, splits };
  const classes = [...new Set(cells)].sort();
  const numbers = new Map(classes.map((name, i) => [name, i]));
  return { labels: Int32Array.from(cells, (cell) => numbers.get(cell)!), classes: { names: classes, from }, splits };
}

function rowsOf(text: string, from: string): string[][] {
  try {
    return parse(text, { bom: true, skip_empty_lines: true });
  } catch (thrown) {
    if (!(thrown instanceof CsvError)) throw thrown;
    throw new LatheError("invalid-data", `"${from}" is not a table: "${thrown.message}".`, { cause: thrown });
  }
}

function columnOf(titles: readonly string[], wanted: readonly string[], from: string): number {
  const at = titles.findIndex((title) => wanted.includes(title.trim().toLowerCase()));
  if (at >= 0) return at;
  throw new LatheError(
    "invalid-data",
    `"${from}" has the columns "${titles.join(", ")}" and none titled ${wanted[0] ?? ""}.`,
    {
      hint: "Title the columns file and label.",
    },
  );
}
