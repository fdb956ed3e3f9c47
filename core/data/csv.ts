import { basename, dirname } from "node:path";
import { LatheError } from "../base/error.ts";
import { readClassNames } from "./classes.ts";
import type { Dataset } from "./dataset.ts";
import { MAX_NAMED } from "./limits.ts";
import { recordDataset } from "./recordDataset.ts";
import { heldRecords } from "./records.ts";
import { isNumber, readTable, type BadCell, type Columns, type Table } from "./table.ts";

export interface CsvOptions {
  /** Column with the class, by title or by number from 0; the empty string says that there is none. */
  readonly labelColumn?: string;
  /** Columns to leave out, by title or by number from 0. */
  readonly ignoreColumns?: readonly string[];
  /** What to do with rows that have a feature that is not a number. */
  readonly unreadable: "skip" | "stop";
  readonly signal?: AbortSignal;
}

const LABEL_TITLES = ["label", "class", "target"];

/**
 * Opens a table of numbers: comma, semicolon or tab, with or without a row of titles. Samples are float32 rows.
 * The class is in the column that is named, else in one titled label, class or target, else in the last one if it
 * holds text or whole numbers. Labels that are whole numbers stay what they are; other texts are sorted.
 */
export async function openCsv(path: string, options: CsvOptions): Promise<Dataset> {
  const name = basename(path);
  const { labelColumn, ignoreColumns = [] } = options;
  const choose = (titles: readonly string[]): Columns => ({
    titles,
    text: textColumn(titles, labelColumn, name),
    ignored: new Set(ignoreColumns.map((title) => columnOf(titles, title, name))),
  });
  const table = await readTable(path, choose, options.signal);
  const isGuess = labelColumn === undefined && titledLabel(table.titles) < 0;
  const label = isGuess && !holdsClasses(table) ? undefined : table.text;
  const features = table.titles.map((_, i) => i).filter((i) => i !== label && !table.ignored.has(i));
  if (features.length === 0) throw new LatheError("invalid-data", `"${name}" has no feature columns.`);
  const { kept, unreadable } = readableRows(table, label);
  refuseUnreadable({ name, kept: kept.length, unreadable }, options.unreadable);
  const values = new Float32Array(kept.length * features.length);
  for (const [r, row] of kept.entries()) {
    const from = table.row(row);
    for (const [i, column] of features.entries()) values[r * features.length + i] = from[column]!;
  }
  const texts = label === undefined ? undefined : kept.map((row) => table.texts[row]!);
  const labels = texts && readLabels(texts, await readClassNames(dirname(path), ["classes.txt"]));
  const records = heldRecords(new Uint8Array(values.buffer), features.length * 4);
  return recordDataset({
    format: "csv",
    path,
    parts: [{ name, split: undefined, records, labels: labels?.labels }],
    classes: labels?.classes,
    kind: "array",
    sampleShape: [features.length],
    decode: (record) => {
      const data = new Float32Array(record.buffer, record.byteOffset, features.length);
      return { kind: "array", array: { type: "float32", dims: [features.length], data } };
    },
    unreadable,
    sampleName: (part, index) => `${part.name} row ${kept[index]! + table.firstRow}`,
  });
}

/** The column of the class, or the last one, which may turn out to hold it. */
function textColumn(titles: readonly string[], wanted: string | undefined, name: string): number | undefined {
  if (wanted === "") return undefined;
  if (wanted !== undefined) return columnOf(titles, wanted, name);
  const titled = titledLabel(titles);
  return titled < 0 ? titles.length - 1 : titled;
}

function titledLabel(titles: readonly string[]): number {
  return titles.findIndex((title) => LABEL_TITLES.includes(title.toLowerCase()));
}

/** Whether the last column, which nothing says is the label, can be one: text or whole numbers, beside others. */
function holdsClasses({ texts, titles }: Table): boolean {
  return (
    titles.length > 1 && texts.length > 0 && texts.every((text) => !isNumber(text) || Number.isInteger(Number(text)))
  );
}

function columnOf(titles: readonly string[], wanted: string, name: string): number {
  const at = titles.indexOf(wanted);
  const number = /^\d+$/.test(wanted) ? Number(wanted) : -1;
  if (at >= 0) return at;
  if (number >= 0 && number < titles.length) return number;
  throw new LatheError("invalid-argument", `"${name}" has no column "${wanted}".`, {
    hint: `It has ${titles.slice(0, 20).join(", ")}${titles.length > 20 ? ", …" : ""}.`,
  });
}

interface Readable {
  /** Rows of numbers, from 0. */
  readonly kept: number[];
  readonly unreadable: { name: string; reason: string }[];
}

function readableRows(
  { bad, count, firstRow, texts, text, titles, ignored }: Table,
  label: number | undefined,
): Readable {
  const kept: number[] = [];
  const unreadable: Readable["unreadable"] = [];
  const isFeature = text !== undefined && text !== label && !ignored.has(text);
  for (let row = 0; row < count; row++) {
    const guessed: BadCell | undefined =
      isFeature && !isNumber(texts[row]!) ? { column: text, text: texts[row]! } : undefined;
    const cell = bad.get(row) ?? guessed;
    if (cell === undefined) kept.push(row);
    else
      unreadable.push({
        name: `row ${row + firstRow}`,
        reason: `column "${titles[cell.column]!}" is "${cell.text}", not a number`,
      });
  }
  return { kept, unreadable };
}

function refuseUnreadable(
  { name, kept, unreadable }: { name: string; kept: number; unreadable: Readable["unreadable"] },
  policy: "skip" | "stop",
): void {
  const [first] = unreadable;
  if (first === undefined || (policy === "skip" && kept > 0)) return;
  const text = `"${name}" has "${unreadable.length}" rows of ${kept + unreadable.length} that cannot be read; ${first.name}: ${first.reason}.`;
  throw new LatheError("invalid-data", text, {
    hint: 'Leave such columns out with ignoreColumns, or such rows with unreadable "skip".',
    details: { unreadable: unreadable.slice(0, MAX_NAMED), count: unreadable.length },
  });
}

interface Labels {
  readonly labels: Int32Array;
  readonly classes: { readonly names: readonly string[]; readonly from: string } | undefined;
}

function readLabels(cells: readonly string[], named: Labels["classes"]): Labels {
  if (cells.every((cell) => /^\d{1,9}(\.0+)?$/.test(cell)))
    return { labels: Int32Array.from(cells, Number), classes: named };
  const names = named?.names ?? [...new Set(cells)].sort();
  const numbers = new Map(names.map((name, i) => [name, i]));
  const labels = Int32Array.from(cells, (cell) => {
    const label = numbers.get(cell);
    if (label === undefined) {
      throw new LatheError("invalid-data", `The class "${cell}" is not in "${named?.from ?? ""}".`);
    }
    return label;
  });
  return { labels, classes: { names, from: named?.from ?? "the table" } };
}
