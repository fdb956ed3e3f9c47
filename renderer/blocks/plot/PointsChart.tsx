import { Button, ButtonGroup } from "@blueprintjs/core";
import { useEffect, useId, useMemo, useRef, useState, type ReactElement, type ReactNode } from "react";
import { formatNumber } from "../../../core/base/format.ts";
import { axisText, XTicks, YTicks } from "../axis.tsx";
import { Chart } from "../Chart.tsx";
import { useBrush, type Brush } from "./brush.ts";
import { MarkedPoints, Front, Limits } from "./marks.tsx";
import { PaintedPoints, paintedSvg } from "./PaintedPoints.tsx";
import type { PointsBlock } from "./points.ts";
import { usePlotInput } from "./usePlotInput.ts";
import { useWidth } from "./useWidth.ts";
import { fit, onAxis, panned, project, scaleFor, zoomed, type View } from "./view.ts";

const HEIGHT = 340;
const MARGIN = { left: 62, top: 30, right: 18, bottom: 44 };

/** Up to so many points are marks with symbols, intervals and names; more are painted. */
export const MOST_MARKS = 300;

export interface PointsChartProps {
  readonly block: PointsBlock;
  readonly brush: Brush;
  readonly tools?: ReactNode;
  readonly summary: string;
  /** Called for the point that was clicked or on which Enter was pressed. */
  readonly onOpen?: ((index: number) => void) | undefined;
}

/**
 * Points on two axes, to be chosen by click, by rectangle or by keyboard, moved and enlarged. Tens of thousands of them
 * are painted pixel by pixel; a choice changes the painting alone.
 */
export function PointsChart({ block, brush, tools, summary, onOpen }: PointsChartProps): ReactElement {
  const { points, x, y, front = [], limits = [] } = block;
  const holder = useRef<HTMLDivElement>(null);
  const width = useWidth(holder);
  const whole = useMemo((): View => wholeView(block), [block]);
  const [moved, setMoved] = useState<{ readonly of: View; readonly view: View }>();
  const view = moved?.of === whole ? moved.view : whole;
  const [isPanning, setPanning] = useState(false);
  const [active, setActive] = useState<number>();
  const hint = useId();
  const box = [MARGIN.left, MARGIN.top, width - MARGIN.right, HEIGHT - MARGIN.bottom] as const;
  const [left, top, right, bottom] = box;
  const pixels = useMemo(() => {
    const n = points.x.length;
    return {
      x: project(x, { values: points.x, span: view.x, range: [left, right] }, new Float32Array(n)),
      y: project(y, { values: points.y, span: view.y, range: [bottom, top] }, new Float32Array(n)),
    };
  }, [points, x, y, view, left, right, top, bottom]);
  const scales = { x: scaleFor(x, view.x, [left, right]), y: scaleFor(y, view.y, [bottom, top]) };
  const change = (next: View | undefined): void => setMoved(next === undefined ? undefined : { of: whole, view: next });
  const zoom = (factor: number, at: readonly [number, number] = [0.5, 0.5]): void =>
    change({ x: zoomed(view.x, factor, at[0]), y: zoomed(view.y, factor, at[1]) });
  const pan = (dx: number, dy: number): void => change({ x: panned(view.x, dx), y: panned(view.y, dy) });
  const input = usePlotInput({
    box,
    pixels,
    brush,
    isPanning,
    active,
    onActive: setActive,
    onOpen,
    zoom,
    pan,
    reset: () => change(undefined),
  });
  useEffect(() => setActive(undefined), [points]);
  const isPainted = points.x.length > MOST_MARKS;
  return (
    <Chart
      title={block.title}
      summary={summary}
      isInteractive
      brush={brush}
      columns={["Name", axisText(x), axisText(y)]}
      rows={() => rowsOf(block)}
      {...(isPainted && { painted: () => paintedSvg(block, pixels, box) })}
      tools={
        <>
          {tools}
          <span className="spacer" />
          <ButtonGroup className="plot-modes">
            <Button
              size="small"
              icon="select"
              active={!isPanning}
              aria-pressed={!isPanning}
              aria-label="Drag selects"
              title="Drag selects"
              onClick={() => setPanning(false)}
            />
            <Button
              size="small"
              icon="move"
              active={isPanning}
              aria-pressed={isPanning}
              aria-label="Drag moves"
              title="Drag moves"
              onClick={() => setPanning(true)}
            />
            <Button size="small" icon="zoom-in" aria-label="Zoom in" title="Zoom in (+)" onClick={() => zoom(0.7)} />
            <Button
              size="small"
              icon="zoom-out"
              aria-label="Zoom out"
              title="Zoom out (−)"
              onClick={() => zoom(1 / 0.7)}
            />
            <Button
              size="small"
              icon="zoom-to-fit"
              aria-label="Show all"
              title="Show all (0)"
              onClick={() => change(undefined)}
            />
          </ButtonGroup>
        </>
      }
    >
      <div className="plot" ref={holder}>
        {isPainted && (
          <PaintedPoints points={points} pixels={pixels} brush={brush} size={[width, HEIGHT]} box={box} front={front} />
        )}
        <svg viewBox={`0 0 ${width} ${HEIGHT}`} width={width} height={HEIGHT} className="plot-svg" aria-hidden>
          <XTicks scale={scales.x} axis={x} box={box} />
          <YTicks scale={scales.y} axis={y} box={box} />
          <clipPath id={`${hint}-clip`}>
            <rect x={left - 6} y={top - 6} width={Math.max(0, right - left + 12)} height={bottom - top + 12} />
          </clipPath>
          <g clipPath={`url(#${hint}-clip)`}>
            <Limits limits={limits} scales={scales} box={box} />
            <Front front={front} pixels={pixels} />
          </g>
          {!isPainted && (
            <MarkedPoints block={block} pixels={pixels} scales={scales} brush={brush} box={box} clip={`${hint}-clip`} />
          )}
          {active !== undefined && (
            <circle data-screen className="plot-active" cx={pixels.x[active]} cy={pixels.y[active]} r={9} />
          )}
          {input.rectangle !== undefined && <rect data-screen className="plot-rectangle" {...input.rectangle} />}
        </svg>
        <div
          className={isPanning ? "plot-input plot-pan" : "plot-input"}
          ref={input.surface}
          role="group"
          tabIndex={0}
          aria-label={`${block.title}. ${summary}`}
          aria-describedby={hint}
        />
        <span id={hint} className="sr">
          Left and right go from point to point, Enter selects, Space adds, Escape clears, plus and minus zoom, 0 shows
          all.
        </span>
        {active !== undefined && (
          <div className="plot-tip" role="status" style={tipPlace(pixels.x[active] ?? 0, pixels.y[active] ?? 0, width)}>
            <strong>{points.label(active)}</strong>
            <span>
              {axisText(x)}: {textOf(points.x[active], points.xInterval?.[active])}
            </span>
            <span>
              {axisText(y)}: {textOf(points.y[active], points.yInterval?.[active])}
            </span>
          </div>
        )}
      </div>
      <ChosenCount brush={brush} />
    </Chart>
  );
}

