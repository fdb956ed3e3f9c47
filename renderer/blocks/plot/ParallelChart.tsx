import { Button } from "@blueprintjs/core";
import { useEffect, useMemo, useRef, useState, type PointerEvent, type ReactElement, type ReactNode } from "react";
import { formatNumber } from "../../../core/base/format.ts";
import { axisText, type Axis } from "../axis.tsx";
import { Chart } from "../Chart.tsx";
import type { Identity } from "../identity.ts";
import { AxisThumbs } from "./AxisThumbs.tsx";
import { useBrush, type Brush } from "./brush.ts";
import { PaintedLines } from "./PaintedLines.tsx";
import { placeAxes, shortTitle, within, type ParallelAxis, type PlacedAxis, type Ranges } from "./parallel.ts";
import { useWidth } from "./useWidth.ts";
import { scaleFor } from "./view.ts";

const HEIGHT = 320;
const MARGIN = { left: 46, top: 46, right: 46, bottom: 22 };
const EXTENT = [MARGIN.top, HEIGHT - MARGIN.bottom] as const;
/** Up to so many things are lines of their own; more are painted. */
const MOST_LINES = 300;

export interface ParallelChartProps {
  readonly title: string;
  readonly summary: string;
  readonly axes: readonly ParallelAxis[];
  readonly label: (index: number) => string;
  readonly identity: (index: number) => Identity;
  readonly brush: Brush;
  readonly tools?: ReactNode;
}

/**
 * One upright axis for each figure, one line for each thing. Dragging along axes, or moving the ends of their ranges by
 * key, chooses what runs through all of the ranges.
 */
export function ParallelChart(props: ParallelChartProps): ReactElement {
  const { title, summary, axes, label, identity, brush, tools } = props;
  const holder = useRef<HTMLDivElement>(null);
  // Axes need room for their titles; beyond that, the chart is scrolled.
  const width = Math.max(useWidth(holder), MARGIN.left + MARGIN.right + (axes.length - 1) * 84);
  const placed = useMemo(
    () => placeAxes(axes, [MARGIN.left, MARGIN.top, width - MARGIN.right, HEIGHT - MARGIN.bottom]),
    [axes, width],
  );
  const [ranges, setRanges] = useState<Ranges>({});
  const own = useRef(-1);
  useEffect(
    () =>
      brush.subscribe(() => {
        // Chosen elsewhere: ranges no longer say what is chosen.
        if (brush.version() !== own.current) setRanges((before) => (Object.keys(before).length === 0 ? before : {}));
      }),
    [brush],
  );
  const apply = (next: Ranges): void => {
    setRanges(next);
    own.current = brush.version() + 1;
    brush.setMask(within(placed, next));
  };
  const size = axes[0]?.values.length ?? 0;
  const isPainted = size > MOST_LINES;
  return (
    <Chart
      title={title}
      summary={summary}
      isInteractive
      brush={brush}
      columns={["Name", ...axes.map(axisText)]}
      rows={() =>
        Array.from({ length: size }, (_, i) => [
          label(i),
          ...axes.map(({ values, options }) => textOf(values[i], options)),
        ])
      }
      tools={
        <>
          {tools}
          <span className="spacer" />
          <Button
            size="small"
            text="Clear ranges"
            disabled={Object.keys(ranges).length === 0}
            onClick={() => apply({})}
          />
        </>
      }
    >
      <div className="plot plot-wide" ref={holder} role="group" aria-label={`${title}. ${summary}`} tabIndex={0}>
        <div className="plot-inner" style={{ width, height: HEIGHT }}>
          {isPainted && <PaintedLines axes={placed} brush={brush} size={[width, HEIGHT]} />}
          <svg viewBox={`0 0 ${width} ${HEIGHT}`} width={width} height={HEIGHT} className="plot-svg" aria-hidden>
            {!isPainted && <MarkedLines placed={placed} size={size} identity={identity} brush={brush} />}
            {placed.map((p) => (
              <UprightAxis key={p.axis.id} placed={p} range={ranges[p.axis.id]} />
            ))}
          </svg>
          <AxisInput placed={placed} ranges={ranges} onChange={apply} />
          <AxisThumbs placed={placed} ranges={ranges} extent={EXTENT} onChange={apply} />
        </div>
      </div>
    </Chart>
  );
}

function textOf(value: number | undefined, options: readonly string[] | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "—";
  return options === undefined ? formatNumber(value, 4) : (options[value] ?? "—");
}

interface MarkedLinesProps {
  readonly placed: readonly PlacedAxis[];
  readonly size: number;
  readonly identity: (index: number) => Identity;
  readonly brush: Brush;
}

