import type { Report } from "../contract/report.ts";

/**
 * The first table of a report as CSV (RFC 4180): numbers in full precision where the cell has one, text otherwise.
 */
export function renderCsv(report: Report): string {
  const table = report.blocks.find((b) => b.kind === "table");
  if (table === undefined) return "";
  const head = table.columns.map((c) => (c.unit === undefined ? c.title : `${c.title} (${c.unit})`));
  const rows = table.rows.map((row) => row.map((c) => (c.value === undefined ? c.text : String(c.value))));
  return [head, ...rows].map((row) => `${row.map(field).join(",")}\r\n`).join("");
}

/** Spreadsheets run text that starts like a formula; a quote in front keeps it text. */
function field(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
