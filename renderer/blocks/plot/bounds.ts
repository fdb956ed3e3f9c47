import { formatNumber } from "../../../core/base/format.ts";
import type { PlacedAxis } from "./parallel.ts";

/** Which end of a range. */
export type End = "least" | "most";

/** Where the ends of a range stand, in steps from the bottom of the axis. */
export type Edges = Readonly<Record<End, number>>;

/** Top and bottom of all axes, in pixels. */
export type Extent = readonly [number, number];

const STEPS = 100;

type Shown = Pick<PlacedAxis, "axis" | "span">;

/** How many steps an axis has: one for each text, or a hundred. */
export const stepsOf = ({ axis }: Pick<PlacedAxis, "axis">): number => axis.options?.length ?? STEPS;

/** The ends of a range of heights; without one, those of the axis. */
export function edgesOf(placed: Shown, range: readonly [number, number] | undefined, [top, bottom]: Extent): Edges {
  const steps = stepsOf(placed);
  if (range === undefined) return { least: 0, most: steps };
  const edge = (height: number): number => ((bottom - height) / (bottom - top)) * steps;
  return { least: edge(Math.max(...range)), most: edge(Math.min(...range)) };
}

/** A range of heights between two ends; undefined where that is the whole axis. */
export function rangeOf(
  placed: Shown,
  { least, most }: Edges,
  [top, bottom]: Extent,
): readonly [number, number] | undefined {
  const steps = stepsOf(placed);
  if (least <= 0 && most >= steps) return undefined;
  const height = (edge: number): number => bottom - (edge / steps) * (bottom - top);
  return [height(least), height(most)];
}

const FAR = 10;

/** The ends after a key on one of them, as sliders take keys; undefined for a key that moves none. */
export function moved(
  placed: Shown,
  edges: Edges,
  { end, key }: { readonly end: End; readonly key: string },
): Edges | undefined {
  const steps = stepsOf(placed);
  const from = edges[end];
  // A drag may have left it between two steps.
  const [up, down] = [Math.floor(from + 1e-9) + 1, Math.ceil(from - 1e-9) - 1];
  const far = Math.max(1, Math.round(steps / FAR)) - 1;
  const targets: Readonly<Record<string, number>> = {
    ArrowUp: up,
    ArrowRight: up,
    ArrowDown: down,
    ArrowLeft: down,
    PageUp: up + far,
    PageDown: down - far,
    Home: -Infinity,
    End: Infinity,
  };
  const to = targets[key];
  if (to === undefined) return undefined;
  // A range of texts has one at least.
  const gap = placed.axis.options === undefined ? 0 : 1;
  return end === "least"
    ? { ...edges, least: Math.max(0, Math.min(to, edges.most - gap)) }
    : { ...edges, most: Math.min(steps, Math.max(to, edges.least + gap)) };
}

/** What an end stands at, for people. */
export function edgeText(placed: Shown, edges: Edges, end: End): string {
  const { axis, span } = placed;
  if (axis.options !== undefined) {
    const place = end === "least" ? Math.round(edges.least) : Math.round(edges.most) - 1;
    return axis.options[Math.min(axis.options.length - 1, Math.max(0, place))] ?? "—";
  }
  const at = span[0] + (edges[end] / STEPS) * (span[1] - span[0]);
  const text = formatNumber(axis.scale === "log" ? 10 ** at : at, 4);
  return axis.unit === undefined ? text : `${text} ${axis.unit}`;
}