function ChosenCount({ brush }: { readonly brush: Brush }): ReactElement {
  useBrush(brush);
  return (
    <p className="plot-count muted">
      {brush.count() === 0
        ? "Nothing selected."
        : `${brush.count().toLocaleString("en-US")} of ${brush.size.toLocaleString("en-US")} selected.`}
    </p>
  );
}

const tipPlace = (x: number, y: number, width: number): { readonly transform: string } => ({
  transform: x > width / 2 ? `translate(calc(${x - 14}px - 100%), ${y - 12}px)` : `translate(${x + 14}px, ${y - 12}px)`,
});

function wholeView({ points, x, y, limits = [] }: PointsBlock): View {
  type Intervals = PointsBlock["points"]["xInterval"];
  const isShown = (i: number): boolean => !Number.isNaN(points.x[i]) && !Number.isNaN(points.y[i]);
  const shown = (values: Float64Array, intervals: Intervals): number[] => [
    ...values.filter((_, i) => isShown(i)),
    ...(intervals ?? []).flatMap((range, i) => (range === undefined || !isShown(i) ? [] : [...range])),
  ];
  const bounds = (axis: "x" | "y"): number[] => limits.filter((l) => l.axis === axis).map((l) => l.value);
  return {
    x: fit(x, [...shown(points.x, points.xInterval), ...bounds("x")]),
    y: fit(y, [...shown(points.y, points.yInterval), ...bounds("y")]),
  };
}

function textOf(value: number | undefined, range: readonly [number, number] | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "—";
  return range === undefined
    ? formatNumber(value, 4)
    : `${formatNumber(value, 4)} (${range.map((v) => formatNumber(v, 4)).join("–")})`;
}

function rowsOf({ points, x, y }: PointsBlock): string[][] {
  return Array.from(points.x, (value, i) => {
    const isShown = Number.isFinite(onAxis(x, value)) && Number.isFinite(onAxis(y, points.y[i] ?? NaN));
    return [
      points.label(i),
      isShown ? textOf(value, points.xInterval?.[i]) : "—",
      isShown ? textOf(points.y[i], points.yInterval?.[i]) : "—",
    ];
  });
}
