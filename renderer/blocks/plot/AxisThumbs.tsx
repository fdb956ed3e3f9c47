import type { ReactElement } from "react";
import { edgesOf, edgeText, moved, rangeOf, stepsOf, type Edges, type End, type Extent } from "./bounds.ts";
import type { PlacedAxis, Ranges } from "./parallel.ts";

export interface AxisThumbsProps {
  readonly placed: readonly PlacedAxis[];
  readonly ranges: Ranges;
  readonly extent: Extent;
  readonly onChange: (ranges: Ranges) => void;
}

const ENDS = ["least", "most"] as const satisfies readonly End[];

/** The ends of each axis' range as sliders, for keys; the mouse drags along the axes themselves. */
export function AxisThumbs({ placed, ranges, extent, onChange }: AxisThumbsProps): ReactElement {
  const change = (axis: PlacedAxis, edges: Edges): void => {
    const { [axis.axis.id]: _, ...others } = ranges;
    const range = rangeOf(axis, edges, extent);
    onChange(range === undefined ? others : { ...others, [axis.axis.id]: range });
  };
  return (
    <>
      {placed.map((axis) => {
        const range = ranges[axis.axis.id];
        const edges = edgesOf(axis, range, extent);
        const steps = stepsOf(axis);
        const [top, bottom] = extent;
        return ENDS.map((end) => (
          <div
            key={`${axis.axis.id} ${end}`}
            className={range === undefined ? "plot-thumb is-free" : "plot-thumb"}
            style={{ left: axis.x, top: bottom - (edges[end] / steps) * (bottom - top) }}
            role="slider"
            tabIndex={0}
            aria-orientation="vertical"
            aria-label={`${end === "least" ? "Lower" : "Upper"} end of ${axis.axis.title}`}
            aria-valuemin={0}
            aria-valuemax={steps}
            aria-valuenow={Math.round(edges[end])}
            aria-valuetext={
              range === undefined ? `no bound, ${edgeText(axis, edges, end)}` : edgeText(axis, edges, end)
            }
            onKeyDown={(event) => {
              const next = moved(axis, edges, { end, key: event.key });
              if (next === undefined) return;
              event.preventDefault();
              event.stopPropagation();
              change(axis, next);
            }}
          />
        ));
      })}
    </>
  );
}
