import { Checkbox, InputGroup } from "@blueprintjs/core";
import { useMemo, useState, type ReactElement } from "react";
import type { VariantView } from "../../../core/contract/views.ts";
import type { Axis } from "../../blocks/axis.tsx";
import type { Identities } from "../../blocks/identity.ts";
import { AxisChoice } from "../../blocks/plot/AxisChoice.tsx";
import type { Brush } from "../../blocks/plot/brush.ts";
import type { Limit, PointsBlock } from "../../blocks/plot/points.ts";
import { PointsChart } from "../../blocks/plot/PointsChart.tsx";
import { useStore } from "../../kit/store.ts";
import { frontOf, titleOf, type Figure } from "./figures.ts";
import { changeOptions, compareOptions } from "./options.ts";

export interface TradeOffProps {
  readonly variants: readonly VariantView[];
  /** Those with numbers. */
  readonly figures: readonly Figure[];
  readonly identities: Identities;
  readonly brush: Brush;
  readonly onOpen: (index: number) => void;
}

/** Two figures against each other, with what no other variant beats in both. */
export function TradeOff({ variants, figures, identities, brush, onOpen }: TradeOffProps): ReactElement | null {
  const options = useStore(compareOptions);
  const [bounds, setBounds] = useState<{ readonly x: string; readonly y: string }>({ x: "", y: "" });
  const chosen = (id: string, other?: Figure): Figure | undefined =>
    figures.find((f) => f.column.id === id) ?? figures.find((f) => f !== other);
  const y = chosen(options.y);
  const x = chosen(options.x, y);
  const { isLogX, isLogY, hidesDominated } = options;
  const front = useMemo(() => (x === undefined || y === undefined ? [] : frontOf(x, y)), [x, y]);
  const block = useMemo((): PointsBlock | undefined => {
    if (x === undefined || y === undefined) return undefined;
    const isShown = (i: number): boolean => !hidesDominated || front.includes(i);
    const values = (figure: Figure): Float64Array =>
      Float64Array.from(figure.cells, (c, i) => (isShown(i) ? (c.value ?? NaN) : NaN));
    const axis = ({ column }: Figure, isLog: boolean): Axis => ({
      title: column.title,
      unit: column.unit,
      scale: isLog ? "log" : "linear",
    });
    const names = variants.map((v) => v.name);
    return {
      title: "Trade-off",
      x: axis(x, isLogX),
      y: axis(y, isLogY),
      points: {
        x: values(x),
        y: values(y),
        xInterval: x.cells.map((c) => c.interval),
        yInterval: y.cells.map((c) => c.interval),
        label: (i) => names[i] ?? "",
        identity: (i) => identities(names[i] ?? ""),
        look: (i) => i % 8,
      },
      front,
      limits: [limitOf("x", x, bounds.x), limitOf("y", y, bounds.y)].filter((l) => l !== undefined),
    };
  }, [x, y, isLogX, isLogY, hidesDominated, front, bounds, variants, identities]);
  if (block === undefined || x === undefined || y === undefined) return null;
  const choices = figures.map(({ column }) => ({ value: column.id, label: titleOf(column) }));
  const known = x.cells.filter((c, i) => c.value !== undefined && y.cells[i]?.value !== undefined).length;
  return (
    <PointsChart
      block={block}
      brush={brush}
      onOpen={onOpen}
      summary={`${known} variants by ${titleOf(x.column)} and ${titleOf(y.column)}. Not beaten in both: ${front.map((i) => variants[i]?.name ?? "").join(", ")}.`}
      tools={
        <>
          <AxisChoice
            name="Across"
            value={x.column.id}
            options={choices}
            isLog={isLogX}
            onChange={(id) => changeOptions({ x: id })}
            onLog={(isLog) => changeOptions({ isLogX: isLog })}
          />
          <AxisChoice
            name="Upwards"
            value={y.column.id}
            options={choices}
            isLog={isLogY}
            onChange={(id) => changeOptions({ y: id })}
            onLog={(isLog) => changeOptions({ isLogY: isLog })}
          />
          <Bound figure={x} value={bounds.x} onChange={(text) => setBounds((b) => ({ ...b, x: text }))} />
          <Bound figure={y} value={bounds.y} onChange={(text) => setBounds((b) => ({ ...b, y: text }))} />
          <Checkbox
            label="Only the front"
            checked={hidesDominated}
            onChange={(event) => changeOptions({ hidesDominated: event.currentTarget.checked })}
          />
        </>
      }
    />
  );
}

function limitOf(axis: "x" | "y", { column }: Figure, text: string): Limit | undefined {
  const value = Number(text.replace(",", "."));
  return text.trim() === "" || !Number.isFinite(value)
    ? undefined
    : { axis, value, side: column.goal === "most" ? "least" : "most" };
}

interface BoundProps {
  readonly figure: Figure;
  readonly value: string;
  readonly onChange: (text: string) => void;
}

function Bound({ figure: { column }, value, onChange }: BoundProps): ReactElement {
  return (
    <label>
      {column.title} {column.goal === "most" ? "≥" : "≤"}
      <InputGroup
        size="small"
        className="bound"
        inputMode="decimal"
        placeholder="no bound"
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    </label>
  );
}
