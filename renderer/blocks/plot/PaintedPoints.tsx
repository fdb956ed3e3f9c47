import { useEffect, useRef, type ReactElement } from "react";
import type { Brush } from "./brush.ts";
import { useColours, type Colours } from "./colours.ts";
import type { PointsBlock, PointSet } from "./points.ts";
import {
  clear,
  createRaster,
  makeStamp,
  mixed,
  shapeOf,
  stampAt,
  type Raster,
  type Rgb,
  type Stamp,
} from "./raster.ts";
import { usePainting } from "./usePainting.ts";

type Box = readonly [number, number, number, number];

interface Pixels {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

export interface PaintedPointsProps {
  readonly points: PointSet;
  readonly pixels: Pixels;
  readonly brush: Brush;
  readonly size: readonly [number, number];
  readonly box: Box;
  readonly front: readonly number[];
}

/** Radius of a painted point in CSS pixels, and how opaque it is: less where thousands would cover each other. */
const markOf = (count: number): { readonly radius: number; readonly opacity: number } =>
  count > 2000 ? { radius: 2, opacity: 0.6 } : { radius: 2.8, opacity: 1 };

/** Tens of thousands of points. Those that are chosen, and the front, lie above the others. */
export function PaintedPoints({ points, pixels, brush, size, box, front }: PaintedPointsProps): ReactElement {
  const canvas = useRef<HTMLCanvasElement>(null);
  const colours = useColours();
  const stamps = useRef<{ readonly key: string; readonly made: readonly Stamp[] }>(undefined);
  const looks = useRef<{ readonly of: PointSet; readonly looks: Uint8Array }>(undefined);
  const paint = (): void => {
    const context = canvas.current?.getContext("2d", { alpha: false });
    if (context === null || context === undefined) return;
    const ratio = Math.min(2, window.devicePixelRatio);
    const key = `${ratio} ${points.x.length}`;
    if (stamps.current?.key !== key) stamps.current = { key, made: stampsOf(ratio, points.x.length) };
    if (looks.current?.of !== points) {
      looks.current = { of: points, looks: Uint8Array.from(points.x, (_, i) => points.look(i)) };
    }
    const raster = rasterFor(context, size, ratio);
    paintPoints(raster, {
      pixels,
      looks: looks.current.looks,
      mask: brush.count() > 0 ? brush.mask() : undefined,
      front,
      box: box.map((v) => v * ratio) as unknown as Box,
      ratio,
      stamps: stamps.current.made,
      colours,
    });
    context.putImageData(new ImageData(raster.bytes, raster.width, raster.height), 0, 0);
  };
  const repaint = usePainting(paint);
  useEffect(repaint, [points, pixels, size[0], size[1], colours, front, repaint]);
  useEffect(() => brush.subscribe(repaint), [brush, repaint]);
  return <canvas ref={canvas} className="plot-canvas" style={{ width: size[0], height: size[1] }} aria-hidden />;
}

const rasters = new WeakMap<CanvasRenderingContext2D, Raster>();

function rasterFor(
  context: CanvasRenderingContext2D,
  [width, height]: readonly [number, number],
  ratio: number,
): Raster {
  const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  const known = rasters.get(context);
  if (known?.width === w && known.height === h) return known;
  context.canvas.width = w;
  context.canvas.height = h;
  const made = createRaster(w, h);
  rasters.set(context, made);
  return made;
}

function stampsOf(ratio: number, count: number): readonly Stamp[] {
  const { radius, opacity } = markOf(count);
  return Array.from({ length: 8 }, (_, i) => makeStamp(shapeOf(i), radius * ratio, opacity));
}

interface Painting {
  readonly pixels: Pixels;
  readonly looks: Uint8Array;
  /** Undefined where nothing is chosen. */
  readonly mask: Uint8Array | undefined;
  readonly front: readonly number[];
  readonly box: Box;
  readonly ratio: number;
  readonly stamps: readonly Stamp[];
  readonly colours: Colours;
}

function paintPoints(raster: Raster, painting: Painting): void {
  const { pixels, looks, mask, front, box, ratio, stamps, colours } = painting;
  const [left, top, right, bottom] = box;
  clear(raster, colours.surface);
  const faint = colours.looks.map((c) => mixed(c, colours.surface, 0.25));
  const draw = (i: number, of: readonly Rgb[]): void => {
    const x = pixels.x[i]! * ratio;
    const y = pixels.y[i]! * ratio;
    if (x >= left && x <= right && y >= top && y <= bottom) stampAt(raster, stamps[looks[i]!]!, [x, y, of[looks[i]!]!]);
  };
  const n = pixels.x.length;
  if (mask === undefined) for (let i = 0; i < n; i++) draw(i, colours.looks);
  else {
    for (let i = 0; i < n; i++) if (mask[i] === 0) draw(i, faint);
    for (let i = 0; i < n; i++) if (mask[i] === 1) draw(i, colours.looks);
  }
  for (const i of front) draw(i, mask === undefined || mask[i] === 1 ? colours.looks : faint);
}

/** The same points as SVG, one path for each look. */
export function paintedSvg({ points }: PointsBlock, pixels: Pixels, [left, top, right, bottom]: Box): string {
  const style = getComputedStyle(document.documentElement);
  const paths = new Map<number, string>();
  const { radius, opacity } = markOf(pixels.x.length);
  for (let i = 0; i < pixels.x.length; i++) {
    const [x, y] = [pixels.x[i]!, pixels.y[i]!];
    if (!(x >= left && x <= right && y >= top && y <= bottom)) continue;
    const look = points.look(i);
    paths.set(look, `${paths.get(look) ?? ""}M${x.toFixed(1)} ${y.toFixed(1)}h0`);
  }
  return [...paths]
    .map(
      ([look, d]) =>
        `<path d="${d}" fill="none" stroke="${style.getPropertyValue(`--c${look}`).trim()}" stroke-opacity="${opacity}" stroke-width="${2 * radius}" stroke-linecap="round"/>`,
    )
    .join("\n");
}
