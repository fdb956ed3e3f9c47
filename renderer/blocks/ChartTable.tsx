import { Button } from "@blueprintjs/core";
import type { ReactElement } from "react";
import { useBrush, createBrush, type Brush } from "./plot/brush.ts";
import { tsvOf, type Numbers } from "./saveChart.ts";

/** Rows that are drawn; all of them are copied. */
const MOST = 300;

const NOBODY = createBrush(0);

export interface ChartTableProps extends Numbers {
  readonly title: string;
  readonly brush: Brush | undefined;
}

/** The numbers of a chart. Where something can be chosen in the chart, it can be chosen here as well. */
export function ChartTable({ title, columns, rows, brush }: ChartTableProps): ReactElement {
  useBrush(brush ?? NOBODY);
  return (
    <>
      <div className="table-scroll chart-table" tabIndex={0} role="region" aria-label={`${title}, table`}>
        <table className="table">
          <thead>
            <tr>
              {brush !== undefined && (
                <th scope="col">
                  <span className="sr">Chosen</span>
                </th>
              )}
              {columns.map((c, i) => (
                <th key={c} scope="col" className={i === 0 ? "start" : "end"}>
                  {c}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, MOST).map((row, i) => (
              <tr key={i} className={brush?.has(i) === true ? "is-chosen" : undefined}>
                {brush !== undefined && (
                  <td>
                    <input
                      type="checkbox"
                      className="table-check"
                      aria-label={`Select ${row[0] ?? ""}`}
                      checked={brush.has(i)}
                      onChange={() => brush.toggle(i)}
                    />
                  </td>
                )}
                {row.map((cell, j) =>
                  j === 0 ? (
                    <th key={j} scope="row">
                      {cell}
                    </th>
                  ) : (
                    <td key={j} className="end">
                      {cell}
                    </td>
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="chart-foot">
        <span className="muted">
          {rows.length > MOST
            ? `The first ${MOST} of ${rows.length.toLocaleString("en-US")} rows; copying takes all.`
            : `${rows.length} ${rows.length === 1 ? "row" : "rows"}`}
        </span>
        <Button
          size="small"
          variant="minimal"
          icon="duplicate"
          text="Copy"
          aria-label={`Copy the table: ${title}`}
          onClick={() => void navigator.clipboard.writeText(tsvOf({ columns, rows }))}
        />
      </div>
    </>
  );
}
