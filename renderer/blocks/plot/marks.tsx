import type { ReactElement } from "react";
import { formatNumber } from "../../../core/base/format.ts";
import type { Scale } from "../axis.tsx";
import { placeLabels } from "../ScatterChart.tsx";
import { useBrush, type Brush } from "./brush.ts";
import type { Limit, PointsBlock } from "./points.ts";

type Box = readonly [number, number, number, number];

interface Scales {
  readonly x: Scale;
  readonly y: Scale;
}

interface Pixels {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

export interface MarkedPointsProps {
  readonly block: PointsBlock;
  readonly pixels: Pixels;
  readonly scales: Scales;
  readonly brush: Brush;
  readonly box: Box;
  readonly clip: string;
}

/** Points with their symbols, intervals and names. Where some are chosen, the others step back. */
export function MarkedPoints({ block, pixels, scales, brush, box, clip }: MarkedPointsProps): ReactElement {
  useBrush(brush);
  const { points } = block;
  const [left, top, right, bottom] = box;
  const inside = (i: number): boolean => {
    const [x, y] = [pixels.x[i]!, pixels.y[i]!];
    return x >= left - 1 && x <= right + 1 && y >= top - 1 && y <= bottom + 1;
  };
  const shown = Array.from(points.x.keys()).filter(inside);
  const labels = placeLabels(
    shown.map((i) => ({ label: points.label(i), x: pixels.x[i]!, y: pixels.y[i]! })),
    right + 14,
  );
  return (
    <>
      {shown.map((i, n) => {
        const { colour, symbol } = points.identity(i);
        const [x, y] = [pixels.x[i]!, pixels.y[i]!];
        const [xs, ys] = [points.xInterval?.[i], points.yInterval?.[i]];
        const label = labels[n];
        const isBack = brush.count() > 0 && !brush.has(i);
        return (
          <g key={i} className={isBack ? "plot-mark plot-back" : "plot-mark"} clipPath={`url(#${clip})`}>
            {xs !== undefined && <line stroke={colour} x1={scales.x(xs[0])} x2={scales.x(xs[1])} y1={y} y2={y} />}
            {ys !== undefined && <line stroke={colour} x1={x} x2={x} y1={scales.y(ys[0])} y2={scales.y(ys[1])} />}
            {brush.has(i) && <circle className="plot-halo" cx={x} cy={y} r={10} />}
            <path className="chart-mark" d={symbol(x, y)} fill={colour} />
            {label !== undefined && (
              <text className="chart-label" x={label.x} y={label.y} textAnchor={label.anchor}>
                {points.label(i)}
              </text>
            )}
          </g>
        );
      })}
    </>
  );
}

/** The line through those that nothing beats. */
export function Front({
  front,
  pixels,
}: {
  readonly front: readonly number[];
  readonly pixels: Pixels;
}): ReactElement | null {
  if (front.length < 2) return null;
  const d = front.map((i, n) => `${n === 0 ? "M" : "L"}${pixels.x[i]!.toFixed(1)} ${pixels.y[i]!.toFixed(1)}`).join("");
  return <path className="chart-front" d={d} />;
}

export interface LimitsProps {
  readonly limits: readonly Limit[];
  readonly scales: Scales;
  readonly box: Box;
}

/** Lines that values should not cross, and what lies beyond them in grey. */
export function Limits({ limits, scales, box: [left, top, right, bottom] }: LimitsProps): ReactElement {
  return (
    <>
      {limits.map(({ axis, value, side }) => {
        const at = axis === "x" ? scales.x(value) : scales.y(value);
        if (!Number.isFinite(at)) return null;
        const text = `${side === "most" ? "at most" : "at least"} ${formatNumber(value)}`;
        // A larger value lies to the right, and higher.
        const isAfter = axis === "x" ? side === "most" : side === "least";
        return axis === "x" ? (
          <g key={`${axis} ${side}`}>
            <rect
              className="plot-beyond"
              x={isAfter ? at : left}
              width={Math.max(0, isAfter ? right - at : at - left)}
              y={top}
              height={bottom - top}
            />
            <line className="chart-reference" x1={at} x2={at} y1={top} y2={bottom} />
            <text className="chart-tick" x={at + 4} y={bottom - 6}>
              {text}
            </text>
          </g>
        ) : (
          <g key={`${axis} ${side}`}>
            <rect
              className="plot-beyond"
              x={left}
              width={right - left}
              y={isAfter ? at : top}
              height={Math.max(0, isAfter ? bottom - at : at - top)}
            />
            <line className="chart-reference" x1={left} x2={right} y1={at} y2={at} />
            <text className="chart-tick" x={right - 4} y={at - 4} textAnchor="end">
              {text}
            </text>
          </g>
        );
      })}
    </>
  );
}
