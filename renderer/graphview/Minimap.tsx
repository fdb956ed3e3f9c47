import type { PointerEvent, ReactElement } from "react";
import type { ModelPart } from "../../core/contract/modelView.ts";
import type { Layout } from "./layout.ts";
import type { Size, Viewport } from "./viewport.ts";

export interface MinimapProps {
  readonly layout: Layout;
  readonly parts: readonly ModelPart[];
  readonly viewport: Viewport;
  readonly size: Size;
  readonly onViewport: (change: (before: Viewport) => Viewport) => void;
}

const WIDTH = 110;
const HEIGHT = 150;

/** The whole graph in small, with what is seen. For pointers only: the outline does the same for keys. */
export function Minimap({ layout, parts, viewport, size, onViewport }: MinimapProps): ReactElement | null {
  const scale = Math.min(WIDTH / layout.width, HEIGHT / layout.height);
  const seen = {
    x: (-viewport.x / viewport.scale) * scale,
    y: (-viewport.y / viewport.scale) * scale,
    width: (size.width / viewport.scale) * scale,
    height: (size.height / viewport.scale) * scale,
  };
  const isAll = seen.width >= layout.width * scale - 1 && seen.height >= layout.height * scale - 1;
  if (isAll || size.width < 260) return null;
  const go = (event: PointerEvent<SVGSVGElement>): void => {
    event.stopPropagation();
    if (event.buttons !== 1) return;
    const { left, top } = event.currentTarget.getBoundingClientRect();
    const [x, y] = [(event.clientX - left) / scale, (event.clientY - top) / scale];
    onViewport((v) => ({ ...v, x: size.width / 2 - x * v.scale, y: size.height / 2 - y * v.scale }));
  };
  return (
    <svg
      className="minimap"
      aria-hidden
      width={layout.width * scale}
      height={layout.height * scale}
      onPointerDown={go}
      onPointerMove={go}
    >
      <g transform={`scale(${scale})`}>
        {parts.map(({ id, isOpen }) => {
          const box = layout.boxes[id];
          return box === undefined ? null : (
            <rect key={id} className={isOpen ? "minimap-open" : "minimap-part"} {...box} />
          );
        })}
      </g>
      <rect className="minimap-seen" {...seen} />
    </svg>
  );
}
