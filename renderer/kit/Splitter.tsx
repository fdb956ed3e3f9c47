import { useRef, type KeyboardEvent, type PointerEvent, type ReactElement } from "react";

export interface SplitterProps {
  /** What it makes larger and smaller. */
  readonly label: string;
  /** Whether it lies between what stands side by side. */
  readonly isUpright: boolean;
  /** Pixels of what lies behind it. */
  readonly size: number;
  readonly least: number;
  readonly most: number;
  readonly onChange: (size: number) => void;
}

const STEP = 16;

/** The line between two panes, to be dragged, or moved with the arrow keys. */
export function Splitter({ label, isUpright, size, least, most, onChange }: SplitterProps): ReactElement {
  const grip = useRef<{ readonly at: number; readonly size: number }>(undefined);
  const set = (next: number): void => onChange(Math.round(Math.min(most, Math.max(least, next))));
  const place = (event: PointerEvent): number => (isUpright ? event.clientX : event.clientY);
  const press = (event: KeyboardEvent): void => {
    const [larger, smaller] = isUpright ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
    const next =
      event.key === larger
        ? size + STEP
        : event.key === smaller
          ? size - STEP
          : event.key === "Home"
            ? least
            : event.key === "End"
              ? most
              : undefined;
    if (next === undefined) return;
    event.preventDefault();
    set(next);
  };
  return (
    <div
      className={isUpright ? "splitter splitter-upright" : "splitter"}
      role="separator"
      tabIndex={0}
      aria-label={label}
      aria-orientation={isUpright ? "vertical" : "horizontal"}
      aria-valuenow={size}
      aria-valuemin={least}
      aria-valuemax={most}
      onKeyDown={press}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        grip.current = { at: place(event), size };
      }}
      onPointerMove={(event) => {
        if (grip.current !== undefined) set(grip.current.size + grip.current.at - place(event));
      }}
      onPointerUp={() => (grip.current = undefined)}
      onPointerCancel={() => (grip.current = undefined)}
    />
  );
}
