import { Button } from "@blueprintjs/core";
import { useId, useState, type ReactElement, type ReactNode } from "react";

export interface ChartProps {
  readonly title: string;
  /** What the drawing shows, in a sentence. */
  readonly summary: string;
  /** The same numbers: titles of columns, then rows. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly children: ReactNode;
}

/** A drawing with its title, its story in words, and its numbers as a table. */
export function Chart({ title, summary, columns, rows, children }: ChartProps): ReactElement {
  const [isTable, setTable] = useState(false);
  const id = useId();
  return (
    <figure className="card chart" aria-labelledby={id}>
      <figcaption className="chart-head">
        <span className="chart-title" id={id}>
          {title}
        </span>
        <Button
          size="small"
          variant="minimal"
          icon={isTable ? "chart" : "th"}
          text={isTable ? "View as chart" : "View as table"}
          aria-label={isTable ? `View as chart: ${title}` : `View as table: ${title}`}
          onClick={() => setTable(!isTable)}
        />
      </figcaption>
      {isTable ? (
        <div className="table-scroll" tabIndex={0} role="region" aria-label={`${title}, table`}>
          <table className="table">
            <thead>
              <tr>
                {columns.map((c, i) => (
                  <th key={c} scope="col" className={i === 0 ? "start" : "end"}>
                    {c}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row, i) => (
                <tr key={i}>
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
      ) : (
        <div className="chart-drawing" role="img" aria-label={`${title}. ${summary}`}>
          {children}
        </div>
      )}
    </figure>
  );
}
