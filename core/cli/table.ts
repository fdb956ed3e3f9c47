import Table from "cli-table3";
import type { ReportBlock, TableCell } from "../contract/report.ts";

type TableBlock = Extract<ReportBlock, { kind: "table" }>;

export interface Column {
  readonly title: string;
  readonly isNumber?: boolean;
}

const NO_LINES = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "  ",
};

/** Rows as text in aligned columns, with a rule under the titles. Control characters in names cannot act. */
export function textTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const table = new Table({
    chars: NO_LINES,
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [], compact: true },
    colAligns: columns.map((c) => (c.isNumber === true ? "right" : "left")),
  });
  const fitted = fitLast(columns, rows);
  const widths = columns.map((c, i) =>
    Math.max(...[c.title, ...fitted.map((r) => r[i] ?? "")].flatMap((t) => t.split("\n").map((l) => l.length))),
  );
  table.push(columns.map((c) => c.title));
  table.push(widths.map((w) => "─".repeat(w)));
  for (const row of fitted) table.push(row.map(harmless));
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

/** Breaks the texts of the last column so that the table fits the terminal; elsewhere lines may be long. */
function fitLast(columns: readonly Column[], rows: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const last = columns.length - 1;
  const room = process.stdout.isTTY ? process.stdout.columns : Infinity;
  const taken = columns
    .slice(0, last)
    .map((c, i) => Math.max(c.title.length, ...rows.map((r) => r[i]?.length ?? 0)) + 2);
  const width = Math.max(30, room - taken.reduce((sum, w) => sum + w, 0));
  if (columns[last]?.isNumber === true) return rows;
  return rows.map((row) => row.map((text, i) => (i === last ? wrap(text, width) : text)));
}

function wrap(text: string, width: number): string {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines.join("\n");
}

/** A table of a report; notes stand under their cells. */
export function blockTable(block: TableBlock): string {
  const columns = block.columns.map((c) => ({
    title: c.unit === undefined ? c.title : `${c.title} (${c.unit})`,
    isNumber: c.align === "end",
  }));
  return textTable(
    columns,
    block.rows.map((row) => row.map(cellText)),
  );
}

function cellText({ text, note }: TableCell): string {
  return note === undefined ? text : `${text}\n${note}`;
}

/** Escape sequences in names could redraw the screen. */
export function harmless(text: string): string {
  // All control characters but the line break, and those that reorder text.
  return text.replace(/[^\P{Cc}\n]|\p{Bidi_Control}/gu, "\uFFFD");
}
