import { scaleLinear, scaleLog } from "d3-scale";
import type { Axis, Scale } from "../axis.tsx";

/** What an axis shows: its ends, in the logarithm of the values where the axis is logarithmic. */
export type Span = readonly [number, number];

export interface View {
  readonly x: Span;
  readonly y: Span;
}

/** A value on its axis; NaN for what a logarithmic axis cannot show. */
export const onAxis = (axis: Axis, value: number): number =>
  axis.scale === "log" ? (value > 0 ? Math.log10(value) : NaN) : value;

/** The ends of the values with a little room. Infinite and missing ones do not count. */
export function fit(axis: Axis, values: Iterable<number>, room = 0.06): Span {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    const at = onAxis(axis, value);
    if (!Number.isFinite(at)) continue;
    if (at < low) low = at;
    if (at > high) high = at;
  }
  if (low > high) return [0, 1];
  const margin = (high - low) * room || Math.abs(high) * room || 0.5;
  return [low - margin, high + margin];
}

/** Moves a span by a share of its length. */
export const panned = ([low, high]: Span, share: number): Span => [
  low + (high - low) * share,
  high + (high - low) * share,
];

/** Below 1 zooms in; the point at `at` (0 to 1) stays. */
export function zoomed([low, high]: Span, factor: number, at = 0.5): Span {
  const fixed = low + (high - low) * at;
  return [fixed - (fixed - low) * factor, fixed + (high - fixed) * factor];
}

/** Pixels of values, and the ticks. */
export function scaleFor(axis: Axis, [low, high]: Span, range: readonly [number, number]): Scale {
  return axis.scale === "log" ? scaleLog([10 ** low, 10 ** high], [...range]) : scaleLinear([low, high], [...range]);
}

/** Pixels of many values at once. */
export function project(
  axis: Axis,
  {
    values,
    span: [low, high],
    range: [from, to],
  }: { values: Float64Array; span: Span; range: readonly [number, number] },
  out: Float32Array,
): Float32Array {
  const factor = (to - from) / (high - low);
  for (let i = 0; i < values.length; i++) out[i] = from + (onAxis(axis, values[i]!) - low) * factor;
  return out;
}
