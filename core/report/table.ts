import type { ReportBlock, TableCell } from "../contract/report.ts";
import { escapeHtml } from "./escape.ts";
import { symbolPath, type Identities } from "./identity.ts";

export type TableBlock = Extract<ReportBlock, { kind: "table" }>;

/** A table in a card; the first column names the rows. A long one may be folded away. */
export function drawTable(block: TableBlock, identities: Identities): string {
  const head = block.columns.map((c) => {
    const unit = c.unit === undefined ? "" : `<span class="unit">${escapeHtml(c.unit)}</span>`;
    return `<th scope="col"${c.align === "end" ? ' class="end"' : ""}>${escapeHtml(c.title)}${unit}</th>`;
  });
  const rows = block.rows.map((row) => {
    const cells = row.map((cell, i) =>
      drawCell(cell, { isFirst: i === 0, isEnd: block.columns[i]?.align === "end", identities }),
    );
    return `<tr>${cells.join("")}</tr>`;
  });
  const inner = `<thead><tr>${head.join("")}</tr></thead><tbody>${rows.join("")}</tbody>`;
  const title = escapeHtml(block.title);
  const scroll = (caption: string): string =>
    `<div class="scroll" tabindex="0" role="region" aria-label="${title}"><table>${caption}${inner}</table></div>`;
  if (block.collapsed === true) {
    const count = `${block.rows.length} ${block.rows.length === 1 ? "row" : "rows"}`;
    return `<details class="card tablecard"><summary>${title} <span class="at">(${count})</span></summary>${scroll(`<caption class="sr">${title}</caption>`)}</details>`;
  }
  return `<div class="card tablecard">${scroll(`<caption class="tabletitle">${title}</caption>`)}</div>`;
}

interface CellOptions {
  readonly isFirst: boolean;
  readonly isEnd: boolean;
  readonly identities: Identities;
}

// Colour never stands alone: a sign for the eye and a word for the ear go with it.
const SIGNS = {
  good: '<span class="sign" aria-hidden="true">▲</span>',
  bad: '<span class="sign" aria-hidden="true">▼</span>',
  best: "",
  neutral: "",
} as const;
const WORDS = { good: " (better)", bad: " (worse)", best: " (best)", neutral: "" } as const;

function drawCell(cell: TableCell, { isFirst, isEnd, identities }: CellOptions): string {
  const tone = cell.tone ?? "neutral";
  const classes = [...(isEnd ? ["end"] : []), ...(tone === "neutral" ? [] : [tone])];
  const name = classes.length === 0 ? "" : ` class="${classes.join(" ")}"`;
  const note = cell.note === undefined ? "" : `<span class="note">${escapeHtml(cell.note)}</span>`;
  const word = WORDS[tone] === "" ? "" : `<span class="sr">${WORDS[tone]}</span>`;
  if (isFirst) {
    return `<th scope="row"${name} title="${escapeHtml(cell.text)}">${swatch(cell.text, identities)}${escapeHtml(cell.text)}${note}</th>`;
  }
  return `<td${name}>${SIGNS[tone]}${escapeHtml(cell.text)}${word}${note}</td>`;
}

/** The symbol under which a variant appears in the charts, or nothing for other names. */
export function swatch(label: string, identities: Identities): string {
  const identity = identities(label);
  if (identity === undefined) return "";
  return `<svg class="swatch" viewBox="0 0 12 12" aria-hidden="true"><path class="mark c${identity.colour}" d="${symbolPath(identity.symbol, [6, 6], 4.6)}"/></svg>`;
}
