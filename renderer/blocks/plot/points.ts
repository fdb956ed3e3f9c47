import type { Axis } from "../axis.tsx";
import type { Identity } from "../identity.ts";

type Range = readonly [number, number];

/** Points of a chart; NaN where one is not to be drawn. */
export interface PointSet {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly xInterval?: readonly (Range | undefined)[];
  readonly yInterval?: readonly (Range | undefined)[];
  label(index: number): string;
  /** How a point looks, and which of the eight looks that is. */
  identity(index: number): Identity;
  look(index: number): number;
}

/** A line that values should not cross. */
export interface Limit {
  readonly axis: "x" | "y";
  readonly value: number;
  readonly side: "most" | "least";
}

export interface PointsBlock {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly points: PointSet;
  /** Places of those that nothing beats, along the first axis. */
  readonly front?: readonly number[];
  readonly limits?: readonly Limit[];
}

/** The nearest point within a distance in pixels. */
export function nearest(
  xs: Float32Array,
  ys: Float32Array,
  [x, y, within]: readonly [number, number, number],
): number | undefined {
  let best: number | undefined;
  let least = within * within;
  for (let i = 0; i < xs.length; i++) {
    const distance = (xs[i]! - x) ** 2 + (ys[i]! - y) ** 2;
    if (distance <= least) [best, least] = [i, distance];
  }
  return best;
}

/** Mask of the points in a rectangle of pixels; those of `before` stay. */
export function pointsIn(
  xs: Float32Array,
  ys: Float32Array,
  { from, to, before }: { readonly from: Range; readonly to: Range; readonly before?: Uint8Array | undefined },
): Uint8Array {
  const mask = before?.slice() ?? new Uint8Array(xs.length);
  const [left, right] = [Math.min(from[0], to[0]), Math.max(from[0], to[0])];
  const [top, bottom] = [Math.min(from[1], to[1]), Math.max(from[1], to[1])];
  for (let i = 0; i < xs.length; i++) {
    const [x, y] = [xs[i]!, ys[i]!];
    if (x >= left && x <= right && y >= top && y <= bottom) mask[i] = 1;
  }
  return mask;
}

/** The next point to the left or right of one, in the order of the first axis; the first or last where there is none. */
export function neighbour(xs: Float32Array, at: number | undefined, step: 1 | -1): number | undefined {
  let best: number | undefined;
  const isAhead = (i: number, j: number): boolean =>
    (xs[i]! - xs[j]!) * step > 0 || (xs[i] === xs[j] && (i - j) * step > 0);
  for (let i = 0; i < xs.length; i++) {
    if (Number.isNaN(xs[i])) continue;
    if (at !== undefined && !isAhead(i, at)) continue;
    if (best === undefined || isAhead(best, i)) best = i;
  }
  return best ?? at;
}