function MarkedLines({ placed, size, identity, brush }: MarkedLinesProps): ReactElement {
  useBrush(brush);
  return (
    <>
      {Array.from({ length: size }, (_, i) => {
        let isDown = false;
        const d = placed
          .map(({ x, heights }) => {
            const y = heights[i]!;
            if (Number.isNaN(y)) {
              isDown = false;
              return "";
            }
            const step = `${isDown ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
            isDown = true;
            return step;
          })
          .join("");
        const { colour, dash } = identity(i);
        const isBack = brush.count() > 0 && !brush.has(i);
        return (
          <path
            key={i}
            className={`chart-line${isBack ? " plot-back" : brush.has(i) ? " plot-chosen" : ""}`}
            d={d}
            stroke={colour}
            strokeDasharray={dash}
          />
        );
      })}
    </>
  );
}

interface UprightAxisProps {
  readonly placed: PlacedAxis;
  readonly range: readonly [number, number] | undefined;
}

function UprightAxis({ placed: { axis, x, span }, range }: UprightAxisProps): ReactElement {
  const [top, bottom] = EXTENT;
  return (
    <g>
      <line className="plot-axis" x1={x} x2={x} y1={top} y2={bottom} />
      <text className="chart-axis plot-axis-title" x={x} y={top - 24} textAnchor="middle">
        {shortTitle(axis.title, 15)}
        <title>{axisText(axis)}</title>
      </text>
      {axis.unit !== undefined && (
        <text className="chart-tick" x={x} y={top - 10} textAnchor="middle">
          {axis.unit}
        </text>
      )}
      {ticksOf(axis, span, [bottom, top]).map(({ text, y }) => (
        <text key={text} className="chart-tick plot-tick" x={x + 5} y={y + 4}>
          {text}
        </text>
      ))}
      {range !== undefined && (
        <rect
          data-screen
          className="plot-range"
          x={x - 6}
          width={12}
          y={Math.min(...range)}
          height={Math.abs(range[1] - range[0])}
        />
      )}
    </g>
  );
}

function ticksOf(
  axis: Axis & Pick<ParallelAxis, "options">,
  span: readonly [number, number],
  range: readonly [number, number],
): { readonly text: string; readonly y: number }[] {
  if (axis.options !== undefined) {
    const step = Math.ceil(axis.options.length / 12);
    return axis.options.flatMap((text, i) => {
      const y = range[0] + ((i - span[0]) / (span[1] - span[0])) * (range[1] - range[0]);
      return i % step === 0 ? [{ text: shortTitle(text, 9), y }] : [];
    });
  }
  const scale = scaleFor(axis, span, range);
  const text = scale.tickFormat(4);
  return scale.ticks(4).flatMap((t) => (text(t) === "" ? [] : [{ text: text(t), y: scale(t) }]));
}

interface AxisInputProps {
  readonly placed: readonly PlacedAxis[];
  readonly ranges: Ranges;
  readonly onChange: (ranges: Ranges) => void;
}

/** Takes drags along the axes, once a frame. A click takes a range away. */
function AxisInput({ placed, ranges, onChange }: AxisInputProps): ReactElement {
  const drag = useRef<{ readonly id: string; readonly from: number; isMoved: boolean }>(undefined);
  const frame = useRef(0);
  const pending = useRef<Ranges>({});
  const heightOf = (event: PointerEvent<HTMLDivElement>): number => {
    const y = event.clientY - event.currentTarget.getBoundingClientRect().top;
    return Math.min(HEIGHT - MARGIN.bottom, Math.max(MARGIN.top, y));
  };
  useEffect(() => () => cancelAnimationFrame(frame.current), []);
  return (
    <div
      className="plot-input"
      onPointerDown={(event) => {
        const x = event.clientX - event.currentTarget.getBoundingClientRect().left;
        const near = placed.find((p) => Math.abs(p.x - x) < 18);
        if (near === undefined || event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        drag.current = { id: near.axis.id, from: heightOf(event), isMoved: false };
      }}
      onPointerMove={(event) => {
        const { current } = drag;
        if (current === undefined) return;
        const to = heightOf(event);
        if (Math.abs(to - current.from) > 3) current.isMoved = true;
        if (!current.isMoved) return;
        pending.current = { ...ranges, [current.id]: [current.from, to] };
        if (frame.current !== 0) return;
        frame.current = requestAnimationFrame(() => {
          frame.current = 0;
          onChange(pending.current);
        });
      }}
      onPointerUp={() => {
        const { current } = drag;
        drag.current = undefined;
        if (current === undefined || current.isMoved || ranges[current.id] === undefined) return;
        onChange(Object.fromEntries(Object.entries(ranges).filter(([id]) => id !== current.id)));
      }}
    />
  );
}
