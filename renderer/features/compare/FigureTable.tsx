import { Button, Switch } from "@blueprintjs/core";
import { useState, type ReactElement, type ReactNode } from "react";
import { formatFixed } from "../../../core/base/format.ts";
import type { FigureCell, FigureColumn } from "../../../core/contract/compare.ts";
import type { VariantView } from "../../../core/contract/views.ts";
import type { Identities } from "../../blocks/identity.ts";
import { useBrush, type Brush } from "../../blocks/plot/brush.ts";
import { tsvOf } from "../../blocks/saveChart.ts";
import { Swatch } from "../../blocks/Swatch.tsx";
import { useStore } from "../../kit/store.ts";
import { shownFigures, sortedPlaces, tableText, type Figure } from "./figures.ts";
import { changeOptions, compareOptions } from "./options.ts";

export interface FigureTableProps {
  readonly variants: readonly VariantView[];
  readonly figures: readonly Figure[];
  readonly identities: Identities;
  readonly brush: Brush;
  /** How latency was measured. */
  readonly protocol: readonly string[];
  readonly onOpen: (index: number) => void;
}

/** All figures of all variants; rows and columns change places on request. */
export function FigureTable(props: FigureTableProps): ReactElement {
  const { variants, figures, protocol } = props;
  const options = useStore(compareOptions);
  const shown = shownFigures(figures, options);
  const title = `Side by side with the baseline, ${variants[0]?.name ?? ""}`;
  const names = variants.map((v) => v.name);
  return (
    <section className="card card-flush" aria-label="Figures">
      <div className="table-tools">
        <h2>{title}</h2>
        <Switch
          label="Only differences"
          checked={options.onlyDifferences}
          onChange={(event) => changeOptions({ onlyDifferences: event.currentTarget.checked })}
        />
        <Switch
          label="Settings"
          checked={options.withSettings}
          onChange={(event) => changeOptions({ withSettings: event.currentTarget.checked })}
        />
        <Switch
          label="Transpose"
          checked={options.isTransposed}
          onChange={(event) => changeOptions({ isTransposed: event.currentTarget.checked })}
        />
        <Button
          size="small"
          variant="minimal"
          icon="duplicate"
          text="Copy"
          aria-label="Copy the table"
          onClick={() => void navigator.clipboard.writeText(tsvOf(tableText(names, shown)))}
        />
      </div>
      <div className="table-scroll" tabIndex={0} role="region" aria-label={title}>
        {options.isTransposed ? <Columns {...props} shown={shown} /> : <Rows {...props} shown={shown} />}
      </div>
      {protocol.length > 0 && (
        <ul className="protocol muted">
          {protocol.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
    </section>
  );
}

interface ShownProps extends FigureTableProps {
  readonly shown: readonly Figure[];
}

interface Order {
  readonly id: string;
  readonly isDescending: boolean;
}

function Rows(props: ShownProps): ReactElement {
  const { variants, shown, brush } = props;
  useBrush(brush);
  const [order, setOrder] = useState<Order>();
  const by = shown.find(({ column }) => column.id === order?.id);
  const places =
    by === undefined || order === undefined ? variants.map((_, i) => i) : sortedPlaces(by.cells, order.isDescending);
  const next = (id: string): Order | undefined =>
    order?.id !== id ? { id, isDescending: true } : order.isDescending ? { id, isDescending: false } : undefined;
  return (
    <table className="table">
      <thead>
        <tr>
          <th scope="col">Variant</th>
          {shown.map(({ column }) => (
            <th
              key={column.id}
              scope="col"
              className={column.kind === "measured" ? "end" : "start"}
              aria-sort={order?.id !== column.id ? "none" : order.isDescending ? "descending" : "ascending"}
            >
              <button type="button" className="table-sort" onClick={() => setOrder(next(column.id))}>
                <Title column={column} />
                <span aria-hidden className="table-arrow">
                  {order?.id === column.id ? (order.isDescending ? "↓" : "↑") : ""}
                </span>
              </button>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {places.map((i) => {
          const variant = variants[i];
          if (variant === undefined) return null;
          return (
            <tr key={variant.id} className={brush.has(i) ? "is-chosen" : undefined}>
              <th scope="row">
                <Name {...props} variant={variant} index={i} />
              </th>
              {shown.map(({ column, cells }) => (
                <Cell key={column.id} column={column} cell={cells[i]} />
              ))}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Columns(props: ShownProps): ReactElement {
  const { variants, shown, brush } = props;
  useBrush(brush);
  return (
    <table className="table">
      <thead>
        <tr>
          <th scope="col">Figure</th>
          {variants.map((variant, i) => (
            <th key={variant.id} scope="col" className={brush.has(i) ? "end is-chosen" : "end"}>
              <Name {...props} variant={variant} index={i} />
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {shown.map(({ column, cells }) => (
          <tr key={column.id}>
            <th scope="row">
              <Title column={column} />
            </th>
            {variants.map((variant, i) => (
              <Cell key={variant.id} column={column} cell={cells[i]} isChosen={brush.has(i)} />
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Title({ column: { title, unit } }: { readonly column: FigureColumn }): ReactElement {
  return (
    <>
      {title}
      {unit !== undefined && <span className="table-unit"> {unit}</span>}
    </>
  );
}

interface NameProps extends FigureTableProps {
  readonly variant: VariantView;
  readonly index: number;
}

/** The check box chooses the variant in all charts and tables; the name shows it in the inspector. */
function Name({ variant, index, identities, brush, onOpen }: NameProps): ReactElement {
  return (
    <span className="variant-name">
      <input
        type="checkbox"
        className="table-check"
        aria-label={`Select ${variant.name}`}
        checked={brush.has(index)}
        onChange={() => brush.toggle(index)}
      />
      <Swatch identity={identities(variant.name)} />
      <button type="button" className="link-button" onClick={() => onOpen(index)}>
        {variant.name}
      </button>
      {variant.isBaseline && <span className="tag">baseline</span>}
    </span>
  );
}

/** Intervals are as exact as their values. */
const decimalsOf = (text: string): number => /\.(\d+)/.exec(text)?.[1]?.length ?? 0;

const SIGNS = { good: "▲ ", bad: "▼ ", neutral: "" } as const;
const WORDS = { good: " (better)", bad: " (worse)", neutral: "" } as const;

interface CellProps {
  readonly column: FigureColumn;
  readonly cell: FigureCell | undefined;
  readonly isChosen?: boolean;
}

function Cell({ column, cell = { text: "—" }, isChosen = false }: CellProps): ReactNode {
  const names = [
    column.kind === "measured" ? "end" : "setting",
    cell.isBest === true && "tone-best",
    isChosen && "is-chosen",
  ];
  return (
    <td className={names.filter(Boolean).join(" ")} title={column.kind === "setting" ? cell.text : undefined}>
      {cell.text}
      {cell.isBest === true && <span className="sr"> (among the best)</span>}
      {cell.interval !== undefined && (
        <span className="table-note">{cell.interval.map((v) => formatFixed(v, decimalsOf(cell.text))).join("–")}</span>
      )}
      {cell.delta !== undefined && (
        <span className={`table-note delta tone-${cell.delta.tone}`}>
          <span aria-hidden>{SIGNS[cell.delta.tone]}</span>
          {cell.delta.text}
          <span className="sr">{WORDS[cell.delta.tone]}</span>
        </span>
      )}
    </td>
  );
}
