import { useState, type ReactElement } from "react";
import type { ReportBlock, TableCell } from "../../core/contract/report.ts";
import type { Identities } from "./identity.ts";
import { Swatch } from "./Swatch.tsx";

export type Table = Extract<ReportBlock, { kind: "table" }>;

export interface TableBlockProps {
  readonly block: Table;
  /** Looks of the rows by their names; without it, they have none. */
  readonly identities?: Identities | undefined;
}

interface Order {
  readonly column: number;
  readonly isDown: boolean;
}

const TONES = { good: "▲ ", bad: "▼ ", best: "", neutral: "" } as const;
const WORDS = { good: " (better)", bad: " (worse)", best: " (best)", neutral: "" } as const;

/** A table that can be sorted by each column; the first row keeps its place where it is the baseline. */
export function TableBlock({ block, identities }: TableBlockProps): ReactElement {
  const [order, setOrder] = useState<Order>();
  const rows = order === undefined ? block.rows : sortRows(block.rows, order);
  const next = (column: number): Order | undefined =>
    order?.column !== column ? { column, isDown: true } : order.isDown ? { column, isDown: false } : undefined;
  const sorted = (column: number): "ascending" | "descending" | "none" =>
    order?.column !== column ? "none" : order.isDown ? "descending" : "ascending";
  const content = (
    <div className="table-scroll" tabIndex={0} role="region" aria-label={block.title}>
      <table className="table">
        <caption className={block.collapsed === true ? "sr" : "table-title"}>{block.title}</caption>
        <thead>
          <tr>
            {block.columns.map(({ title, unit, align }, i) => (
              <th key={i} scope="col" className={align} aria-sort={sorted(i)}>
                <button type="button" className="table-sort" onClick={() => setOrder(next(i))}>
                  {title}
                  {unit !== undefined && <span className="table-unit"> {unit}</span>}
                  <span aria-hidden className="table-arrow">
                    {order?.column === i ? (order.isDown ? "↓" : "↑") : ""}
                  </span>
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr key={`${row[0]?.text ?? ""} ${i}`}>
              {row.map((cell, j) =>
                j === 0 ? (
                  <th key={j} scope="row">
                    {identities !== undefined && (
                      <>
                        <Swatch identity={identities(cell.text)} isShown={block.collapsed !== true} />{" "}
                      </>
                    )}
                    {cell.text}
                    {cell.note !== undefined && <span className="table-note">{cell.note}</span>}
                  </th>
                ) : (
                  <td key={j} className={`${block.columns[j]?.align ?? "start"} tone-${cell.tone ?? "neutral"}`}>
                    <span aria-hidden>{TONES[cell.tone ?? "neutral"]}</span>
                    {cell.text}
                    <span className="sr">{WORDS[cell.tone ?? "neutral"]}</span>
                    {cell.note !== undefined && <span className="table-note">{cell.note}</span>}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
  if (block.collapsed !== true) return <div className="card card-flush">{content}</div>;
  return (
    <details className="card card-flush">
      <summary className="table-title">{block.title}</summary>
      {content}
    </details>
  );
}

type Rows = readonly (readonly TableCell[])[];

function sortRows(rows: Rows, { column, isDown }: Order): Rows {
  const compare = (a: TableCell | undefined, b: TableCell | undefined): number => {
    if (a?.value === undefined || b?.value === undefined) {
      // What has no number comes last either way.
      if (a?.value !== b?.value && (a?.value ?? b?.value) !== undefined) return a?.value === undefined ? 1 : -1;
      return (a?.text ?? "").localeCompare(b?.text ?? "", "en") * (isDown ? -1 : 1);
    }
    return (a.value - b.value) * (isDown ? -1 : 1);
  };
  return rows.toSorted((a, b) => compare(a[column], b[column]));
}
