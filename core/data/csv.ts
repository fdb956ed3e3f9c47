import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { CsvError, parse } from "csv-parse";
import { LatheError, toLatheError } from "../base/error.ts";
import { readClassNames } from "./classes.ts";
import type { Dataset } from "./dataset.ts";
import { MAX_COLUMNS, MAX_HELD_BYTES, MAX_NAMED } from "./limits.ts";
import { recordDataset } from "./recordDataset.ts";
import { heldRecords } from "./records.ts";

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
  const rows = await readRows(path, options.signal);
  const name = basename(path);
  const first = rows[0];
  if (first === undefined) throw new LatheError("invalid-data", `"${name}" has no rows.`);
  const hasTitles = first.every((cell) => !isNumber(cell));
  const titles = hasTitles ? first.map((t) => t.trim()) : first.map((_, i) => String(i));
  const body = hasTitles ? rows.slice(1) : rows;
  const label = labelColumn(titles, body, { name, wanted: options.labelColumn });
  const ignored = new Set((options.ignoreColumns ?? []).map((title) => columnOf(titles, title, name)));
  const features = titles.map((_, i) => i).filter((i) => i !== label && !ignored.has(i));
  if (features.length === 0) throw new LatheError("invalid-data", `"${name}" has no feature columns.`);
  if (body.length * features.length * 4 > MAX_HELD_BYTES) {
    throw new LatheError(
      "limit-exceeded",
      `"${name}" has "${body.length * features.length}" numbers, more than fit into ${MAX_HELD_BYTES} bytes.`,
      {
        hint: "Save the table as an NPY file; those are read in parts.",
      },
    );
  }
  const { values, kept, unreadable } = readFeatures(body, features, { titles, firstRow: hasTitles ? 2 : 1 });
  if (unreadable.length > 0 && (options.unreadable === "stop" || kept.length === 0)) {
    const { name: row, reason } = unreadable[0]!;
    throw new LatheError(
      "invalid-data",
      `"${name}" has "${unreadable.length}" rows of ${body.length} that cannot be read; ${row}: ${reason}.`,
      {
        hint: 'Leave such columns out with ignoreColumns, or such rows with unreadable "skip".',
        details: { unreadable: unreadable.slice(0, MAX_NAMED) },
      },
    );
  }
  const labels =
    label === undefined
      ? undefined
      : readLabels(
          kept.map((row) => body[row]![label]!.trim()),
          await readClassNames(dirname(path), ["classes.txt"]),
        );
  return recordDataset({
    format: "csv",
    path,
    parts: [
      {
        name,
        split: undefined,
        records: heldRecords(new Uint8Array(values.buffer), features.length * 4),
        labels: labels?.labels,
      },
    ],
    classes: labels?.classes,
    kind: "array",
    sampleShape: [features.length],
    decode: (record) => {
      const data = new Float32Array(record.buffer, record.byteOffset, features.length);
      return { kind: "array", array: { type: "float32", dims: [features.length], data } };
    },
    unreadable,
    sampleName: (part, index) => `${part.name} row ${kept[index]! + (hasTitles ? 2 : 1)}`,
  });
}

async function readRows(path: string, signal: AbortSignal | undefined): Promise<string[][]> {
  const parser = parse({
    bom: true,
    delimiter: await delimiterOf(path),
    skip_empty_lines: true,
    max_record_size: 1 << 24,
  });
  const source = createReadStream(path, { signal });
  source.on("error", (e) => parser.destroy(e)).pipe(parser);
  const rows: string[][] = [];
  let cells = 0;
  try {
    for await (const row of parser as AsyncIterable<string[]>) {
      cells += row.length;
      if (row.length > MAX_COLUMNS)
        throw new LatheError(
          "limit-exceeded",
          `"${basename(path)}" has "${row.length}" columns, more than ${MAX_COLUMNS}.`,
        );
      if (cells > MAX_HELD_BYTES / 4)
        throw new LatheError("limit-exceeded", `"${basename(path)}" has more than "${MAX_HELD_BYTES / 4}" cells.`, {
          hint: "Save the table as an NPY file; those are read in parts.",
        });
      rows.push(row);
    }
  } catch (thrown) {
    if (!(thrown instanceof CsvError)) throw toLatheError(thrown, `Reading "${path}"`);
    throw new LatheError("invalid-data", `"${basename(path)}" is not a table: "${thrown.message}".`, { cause: thrown });
  } finally {
    source.destroy();
  }
  return rows;
}

/** The separator that is most frequent in the first line. */
async function delimiterOf(path: string): Promise<string> {
  const file = await open(path).catch((e: unknown) => {
    throw toLatheError(e, `Opening "${path}"`);
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(1 << 16), 0, 1 << 16, 0);
    const line = buffer.toString("utf8", 0, bytesRead).split(/\r?\n/, 1)[0] ?? "";
    const counts = [",", ";", "\t"].map((mark) => ({ mark, count: line.split(mark).length }));
    return counts.reduce((best, next) => (next.count > best.count ? next : best)).mark;
  } finally {
    await file.close();
  }
}

function isNumber(cell: string): boolean {
  return cell.trim() !== "" && Number.isFinite(Number(cell));
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

function labelColumn(
  titles: readonly string[],
  body: readonly string[][],
  { name, wanted }: { name: string; wanted: string | undefined },
): number | undefined {
  if (wanted === "") return undefined;
  if (wanted !== undefined) return columnOf(titles, wanted, name);
  const titled = titles.findIndex((title) => LABEL_TITLES.includes(title.toLowerCase()));
  if (titled >= 0) return titled;
  const last = titles.length - 1;
  const isClass = body.length > 0 && body.every((row) => !isNumber(row[last]!) || Number.isInteger(Number(row[last])));
  return isClass && last > 0 ? last : undefined;
}

interface Features {
  readonly values: Float32Array;
  /** Rows that were read, by number in the body. */
  readonly kept: number[];
  readonly unreadable: { name: string; reason: string }[];
}

function readFeatures(
  body: readonly string[][],
  columns: readonly number[],
  { titles, firstRow }: { titles: readonly string[]; firstRow: number },
): Features {
  const values = new Float32Array(body.length * columns.length);
  const kept: number[] = [];
  const unreadable: { name: string; reason: string }[] = [];
  for (const [r, row] of body.entries()) {
    const bad = columns.find((c) => !isNumber(row[c]!));
    if (bad !== undefined) {
      unreadable.push({
        name: `row ${r + firstRow}`,
        reason: `column "${titles[bad]!}" is "${row[bad]!}", not a number`,
      });
      continue;
    }
    const at = kept.length * columns.length;
    for (const [i, c] of columns.entries()) values[at + i] = Number(row[c]);
    kept.push(r);
  }
  return { values: values.slice(0, kept.length * columns.length), kept, unreadable };
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
