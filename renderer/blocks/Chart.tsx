import { Button, Menu, MenuItem, PopoverNext } from "@blueprintjs/core";
import { useId, useRef, useState, type ReactElement, type ReactNode, type RefObject } from "react";
import { toast } from "../kit/toast.ts";
import { ChartTable } from "./ChartTable.tsx";
import type { Brush } from "./plot/brush.ts";
import { saveCsv, savePng, saveSvg, svgOf, tsvOf, type Numbers } from "./saveChart.ts";

type Rows = readonly (readonly string[])[];

export interface ChartProps {
  readonly title: string;
  /** What the drawing shows, in a sentence. */
  readonly summary: string;
  /** The same numbers: titles of columns, then rows. */
  readonly columns: readonly string[];
  readonly rows: Rows | (() => Rows);
  readonly children: ReactNode;
  /** Whether the drawing takes keys and pointers itself. */
  readonly isInteractive?: boolean;
  /** Choices that stand between the title and the drawing. */
  readonly tools?: ReactNode;
  /** What of the drawing is no SVG on the screen, as SVG. */
  readonly painted?: () => string;
  /** Where rows can be chosen: the row's place is the chosen thing's. */
  readonly brush?: Brush | undefined;
}

/** A drawing with its title, its story in words, and its numbers as a table. All of it can be saved. */
export function Chart(props: ChartProps): ReactElement {
  const { title, summary, columns, rows, children, isInteractive = false, tools, painted, brush } = props;
  const [isTable, setTable] = useState(false);
  const id = useId();
  const drawing = useRef<HTMLDivElement>(null);
  const numbers = (): Numbers => ({ columns, rows: typeof rows === "function" ? rows() : rows });
  return (
    <figure className="card chart" aria-labelledby={id}>
      <figcaption className="chart-head">
        <span className="chart-title" id={id}>
          {title}
        </span>
        <span className="row chart-actions">
          <Button
            size="small"
            variant="minimal"
            icon={isTable ? "chart" : "th"}
            text={isTable ? "View as chart" : "View as table"}
            aria-label={isTable ? `View as chart: ${title}` : `View as table: ${title}`}
            onClick={() => setTable(!isTable)}
          />
          <SaveChart title={title} numbers={numbers} drawing={drawing} painted={painted} />
        </span>
      </figcaption>
      {tools !== undefined && <div className="chart-tools">{tools}</div>}
      {isTable && <ChartTable title={title} {...numbers()} brush={brush} />}
      {/* Kept while the table is seen, so that it can be saved and comes back as it was. */}
      <div
        className="chart-drawing"
        ref={drawing}
        hidden={isTable}
        {...(isInteractive ? {} : { role: "img", "aria-label": `${title}. ${summary}` })}
      >
        {children}
      </div>
      {isInteractive && <p className="sr">{summary}</p>}
    </figure>
  );
}

interface SaveChartProps {
  readonly title: string;
  readonly numbers: () => Numbers;
  readonly drawing: RefObject<HTMLDivElement | null>;
  readonly painted: (() => string) | undefined;
}

function SaveChart({ title, numbers, drawing, painted }: SaveChartProps): ReactElement {
  const svg = (): string => {
    const found = drawing.current?.querySelector("svg");
    return found === null || found === undefined ? "" : svgOf(found, title, painted?.());
  };
  const png = async (): Promise<void> => {
    try {
      await savePng(title, svg());
    } catch (thrown) {
      await toast(thrown instanceof Error ? thrown.message : "The picture could not be made.", { tone: "bad" });
    }
  };
  return (
    <PopoverNext
      placement="bottom-end"
      content={
        <Menu>
          <MenuItem text="Picture, SVG" onClick={() => saveSvg(title, svg())} />
          <MenuItem text="Picture, PNG" onClick={() => void png()} />
          <MenuItem text="Numbers, CSV" onClick={() => saveCsv(title, numbers())} />
          <MenuItem text="Copy numbers" onClick={() => void navigator.clipboard.writeText(tsvOf(numbers()))} />
        </Menu>
      }
    >
      <Button size="small" variant="minimal" icon="download" aria-label={`Save: ${title}`} title="Save" />
    </PopoverNext>
  );
}
