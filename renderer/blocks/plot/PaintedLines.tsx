import { useEffect, useMemo, useRef, type ReactElement } from "react";
import type { Brush } from "./brush.ts";
import { useColours, type Colours } from "./colours.ts";
import { shuffled, type PlacedAxis } from "./parallel.ts";
import {
  clear,
  countLine,
  createDensity,
  createRaster,
  mixed,
  paintDensity,
  type Density,
  type Raster,
} from "./raster.ts";
import { usePainting } from "./usePainting.ts";

export interface PaintedLinesProps {
  readonly axes: readonly PlacedAxis[];
  readonly brush: Brush;
  readonly size: readonly [number, number];
}

/** Milliseconds of drawing in one frame; what is left comes in the next ones. */
const BUDGET = 5;
/** Lines between two looks at the clock. */
const PORTION = 128;

interface State {
  readonly raster: Raster;
  /** All lines as they were painted last, and what of. */
  readonly backdrop: Raster;
  backdropKey: string;
  readonly all: Layer;
  readonly chosen: Layer;
  readonly key: unknown;
  version: number;
}

interface Layer {
  readonly density: Density;
  /** How far it is drawn, in the shuffled order. */
  next: number;
}

/**
 * Thousands of lines over upright axes, as how many run through each pixel. All of them are drawn once; the chosen ones
 * anew after each change, a part in every frame, so that choosing never waits for drawing.
 */
export function PaintedLines({ axes, brush, size: [width, height] }: PaintedLinesProps): ReactElement {
  const canvas = useRef<HTMLCanvasElement>(null);
  const colours = useColours();
  const count = axes[0]?.heights.length ?? 0;
  const order = useMemo(() => shuffled(count), [count]);
  const state = useRef<State>(undefined);
  const paint = (): void => {
    const context = canvas.current?.getContext("2d", { alpha: false });
    if (context === null || context === undefined) return;
    let now = state.current;
    if (now?.key !== axes || now.raster.width !== width) {
      context.canvas.width = width;
      context.canvas.height = height;
      const layer = (): Layer => ({ density: createDensity(width, height), next: 0 });
      now = {
        raster: createRaster(width, height),
        backdrop: createRaster(width, height),
        backdropKey: "",
        all: layer(),
        chosen: layer(),
        key: axes,
        version: -1,
      };
      state.current = now;
    }
    if (now.version !== brush.version()) {
      now.version = brush.version();
      now.chosen.density.counts.fill(0);
      now.chosen.next = 0;
    }
    const until = performance.now() + BUDGET;
    const mask = brush.count() > 0 ? brush.mask() : undefined;
    // What was chosen comes first: it is what somebody looks for.
    if (mask !== undefined) advance(now.chosen, { axes, order, until, mask });
    advance(now.all, { axes, order, until });
    show(now, mask !== undefined, colours);
    context.putImageData(new ImageData(now.raster.bytes, width, height), 0, 0);
    if (now.all.next < order.length || (mask !== undefined && now.chosen.next < order.length)) repaint();
  };
  const repaint = usePainting(paint);
  useEffect(repaint, [axes, width, height, colours, repaint]);
  useEffect(() => brush.subscribe(repaint), [brush, repaint]);
  return <canvas ref={canvas} className="plot-canvas" style={{ width, height }} aria-hidden />;
}

interface Advance {
  readonly axes: readonly PlacedAxis[];
  readonly order: Int32Array;
  readonly until: number;
  readonly mask?: Uint8Array;
}

function advance(layer: Layer, { axes, order, until, mask }: Advance): void {
  for (let done = 0; layer.next < order.length; layer.next++, done++) {
    if (done % PORTION === PORTION - 1 && performance.now() > until) return;
    const i = order[layer.next]!;
    if (mask?.[i] === 0) continue;
    for (let k = 0; k + 1 < axes.length; k++) {
      const [a, b] = [axes[k]!, axes[k + 1]!];
      const [from, to] = [a.heights[i]!, b.heights[i]!];
      if (from === from && to === to) countLine(layer.density, [a.x, from], [b.x, to]);
    }
  }
}

function show(state: State, hasChoice: boolean, colours: Colours): void {
  const { raster, backdrop, all, chosen } = state;
  const key = `${all.next} ${hasChoice} ${colours.surface.join()} ${colours.accent.join()}`;
  if (state.backdropKey !== key) {
    state.backdropKey = key;
    clear(backdrop, colours.surface);
    paintDensity(backdrop, all.density, [
      hasChoice ? mixed(colours.muted, colours.surface, 0.35) : colours.accent,
      0.18,
    ]);
  }
  raster.pixels.set(backdrop.pixels);
  if (hasChoice) paintDensity(raster, chosen.density, [colours.accent, 0.45]);
}
