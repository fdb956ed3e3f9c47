import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { basename } from "node:path";
import { CsvError, parse } from "csv-parse";
import { LatheError, toLatheError } from "../base/error.ts";
import { MAX_COLUMNS, MAX_HELD_BYTES } from "./limits.ts";

/** Which columns a table is read into, decided by its first row. */
export interface Columns {
  readonly titles: readonly string[];
  /** Column that is kept as text. */
  readonly text: number | undefined;
  /** Columns that are not looked at. */
  readonly ignored: ReadonlySet<number>;
}

/** A cell that should be a number. */
export interface BadCell {
  readonly column: number;
  readonly text: string;
}

export interface Table extends Columns {
  /** Number of the first row of values in the file: 2 where there are titles. */
  readonly firstRow: number;
  readonly count: number;
  /** Texts of the text column, row by row. */
  readonly texts: readonly string[];
  /** First cell of a row that is not a number, by row from 0. */
  readonly bad: ReadonlyMap<number, BadCell>;
  /** Values of a row, all columns; what is no number or not looked at is NaN. */
  row(index: number): Float32Array;
}

/** Rows that are allocated at a time. */
const CHUNK = 4096;

/**
 * Reads a table of numbers, separated by comma, semicolon or tab, in one pass. A first row without any number is
 * one of titles. Rows are held as numbers, so that a table takes little more memory than its values.
 */
export async function readTable(
  path: string,
  choose: (titles: readonly string[]) => Columns,
  signal: AbortSignal | undefined,
): Promise<Table> {
  const name = basename(path);
  const parser = parse({
    bom: true,
    delimiter: await delimiterOf(path),
    skip_empty_lines: true,
    max_record_size: 1 << 24,
  });
  const source = createReadStream(path, { signal });
  source.on("error", (e) => parser.destroy(e)).pipe(parser);
  const filling = startTable(name, choose);
  try {
    for await (const row of parser as AsyncIterable<string[]>) filling.add(row);
  } catch (thrown) {
    if (!(thrown instanceof CsvError)) throw toLatheError(thrown, `Reading "${path}"`);
    throw new LatheError("invalid-data", `"${name}" is not a table: "${thrown.message}".`, { cause: thrown });
  } finally {
    source.destroy();
  }
  return filling.finish();
}

function startTable(
  name: string,
  choose: (titles: readonly string[]) => Columns,
): { add(row: string[]): void; finish(): Table } {
  const chunks: Float32Array[] = [];
  const texts: string[] = [];
  const known = new Map<string, string>();
  const bad = new Map<number, BadCell>();
  let columns: Columns | undefined;
  let firstRow = 1;
  let count = 0;

  const fill = (cells: readonly string[], { text, ignored, titles }: Columns): void => {
    const width = titles.length;
    if (count % CHUNK === 0) chunks.push(new Float32Array(CHUNK * width).fill(NaN));
    const chunk = chunks.at(-1)!;
    const start = (count % CHUNK) * width;
    for (const [column, cell] of cells.entries()) {
      if (ignored.has(column)) continue;
      if (isNumber(cell)) chunk[start + column] = Number(cell);
      else if (column !== text && !bad.has(count)) bad.set(count, { column, text: cell });
    }
    if (text !== undefined) {
      const own = cells[text]!.trim();
      if (!known.has(own)) known.set(own, own);
      texts.push(known.get(own)!);
    }
    count += 1;
    if (count * width * 4 > MAX_HELD_BYTES) {
      throw new LatheError("limit-exceeded", `"${name}" has more numbers than fit into "${MAX_HELD_BYTES}" bytes.`, {
        hint: "Save the table as an NPY file; those are read in parts.",
      });
    }
  };

  return {
    add: (row) => {
      if (columns !== undefined) {
        fill(row, columns);
        return;
      }
      if (row.length > MAX_COLUMNS) {
        throw new LatheError("limit-exceeded", `"${name}" has "${row.length}" columns, more than ${MAX_COLUMNS}.`);
      }
      const hasTitles = row.every((cell) => !isNumber(cell));
      firstRow = hasTitles ? 2 : 1;
      columns = choose(row.map((cell, i) => (hasTitles ? cell.trim() : String(i))));
      if (!hasTitles) fill(row, columns);
    },
    finish: () => {
      if (columns === undefined) throw new LatheError("invalid-data", `"${name}" has no rows.`);
      const width = columns.titles.length;
      const row = (index: number): Float32Array => {
        const start = (index % CHUNK) * width;
        return chunks[Math.floor(index / CHUNK)]!.subarray(start, start + width);
      };
      return { ...columns, firstRow, count, texts, bad, row };
    },
  };
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

export function isNumber(cell: string): boolean {
  return cell.trim() !== "" && Number.isFinite(Number(cell));
}
