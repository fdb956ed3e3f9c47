import type { Axis } from "../axis.tsx";
import { fit, onAxis, type Span } from "./view.ts";

/** One of the upright axes: a number of every thing, or a place among texts. */
export interface ParallelAxis extends Axis {
  readonly id: string;
  /** NaN where a thing has none. */
  readonly values: Float64Array;
  /** Of texts: what the places mean. */
  readonly options?: readonly string[] | undefined;
}

/** Where an axis stands and what it spans. */
export interface PlacedAxis {
  readonly axis: ParallelAxis;
  readonly x: number;
  readonly span: Span;
  /** Heights of all values in pixels; NaN where there is none. */
  readonly heights: Float32Array;
}

/** The end of a name such as "stages.2.width", the start of any other. */
export function shortTitle(title: string, most: number): string {
  if (title.length <= most) return title;
  return title.includes(".") ? `…${title.slice(1 - most)}` : `${title.slice(0, most - 1)}…`;
}

export function placeAxes(
  axes: readonly ParallelAxis[],
  [left, top, right, bottom]: readonly [number, number, number, number],
): readonly PlacedAxis[] {
  return axes.map((axis, i) => {
    const x = axes.length === 1 ? (left + right) / 2 : left + ((right - left) * i) / (axes.length - 1);
    const span: Span =
      axis.options === undefined ? fit(axis, axis.values, 0.02) : [-0.5, Math.max(0.5, axis.options.length - 0.5)];
    const heights = Float32Array.from(
      axis.values,
      (v) => bottom - ((onAxis(axis, v) - span[0]) / (span[1] - span[0])) * (bottom - top),
    );
    return { axis, x, span, heights };
  });
}

/** Ranges of heights by the axis' id. */
export type Ranges = Readonly<Record<string, readonly [number, number]>>;

/** Mask of what lies within all ranges; without any, of nothing. */
export function within(axes: readonly PlacedAxis[], ranges: Ranges): Uint8Array {
  const size = axes[0]?.heights.length ?? 0;
  const bounded = axes.flatMap(({ axis, heights }) => {
    const range = ranges[axis.id];
    return range === undefined ? [] : [{ heights, low: Math.min(...range), high: Math.max(...range) }];
  });
  const mask = new Uint8Array(size);
  if (bounded.length === 0) return mask;
  for (let i = 0; i < size; i++) {
    let isIn = 1;
    for (const { heights, low, high } of bounded) {
      const y = heights[i]!;
      if (!(y >= low && y <= high)) {
        isIn = 0;
        break;
      }
    }
    mask[i] = isIn;
  }
  return mask;
}

/** The same things in an order that looks like chance, so that any part of them is a fair sample. */
export function shuffled(size: number): Int32Array {
  const order = Int32Array.from({ length: size }, (_, i) => i);
  let state = 0x2545f491;
  for (let i = size - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = state % (i + 1);
    const held = order[i]!;
    order[i] = order[j]!;
    order[j] = held;
  }
  return order;
}
