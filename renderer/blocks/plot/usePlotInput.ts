import { useEffect, useRef, useState, type RefCallback } from "react";
import type { Brush } from "./brush.ts";
import { nearest, neighbour, pointsIn } from "./points.ts";

export interface PlotInputParts {
  /** Left, top, right, bottom of the inner box, in pixels. */
  readonly box: readonly [number, number, number, number];
  readonly pixels: { readonly x: Float32Array; readonly y: Float32Array };
  readonly brush: Brush;
  readonly isPanning: boolean;
  readonly active: number | undefined;
  readonly onActive: (index: number | undefined) => void;
  readonly onOpen: ((index: number) => void) | undefined;
  readonly zoom: (factor: number, at?: readonly [number, number]) => void;
  /** By shares of the box. */
  readonly pan: (dx: number, dy: number) => void;
  readonly reset: () => void;
}

export interface PlotInput {
  readonly surface: RefCallback<HTMLDivElement>;
  /** The rectangle that is being drawn. */
  readonly rectangle:
    { readonly x: number; readonly y: number; readonly width: number; readonly height: number } | undefined;
}

type Spot = readonly [number, number];

/** Pixels from a point within which it counts as meant. */
const REACH = 14;

/** What pointer, wheel and keys do to a plot. Moves are taken once a frame. */
export function usePlotInput(parts: PlotInputParts): PlotInput {
  const latest = useRef(parts);
  useEffect(() => {
    latest.current = parts;
  });
  const [element, setElement] = useState<HTMLDivElement | null>(null);
  const [rectangle, setRectangle] = useState<PlotInput["rectangle"]>();
  useEffect(() => (element === null ? undefined : listen(element, latest, setRectangle)), [element]);
  return { surface: setElement, rectangle };
}

function listen(
  element: HTMLDivElement,
  latest: { readonly current: PlotInputParts },
  setRectangle: (rectangle: PlotInput["rectangle"]) => void,
): () => void {
  let start: { readonly spot: Spot; readonly before: Uint8Array | undefined } | undefined;
  let last: Spot = [0, 0];
  let isDrag = false;
  let pending: Spot | undefined;
  let frame = 0;
  const spotOf = (event: MouseEvent): Spot => {
    const { left, top } = element.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  const at = ([x, y]: Spot): number | undefined =>
    nearest(latest.current.pixels.x, latest.current.pixels.y, [x, y, REACH]);

  const move = (): void => {
    frame = 0;
    const spot = pending;
    pending = undefined;
    const { brush, box, isPanning, pixels, pan, onActive, active } = latest.current;
    if (spot === undefined) return;
    if (start === undefined) {
      const found = at(spot);
      if (found !== active) onActive(found);
      return;
    }
    if (!isDrag && Math.hypot(spot[0] - start.spot[0], spot[1] - start.spot[1]) < 4) return;
    isDrag = true;
    if (isPanning) {
      pan((last[0] - spot[0]) / (box[2] - box[0]), (spot[1] - last[1]) / (box[3] - box[1]));
      last = spot;
      return;
    }
    const [from, to] = [start.spot, spot];
    setRectangle({
      x: Math.min(from[0], to[0]),
      y: Math.min(from[1], to[1]),
      width: Math.abs(to[0] - from[0]),
      height: Math.abs(to[1] - from[1]),
    });
    brush.setMask(pointsIn(pixels.x, pixels.y, { from, to, before: start.before }));
  };
  const onMove = (event: PointerEvent): void => {
    pending = spotOf(event);
    frame ||= requestAnimationFrame(move);
  };
  const onDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    last = spotOf(event);
    isDrag = false;
    start = { spot: last, before: isAdding(event) ? latest.current.brush.mask() : undefined };
  };
  const onUp = (event: PointerEvent): void => {
    if (start === undefined) return;
    const { brush, onOpen, isPanning } = latest.current;
    if (!isDrag) {
      const found = at(spotOf(event));
      if (found === undefined) {
        if (!isAdding(event) && !isPanning) brush.clear();
      } else if (isAdding(event)) brush.toggle(found);
      else {
        brush.set([found]);
        onOpen?.(found);
      }
    }
    start = undefined;
    setRectangle(undefined);
  };
  const onLeave = (): void => {
    if (start === undefined && element.ownerDocument.activeElement !== element) latest.current.onActive(undefined);
  };
  // With Ctrl, as in maps; without, the page scrolls.
  const onWheel = (event: WheelEvent): void => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const { box, zoom } = latest.current;
    const [x, y] = spotOf(event);
    zoom(event.deltaY > 0 ? 1.2 : 1 / 1.2, [(x - box[0]) / (box[2] - box[0]), 1 - (y - box[1]) / (box[3] - box[1])]);
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (act(event, latest.current)) event.preventDefault();
  };
  const onBlur = (): void => latest.current.onActive(undefined);
  element.addEventListener("pointermove", onMove);
  element.addEventListener("pointerdown", onDown);
  element.addEventListener("pointerup", onUp);
  element.addEventListener("pointerleave", onLeave);
  element.addEventListener("wheel", onWheel, { passive: false });
  element.addEventListener("keydown", onKey);
  element.addEventListener("blur", onBlur);
  return () => {
    cancelAnimationFrame(frame);
    element.removeEventListener("pointermove", onMove);
    element.removeEventListener("pointerdown", onDown);
    element.removeEventListener("pointerup", onUp);
    element.removeEventListener("pointerleave", onLeave);
    element.removeEventListener("wheel", onWheel);
    element.removeEventListener("keydown", onKey);
    element.removeEventListener("blur", onBlur);
  };
}

const isAdding = (event: MouseEvent): boolean => event.shiftKey || event.ctrlKey || event.metaKey;

/** @returns whether the key meant something */
function act({ key, shiftKey }: KeyboardEvent, parts: PlotInputParts): boolean {
  const { active, brush, pixels, onActive, onOpen, zoom, pan, reset } = parts;
  switch (key) {
    case "ArrowLeft":
    case "ArrowRight": {
      const step = key === "ArrowRight" ? 1 : -1;
      if (shiftKey) pan(step * 0.1, 0);
      else onActive(neighbour(pixels.x, active, step));
      return true;
    }
    case "ArrowUp":
    case "ArrowDown":
      if (!shiftKey) return false;
      pan(0, key === "ArrowUp" ? 0.1 : -0.1);
      return true;
    case "Enter":
      if (active === undefined) return false;
      brush.set([active]);
      onOpen?.(active);
      return true;
    case " ":
      if (active !== undefined) brush.toggle(active);
      return true;
    case "Escape":
      brush.clear();
      return true;
    case "+":
    case "=":
      zoom(0.8);
      return true;
    case "-":
      zoom(1.25);
      return true;
    case "0":
      reset();
      return true;
    default:
      return false;
  }
}
