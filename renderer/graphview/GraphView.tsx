import { memo, useCallback, useEffect, useRef, type KeyboardEvent, type PointerEvent, type ReactElement } from "react";
import type { ModelEdge, ModelPart } from "../../core/contract/modelView.ts";
import { Minimap } from "./Minimap.tsx";
import type { Box, Layout, Route } from "./layout.ts";
import { changeMark, describePart, linesOf } from "./parts.ts";
import { stepFrom, type Direction } from "./walk.ts";
import { zoom, type Size, type Viewport } from "./viewport.ts";

/** How a part is coloured, and the same in words. */
export interface Colouring {
  /** 0 to 4, from little to much. */
  readonly level: number;
  readonly text: string;
}

export interface GraphViewProps {
  readonly label: string;
  readonly parts: readonly ModelPart[];
  readonly edges: readonly ModelEdge[];
  readonly layout: Layout;
  readonly selected: string | undefined;
  readonly colouring: (part: ModelPart) => Colouring | undefined;
  readonly viewport: Viewport;
  readonly size: Size;
  readonly onViewport: (change: (before: Viewport) => Viewport) => void;
  readonly onSize: (size: Size) => void;
  readonly onSelect: (id: string) => void;
  readonly onToggle: (id: string) => void;
}

const ARROWS: Readonly<Record<string, Direction>> = {
  ArrowUp: "up",
  ArrowDown: "down",
  ArrowLeft: "left",
  ArrowRight: "right",
};

/** A model's graph, drawn. Arrows follow its edges, Enter opens and closes blocks. */
export function GraphView(props: GraphViewProps): ReactElement {
  const { label, parts, edges, layout, selected, viewport, size, onViewport, onSize, onSelect, onToggle } = props;
  const pane = useRef<HTMLDivElement>(null);
  const drag = useRef<readonly [number, number]>(undefined);
  useEffect(() => {
    const element = pane.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => onSize({ width: element.clientWidth, height: element.clientHeight }));
    observer.observe(element);
    const turn = (event: WheelEvent): void => {
      event.preventDefault();
      const { left, top } = element.getBoundingClientRect();
      const at = [event.clientX - left, event.clientY - top] as const;
      if (event.ctrlKey || event.metaKey) onViewport((v) => zoom(v, Math.exp(-event.deltaY / 300), at));
      else
        onViewport((v) => ({
          ...v,
          x: v.x - (event.shiftKey ? event.deltaY : event.deltaX),
          y: v.y - (event.shiftKey ? 0 : event.deltaY),
        }));
    };
    element.addEventListener("wheel", turn, { passive: false });
    return () => {
      observer.disconnect();
      element.removeEventListener("wheel", turn);
    };
  }, [onSize, onViewport]);
  const press = (event: KeyboardEvent): void => {
    const direction = ARROWS[event.key];
    const to = direction && selected !== undefined ? stepFrom(selected, direction, { edges, layout }) : undefined;
    if (direction !== undefined && !event.ctrlKey && !event.altKey) {
      event.preventDefault();
      if (to !== undefined) onSelect(to);
    } else if (event.key === "Enter" && selected !== undefined) onToggle(selected);
  };
  useEffect(() => {
    // The focus goes where the selection goes, as long as it is in the graph.
    const element = pane.current;
    if (element === null || selected === undefined || !element.contains(document.activeElement)) return;
    element.querySelector<SVGGElement>('[data-selected="true"]')?.focus({ preventScroll: true });
  }, [selected, layout]);
  const move = (event: PointerEvent): void => {
    const from = drag.current;
    if (from === undefined) return;
    const [dx, dy] = [event.clientX - from[0], event.clientY - from[1]];
    drag.current = [event.clientX, event.clientY];
    onViewport((v) => ({ ...v, x: v.x + dx, y: v.y + dy }));
  };
  const first = parts.find((p) => layout.boxes[p.id] !== undefined)?.id;
  return (
    <div
      className="graph"
      ref={pane}
      onKeyDown={press}
      onPointerDown={(event) => {
        if (event.button === 0) drag.current = [event.clientX, event.clientY];
      }}
      onPointerMove={move}
      onPointerUp={() => (drag.current = undefined)}
      onPointerLeave={() => (drag.current = undefined)}
    >
      <svg className="graph-drawing" role="group" aria-label={label} width={size.width} height={size.height}>
        <g
          transform={`translate(${viewport.x.toFixed(2)} ${viewport.y.toFixed(2)}) scale(${viewport.scale.toFixed(4)})`}
        >
          <Drawn {...props} focusable={selected !== undefined && layout.boxes[selected] ? selected : first} />
        </g>
      </svg>
      <Minimap layout={layout} parts={parts} viewport={viewport} size={size} onViewport={onViewport} />
    </div>
  );
}

type DrawnProps = Pick<
  GraphViewProps,
  "parts" | "edges" | "layout" | "selected" | "colouring" | "onSelect" | "onToggle"
> & { readonly focusable: string | undefined };

