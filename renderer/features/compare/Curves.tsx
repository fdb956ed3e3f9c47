import { Slider } from "@blueprintjs/core";
import { useState, type ReactElement } from "react";
import { formatNumber } from "../../../core/base/format.ts";
import type { LearningCurve, LearningCurves } from "../../../core/contract/compare.ts";
import type { VariantView } from "../../../core/contract/views.ts";
import { axisText, scaleOf, WIDTH, XTicks, YTicks } from "../../blocks/axis.tsx";
import { Chart } from "../../blocks/Chart.tsx";
import type { Identities, Identity } from "../../blocks/identity.ts";
import { useBrush, type Brush } from "../../blocks/plot/brush.ts";
import { smooth } from "./smooth.ts";

/** Unlike the first ones of all variants. */
const FURTHER = ["1 4", "12 3 1 3", "3 6"] as const;
const HEIGHT = 280;
const BOX = [56, 30, WIDTH - 20, HEIGHT - 44] as const;

export interface CurvesProps {
  readonly curves: readonly LearningCurves[];
  readonly variants: readonly VariantView[];
  readonly identities: Identities;
  readonly brush: Brush;
}

/** How the trainings went: one chart for each quantity, the same variant in the same colour. */
export function Curves({ curves, variants, identities, brush }: CurvesProps): ReactElement | null {
  const [smoothing, setSmoothing] = useState(0);
  if (curves.length === 0) return null;
  return (
    <section aria-labelledby="curves-title">
      <div className="section-head">
        <h2 id="curves-title">Learning curves</h2>
        <div className="row smoothing">
          <span id="smoothing-label">Smoothing</span>
          <Slider
            min={0}
            max={0.95}
            stepSize={0.05}
            labelRenderer={false}
            value={smoothing}
            onChange={setSmoothing}
            handleHtmlProps={{ "aria-labelledby": "smoothing-label" }}
          />
          <span className="muted">{formatNumber(smoothing, 2)}</span>
        </div>
      </div>
      <div className="charts">
        {curves.map((chart) => (
          <CurveChart
            key={`${chart.title} ${chart.y.unit ?? ""}`}
            chart={chart}
            smoothing={smoothing}
            variants={variants}
            identities={identities}
            brush={brush}
          />
        ))}
      </div>
    </section>
  );
}

interface CurveChartProps {
  readonly chart: LearningCurves;
  readonly smoothing: number;
  readonly variants: readonly VariantView[];
  readonly identities: Identities;
  readonly brush: Brush;
}

function CurveChart({ chart, smoothing, variants, identities, brush }: CurveChartProps): ReactElement {
  useBrush(brush);
  const { series } = chart;
  const [left, top, right, bottom] = BOX;
  const points = series.flatMap((s) => s.points);
  const x = scaleOf(
    chart.x,
    points.map(([v]) => v),
    [left, right],
  );
  const y = scaleOf(
    chart.y,
    points.map(([, v]) => v),
    [bottom, top],
  );
  const placeOf = new Map(variants.map((v, i) => [v.id, i]));
  const nameOf = (s: LearningCurve): string => variants[placeOf.get(s.variant) ?? -1]?.name ?? s.label;
  /** A variant's further curves have its colour and dashes of their own. */
  const lookOf = (s: LearningCurve): Identity => {
    const look = identities(nameOf(s));
    const further = series.filter((o) => o.variant === s.variant).indexOf(s);
    return further <= 0 ? look : { ...look, dash: FURTHER[(further - 1) % FURTHER.length]! };
  };
  const line = (of: readonly [number, number][]): string =>
    of.map(([a, b], i) => `${i === 0 ? "M" : "L"}${x(a).toFixed(1)} ${y(b).toFixed(1)}`).join("");
  const isBack = (s: LearningCurve): boolean => brush.count() > 0 && !brush.has(placeOf.get(s.variant) ?? -1);
  return (
    <Chart
      title={chart.title}
      summary={series.map((s) => `${s.label} ends at ${formatNumber(s.points.at(-1)?.[1] ?? NaN)}`).join(", ")}
      columns={["Variant", "Epochs", `Last, ${axisText(chart.y)}`, "Lowest", "Highest", "Highest at epoch"]}
      rows={series.map((s) => {
        const values = s.points.map(([, v]) => v);
        const highest = Math.max(...values);
        return [
          s.label,
          String(s.points.length),
          formatNumber(values.at(-1) ?? NaN, 4),
          formatNumber(Math.min(...values), 4),
          formatNumber(highest, 4),
          String(s.points[values.indexOf(highest)]?.[0] ?? "—"),
        ];
      })}
    >
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`}>
        <XTicks scale={x} axis={chart.x} box={BOX} />
        <YTicks scale={y} axis={chart.y} box={BOX} />
        {series.map((s) => {
          const { colour, dash, symbol } = lookOf(s);
          const last = s.points.at(-1);
          return (
            <g key={s.label} className={isBack(s) ? "plot-back" : undefined}>
              {smoothing > 0 && <path className="chart-line curve-ghost" d={line(s.points)} stroke={colour} />}
              <path
                className="chart-line"
                d={line(smooth(s.points, smoothing))}
                stroke={colour}
                strokeDasharray={dash}
              />
              {last !== undefined && s.points.length < 3 && (
                <path className="chart-mark" d={symbol(x(last[0]), y(last[1]))} fill={colour} />
              )}
            </g>
          );
        })}
      </svg>
      <ul className="legend" aria-hidden>
        {series.map((s) => {
          const { colour, dash } = lookOf(s);
          return (
            <li key={s.label}>
              <svg width={24} height={10}>
                <line x1={0} x2={24} y1={5} y2={5} className="chart-line" stroke={colour} strokeDasharray={dash} />
              </svg>
              {s.label}
            </li>
          );
        })}
      </ul>
    </Chart>
  );
}
