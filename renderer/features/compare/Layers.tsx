import { Button, HTMLSelect, InputGroup } from "@blueprintjs/core";
import { useState, type ReactElement } from "react";
import { formatCount, formatFixed, formatPercent, formatSigned } from "../../../core/base/format.ts";
import type { LayerComparison, LayerFigures } from "../../../core/contract/compare.ts";
import type { VariantView } from "../../../core/contract/views.ts";
import type { Identities } from "../../blocks/identity.ts";
import { useBrush, type Brush } from "../../blocks/plot/brush.ts";
import { tsvOf } from "../../blocks/saveChart.ts";
import { Swatch } from "../../blocks/Swatch.tsx";

type Measure = keyof LayerFigures;

interface Shown {
  readonly id: Measure;
  readonly label: string;
  readonly text: (value: number) => string;
  /** Whether values add up over the layers. */
  readonly hasSum: boolean;
}

const MEASURES: readonly Shown[] = [
  { id: "time", label: "Latency, ms", text: (v) => formatFixed(v, 3), hasSum: true },
  { id: "bits", label: "Weight bits", text: (v) => String(v), hasSum: false },
  { id: "sparsity", label: "Sparsity", text: (v) => formatPercent(v), hasSum: false },
  { id: "sqnr", label: "Weight SQNR, dB", text: (v) => formatFixed(v, 1), hasSum: false },
  { id: "macs", label: "MACs", text: formatCount, hasSum: true },
  { id: "parameters", label: "Parameters", text: formatCount, hasSum: true },
];

export interface LayersProps {
  readonly comparison: LayerComparison;
  readonly variants: readonly VariantView[];
  readonly identities: Identities;
  readonly brush: Brush;
}

/** One figure of every layer in every variant, matched by the layer's name. */
export function Layers({ comparison, variants, identities, brush }: LayersProps): ReactElement | null {
  useBrush(brush);
  const known = MEASURES.filter((m) => comparison.layers.some((l) => l.figures.some((f) => f?.[m.id] !== undefined)));
  const [wanted, setWanted] = useState<Measure>("time");
  const [search, setSearch] = useState("");
  const [by, setBy] = useState<{ readonly column: number; readonly isDescending: boolean }>();
  const measure = known.find((m) => m.id === wanted) ?? known[0];
  if (measure === undefined) return null;
  const value = (figures: LayerFigures | null | undefined): number | undefined => figures?.[measure.id];
  const found = comparison.layers.filter(
    (l) =>
      `${l.node} ${l.op}`.toLowerCase().includes(search.toLowerCase()) && l.figures.some((f) => value(f) !== undefined),
  );
  const rows =
    by === undefined
      ? found
      : found.toSorted((a, b) => {
          const [x, y] = [value(a.figures[by.column]), value(b.figures[by.column])];
          if (x === undefined || y === undefined) return x === y ? 0 : x === undefined ? 1 : -1;
          return by.isDescending ? y - x : x - y;
        });
  const sums = variants.map((_, i) => found.reduce((sum, l) => sum + (value(l.figures[i]) ?? 0), 0));
  const text = (v: number | undefined): string => (v === undefined ? "—" : measure.text(v));
  const copy = (): void => {
    const table = {
      columns: ["Layer", "Op", ...variants.map((v) => `${v.name}, ${measure.label}`)],
      rows: rows.map((l) => [l.node, l.op, ...variants.map((_, i) => text(value(l.figures[i])))]),
    };
    void navigator.clipboard.writeText(tsvOf(table));
  };
  return (
    <section className="card card-flush" aria-labelledby="layers-title">
      <div className="table-tools">
        <h2 id="layers-title">Layers</h2>
        <label>
          Show
          <HTMLSelect
            value={measure.id}
            options={known.map((m) => ({ value: m.id, label: m.label }))}
            onChange={(event) => setWanted(event.currentTarget.value as Measure)}
          />
        </label>
        <InputGroup
          size="small"
          leftIcon="search"
          placeholder="Layer or op"
          aria-label="Search layers"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <span className="muted">
          {found.length} {found.length === 1 ? "layer" : "layers"}
        </span>
        <Button
          size="small"
          variant="minimal"
          icon="duplicate"
          text="Copy"
          aria-label="Copy the layers"
          onClick={copy}
        />
      </div>
      <div className="table-scroll layers-table" tabIndex={0} role="region" aria-label="Layers side by side">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Layer</th>
              <th scope="col">Op</th>
              {variants.map((v, i) => (
                <th
                  key={v.id}
                  scope="col"
                  className={brush.has(i) ? "end is-chosen" : "end"}
                  aria-sort={by?.column !== i ? "none" : by.isDescending ? "descending" : "ascending"}
                >
                  <button
                    type="button"
                    className="table-sort"
                    onClick={() =>
                      setBy(
                        by?.column !== i
                          ? { column: i, isDescending: true }
                          : by.isDescending
                            ? { column: i, isDescending: false }
                            : undefined,
                      )
                    }
                  >
                    <Swatch identity={identities(v.name)} /> {v.name}
                    <span aria-hidden className="table-arrow">
                      {by?.column === i ? (by.isDescending ? "↓" : "↑") : ""}
                    </span>
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((layer) => (
              <tr key={layer.node}>
                <th scope="row" className="mono">
                  {layer.node}
                </th>
                <td>{layer.op}</td>
                {variants.map((v, i) => (
                  <td key={v.id} className={brush.has(i) ? "end is-chosen" : "end"}>
                    {text(value(layer.figures[i]))}
                    {measure.id === "time" && i > 0 && (
                      <Change from={value(layer.figures[0])} to={value(layer.figures[i])} />
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
          {measure.hasSum && (
            <tfoot>
              <tr>
                <th scope="row">Together</th>
                <td />
                {sums.map((sum, i) => (
                  <td key={variants[i]?.id} className="end">
                    {measure.text(sum)}
                  </td>
                ))}
              </tr>
            </tfoot>
          )}
        </table>
      </div>
      {measure.id === "time" && (
        <p className="muted protocol">
          Per call, as the runtime's profiler saw them. Layers that it merged into others have no time of their own, and
          profiling slows small models down: compare layers with each other, not with the latency above.
        </p>
      )}
    </section>
  );
}

function Change({
  from,
  to,
}: {
  readonly from: number | undefined;
  readonly to: number | undefined;
}): ReactElement | null {
  if (from === undefined || to === undefined || from === 0) return null;
  return <span className="table-note">{formatSigned(100 * (to / from - 1), 0)} %</span>;
}