/** What does not change while the view moves. */
const Drawn = memo(
  function Drawn({ parts, edges, layout, selected, colouring, onSelect, onToggle, focusable }: DrawnProps) {
    return (
      <>
        {parts.map((part) => {
          const box = layout.boxes[part.id];
          return box === undefined || !part.isOpen ? null : (
            <rect key={part.id} className="graph-open" {...rounded(box)} />
          );
        })}
        {edges.map((edge, i) => {
          const route = layout.routes[i];
          if (route === undefined || route.length < 2) return null;
          const isNear = selected === edge.from || selected === edge.to;
          return (
            <path
              key={`${edge.from}\n${edge.to}`}
              className={isNear ? "graph-edge graph-edge-near" : "graph-edge"}
              d={curve(route)}
            />
          );
        })}
        {parts.map((part) => {
          const box = layout.boxes[part.id];
          return box === undefined ? null : (
            <Part
              key={part.id}
              part={part}
              box={box}
              isSelected={selected === part.id}
              isFocusable={focusable === part.id}
              colouring={colouring(part)}
              onSelect={onSelect}
              onToggle={onToggle}
            />
          );
        })}
      </>
    );
  },
  (a, b) =>
    a.parts === b.parts &&
    a.edges === b.edges &&
    a.layout === b.layout &&
    a.selected === b.selected &&
    a.colouring === b.colouring &&
    a.onSelect === b.onSelect &&
    a.onToggle === b.onToggle &&
    a.focusable === b.focusable,
);

interface PartProps {
  readonly part: ModelPart;
  readonly box: Box;
  readonly isSelected: boolean;
  readonly isFocusable: boolean;
  readonly colouring: Colouring | undefined;
  readonly onSelect: (id: string) => void;
  readonly onToggle: (id: string) => void;
}

const HEAD = 26;

const Part = memo(function Part({
  part,
  box,
  isSelected,
  isFocusable,
  colouring,
  onSelect,
  onToggle,
}: PartProps): ReactElement {
  const { id, form, isOpen } = part;
  const canOpen = part.parts > 0;
  const kind = form === "op" ? "op" : form === "input" || form === "output" ? "end" : "block";
  const shown = isOpen ? { ...box, height: HEAD } : box;
  const room = shown.width - (canOpen ? 36 : 18);
  const mark = part.change && changeMark(part.change);
  const pick = useCallback(() => onSelect(id), [onSelect, id]);
  const lines = linesOf(part, colouring?.text);
  return (
    <g
      className={`graph-part graph-${kind}${isOpen ? " graph-head" : ""}${isSelected ? " graph-selected" : ""}${
        colouring === undefined || isOpen ? "" : ` heat-${colouring.level}`
      }`}
      role="button"
      tabIndex={isFocusable ? 0 : -1}
      data-selected={isSelected}
      data-part={id}
      aria-label={describePart(part, lines)}
      aria-expanded={canOpen ? isOpen : undefined}
      aria-pressed={isSelected}
      onFocus={pick}
      onClick={pick}
      onDoubleClick={() => onToggle(id)}
      transform={`translate(${shown.x.toFixed(1)} ${shown.y.toFixed(1)})`}
    >
      <rect className="graph-box" width={shown.width} height={shown.height} rx={kind === "end" ? 14 : 5} />
      {kind === "block" && !isOpen && (
        <rect className="graph-stack" x={4} y={shown.height} width={shown.width - 8} height={4} />
      )}
      {lines.map((text, i) => (
        // What is too long is cut off at the edge.
        <svg key={i} x={10} y={4 + i * 16} width={i === 2 ? shown.width - 16 : room} height={17}>
          <text className={i === 0 ? "graph-title" : i === 1 ? "graph-name" : "graph-value"} y={13}>
            {`${text} `}
          </text>
        </svg>
      ))}
      {canOpen && (
        <g
          className="graph-toggle"
          transform={`translate(${shown.width - 26} 1)`}
          onClick={(event) => {
            event.stopPropagation();
            onToggle(id);
          }}
        >
          <rect width={25} height={24} />
          <path d={isOpen ? "M7 10l5.5 6 5.5-6" : "M10 6.5l6 5.5-6 5.5"} />
        </g>
      )}
      {mark !== undefined && (
        <g
          className={`graph-mark graph-mark-${mark.kind}`}
          transform={`translate(${shown.width - 4 - (mark.text.length * 7.2 + 12) / 2} ${shown.height})`}
        >
          <rect x={-(mark.text.length * 7.2 + 12) / 2} y={-8} width={mark.text.length * 7.2 + 12} height={16} rx={8} />
          <text y={4} textAnchor="middle">
            {mark.text}
          </text>
        </g>
      )}
    </g>
  );
});

const rounded = ({ x, y, width, height }: Box): Record<string, number> => ({ x, y, width, height, rx: 7 });

/** A smooth line that leaves and arrives upright. */
function curve(route: Route): string {
  const [start, ...rest] = route;
  let [x, y] = start!;
  let d = `M${x.toFixed(1)} ${y.toFixed(1)}`;
  for (const [toX, toY] of rest) {
    const bend = Math.max(12, Math.abs(toY - y) / 2);
    d += `C${x.toFixed(1)} ${(y + bend).toFixed(1)} ${toX.toFixed(1)} ${(toY - bend).toFixed(1)} ${toX.toFixed(1)} ${toY.toFixed(1)}`;
    [x, y] = [toX, toY];
  }
  // The arrow's head, drawn along.
  return `${d}m-3.5 -6l3.5 6l3.5 -6`;
}
