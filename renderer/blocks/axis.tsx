import { scaleLinear, scaleLog } from "d3-scale";
import type { ReactElement } from "react";

export interface Axis {
  readonly title: string;
  readonly unit?: string | undefined;
  readonly scale: "linear" | "log";
}

export interface Scale {
  (value: number): number;
  ticks(count: number): number[];
  tickFormat(count: number): (value: number) => string;
}

/** Width of every drawing in its own units; the page scales it. */
export const WIDTH = 560;

/** A scale whose ends lie a little beyond the values. */
export function scaleOf(axis: Axis, values: readonly number[], [from, to]: readonly [number, number]): Scale {
  const low = Math.min(...values);
  const high = Math.max(...values);
  if (axis.scale === "log" && low > 0) {
    const margin = Math.max(1.1, (high / low) ** 0.08);
    return scaleLog([low / margin, high * margin], [from, to]);
  }
  const margin = (high - low || Math.abs(high) || 1) * 0.1;
  return scaleLinear([low - margin, high + margin], [from, to]);
}

export function axisText({ title, unit }: Axis): string {
  return unit === undefined ? title : `${title}, ${unit}`;
}

export interface TicksProps {
  readonly scale: Scale;
  readonly axis: Axis;
  /** The drawing's inner box: left, top, right, bottom. */
  readonly box: readonly [number, number, number, number];
}

export function XTicks({ scale, axis, box: [left, top, right, bottom] }: TicksProps): ReactElement {
  const ticks = spaced(scale, 6, 46);
  const text = scale.tickFormat(6);
  return (
    <g>
      {ticks.map((t) => (
        <g key={t}>
          <line className="chart-grid" x1={scale(t)} x2={scale(t)} y1={top} y2={bottom} />
          <text className="chart-tick" x={scale(t)} y={bottom + 16} textAnchor="middle">
            {text(t)}
          </text>
        </g>
      ))}
      <text className="chart-axis" x={(left + right) / 2} y={bottom + 34} textAnchor="middle">
        {axisText(axis)}
      </text>
    </g>
  );
}

export function YTicks({ scale, axis, box: [left, top, right] }: TicksProps): ReactElement {
  const ticks = spaced(scale, 6, 18);
  const text = scale.tickFormat(6);
  return (
    <g>
      {ticks.map((t) => (
        <g key={t}>
          <line className="chart-grid" x1={left} x2={right} y1={scale(t)} y2={scale(t)} />
          <text className="chart-tick" x={left - 8} y={scale(t) + 4} textAnchor="end">
            {text(t)}
          </text>
        </g>
      ))}
      <text className="chart-axis" x={left} y={top - 10}>
        {axisText(axis)}
      </text>
    </g>
  );
}

/** Ticks whose labels do not run into each other: logarithmic scales give too many. */
function spaced(scale: Scale, count: number, distance: number): number[] {
  const kept: number[] = [];
  for (const tick of scale.ticks(count)) {
    const last = kept.at(-1);
    if (last === undefined || Math.abs(scale(tick) - scale(last)) >= distance) kept.push(tick);
  }
  return kept;
}
