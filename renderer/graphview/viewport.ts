import type { Box, Layout } from "./layout.ts";

/** What of the drawing is seen: its point (0, 0) stands at (x, y) of the pane, `scale` pixels to a unit. */
export interface Viewport {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

const SMALLEST = 0.05;
const LARGEST = 2.5;
/** A tall graph starts at its top, in a size that can be read. */
const READABLE = 0.85;

const clamp = (scale: number): number => Math.min(LARGEST, Math.max(SMALLEST, scale));

/** All of it in the pane; where that would be too small to read and `isFirst`, its top. */
export function fit(layout: Pick<Layout, "width" | "height">, pane: Size, isFirst = false): Viewport {
  const whole = clamp(Math.min(1.25, pane.width / layout.width, pane.height / layout.height));
  const scale = isFirst ? Math.max(whole, Math.min(READABLE, clamp(pane.width / layout.width))) : whole;
  const left = (pane.width - layout.width * scale) / 2;
  const top = (pane.height - layout.height * scale) / 2;
  return { x: left, y: isFirst ? Math.max(0, top) : top, scale };
}

/** Closer by a factor, with the point of the pane staying where it is. */
export function zoom({ x, y, scale }: Viewport, factor: number, [px, py]: readonly [number, number]): Viewport {
  const next = clamp(scale * factor);
  const ratio = next / scale;
  return { x: px - (px - x) * ratio, y: py - (py - y) * ratio, scale: next };
}

/** Moved as little as it takes to have the box in the pane. */
export function reveal(view: Viewport, box: Box, pane: Size): Viewport {
  const move = (at: number, length: number, room: number): number => {
    const margin = Math.min(24, Math.max(0, (room - length) / 2));
    if (at < margin) return margin - at;
    return at + length > room - margin ? Math.max(margin - at, room - margin - at - length) : 0;
  };
  const { x, y, scale } = view;
  const dx = move(box.x * scale + x, box.width * scale, pane.width);
  const dy = move(box.y * scale + y, Math.min(box.height, 120) * scale, pane.height);
  return dx === 0 && dy === 0 ? view : { x: x + dx, y: y + dy, scale };
}

/**
 * Where another pane has to look to show the same: at the same scale, with the part that is nearest to the middle of
 * the first and stands in both at the same place.
 */
export function follow(view: Viewport, [from, to]: readonly [Layout, Layout], pane: Size): Viewport {
  const middle = [(pane.width / 2 - view.x) / view.scale, (pane.height / 2 - view.y) / view.scale] as const;
  let best: { readonly a: Box; readonly b: Box } | undefined;
  let least = Infinity;
  for (const [id, a] of Object.entries(from.boxes)) {
    const b = to.boxes[id];
    if (b === undefined) continue;
    const distance = Math.hypot(a.x + a.width / 2 - middle[0], a.y + a.height / 2 - middle[1]);
    if (distance >= least) continue;
    least = distance;
    best = { a, b };
  }
  if (best === undefined) return view;
  const { a, b } = best;
  const dx = a.x + a.width / 2 - (b.x + b.width / 2);
  return { x: view.x + dx * view.scale, y: view.y + (a.y - b.y) * view.scale, scale: view.scale };
}
