import { useCallback, useRef, useState } from "react";
import type { Layout } from "../../graphview/layout.ts";
import { fit, follow, zoom, type Size, type Viewport } from "../../graphview/viewport.ts";

const NOTHING: Size = { width: 0, height: 0 };

interface PaneKept {
  layout: Layout | undefined;
  size: Size;
  viewport: Viewport | undefined;
}

export interface Viewports {
  of(pane: number): Viewport | undefined;
  sizeOf(pane: number): Size;
  onSize(pane: number, size: Size): void;
  onLayout(pane: number, layout: Layout): void;
  /** Moves one pane, and all others so that they show the same. */
  move(pane: number, change: (before: Viewport) => Viewport): void;
  fitAll(): void;
  zoomBy(factor: number): void;
}

/** Where the panes look, in step with each other. */
export function useViewports(): Viewports {
  const [, redraw] = useState(0);
  const panes = useRef<PaneKept[]>([]);
  const at = useCallback((pane: number): PaneKept => {
    panes.current[pane] ??= { layout: undefined, size: NOTHING, viewport: undefined };
    return panes.current[pane];
  }, []);
  const now = useCallback(
    (pane: number): Viewport | undefined => {
      const { layout, size, viewport } = at(pane);
      return viewport ?? (layout && size.width > 0 ? fit(layout, size, true) : undefined);
    },
    [at],
  );
  const align = useCallback(
    (pane: number): void => {
      const from = at(pane);
      const view = now(pane);
      if (view === undefined || from.layout === undefined) return;
      panes.current.forEach((other, i) => {
        if (i === pane || other.layout === undefined || from.layout === undefined) return;
        other.viewport = follow(view, [from.layout, other.layout], from.size);
      });
    },
    [at, now],
  );
  const move = useCallback(
    (pane: number, change: (before: Viewport) => Viewport): void => {
      const before = now(pane);
      if (before === undefined) return;
      const after = change(before);
      if (after === before) return;
      at(pane).viewport = after;
      align(pane);
      redraw((n) => n + 1);
    },
    [align, at, now],
  );
  return {
    of: (pane) => now(pane),
    sizeOf: (pane) => at(pane).size,
    onSize: useCallback(
      (pane: number, size: Size) => {
        const kept = at(pane);
        if (kept.size.width === size.width && kept.size.height === size.height) return;
        kept.size = size;
        if (pane > 0) align(0);
        redraw((n) => n + 1);
      },
      [align, at],
    ),
    onLayout: useCallback(
      (pane: number, layout: Layout) => {
        const kept = at(pane);
        if (kept.layout === layout) return;
        // What was opened pushes others away: the view stays with the first part that it showed.
        const before = kept.layout;
        const view = kept.viewport;
        kept.layout = layout;
        if (before !== undefined && view !== undefined) kept.viewport = follow(view, [before, layout], kept.size);
        if (pane > 0) align(0);
        redraw((n) => n + 1);
      },
      [align, at],
    ),
    move,
    fitAll: useCallback(() => {
      const { layout, size } = at(0);
      if (layout !== undefined) move(0, () => fit(layout, size));
    }, [at, move]),
    zoomBy: useCallback(
      (factor: number) => {
        const { size } = at(0);
        move(0, (v) => zoom(v, factor, [size.width / 2, size.height / 2]));
      },
      [at, move],
    ),
  };
}
