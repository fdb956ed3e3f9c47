import type { Report } from "../contract/report.ts";

/**
 * The first table of a report as CSV (RFC 4180): numbers in full precision where the cell has one, text otherwise,
 * and two more columns where cells have intervals.
 */
export function renderCsv(report: Report): string {
  const table = report.blocks.find((b) => b.kind === "table");
  if (table === undefined) return "";
  const columns = table.columns.map((c, i) => ({
    title: c.unit === undefined ? c.title : `${c.title} (${c.unit})`,
    hasInterval: table.rows.some((row) => row[i]?.interval !== undefined),
  }));
  const head = columns.flatMap((c) => (c.hasInterval ? [c.title, `${c.title} low`, `${c.title} high`] : [c.title]));
  const rows = table.rows.map((row) =>
    row.flatMap((c, i) => {
      const own = c.value === undefined ? (c.text === "—" ? "" : c.text) : String(c.value);
      return columns[i]?.hasInterval === true ? [own, ...(c.interval ?? ["", ""]).map(String)] : [own];
    }),
  );
  return [head, ...rows].map((row) => `${row.map(field).join(",")}\r\n`).join("");
}

/** Spreadsheets run text that starts like a formula; a quote in front keeps it text. */
function field(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
