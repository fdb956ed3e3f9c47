import { useEffect, useMemo, useRef, type ReactElement, type ReactNode } from "react";
import type { ModelPart, ModelView } from "../../../core/contract/modelView.ts";
import { GraphView, type Colouring } from "../../graphview/GraphView.tsx";
import type { Layout } from "../../graphview/layout.ts";
import { layoutNodes } from "../../graphview/parts.ts";
import { useLayout } from "../../graphview/useLayout.ts";
import { fit, reveal, type Size, type Viewport } from "../../graphview/viewport.ts";
import { Loading } from "../../kit/states.tsx";

/** What a pane tells of itself, so that others can follow it. */
export interface PaneState {
  readonly layout: Layout;
  readonly size: Size;
}

export interface PaneProps {
  readonly view: ModelView;
  /** Names what is laid out. */
  readonly layoutKey: string;
  readonly title: ReactNode;
  readonly selected: string | undefined;
  readonly colouring: (part: ModelPart) => Colouring | undefined;
  readonly viewport: Viewport | undefined;
  readonly size: Size;
  readonly onSize: (size: Size) => void;
  readonly onViewport: (change: (before: Viewport) => Viewport) => void;
  readonly onLayout: (layout: Layout) => void;
  readonly onSelect: (id: string) => void;
  readonly onToggle: (id: string) => void;
}

/** One model's graph under its name. */
export function Pane(props: PaneProps): ReactElement {
  const { view, layoutKey, title, selected, viewport, size, onViewport, onLayout } = props;
  const nodes = useMemo(() => layoutNodes(view.parts), [view.parts]);
  const { layout, isCurrent } = useLayout(layoutKey, nodes, view.edges);
  const seen = useRef<string>(undefined);
  useEffect(() => {
    if (layout !== undefined && isCurrent) onLayout(layout);
  }, [layout, isCurrent, onLayout]);
  useEffect(() => {
    // Whoever selects something sees it, in the tree, by search or in the other pane.
    const box = selected === undefined ? undefined : layout?.boxes[selected];
    const key = `${selected ?? ""} ${layoutKey}`;
    if (box === undefined || !isCurrent || seen.current === key || size.width === 0) return;
    seen.current = key;
    onViewport((v) => reveal(v, box, size));
  }, [selected, layout, isCurrent, layoutKey, size, onViewport]);
  return (
    <section className="model-pane" aria-label={view.name} data-pane tabIndex={-1}>
      <h2 className="model-pane-title">{title}</h2>
      {layout === undefined ? (
        <Loading what="the layout" />
      ) : (
        <GraphView
          label={`Graph of ${view.name}`}
          parts={view.parts}
          edges={view.edges}
          layout={layout}
          selected={selected}
          colouring={props.colouring}
          viewport={viewport ?? fit(layout, size, true)}
          size={size}
          onViewport={onViewport}
          onSize={props.onSize}
          onSelect={props.onSelect}
          onToggle={props.onToggle}
        />
      )}
    </section>
  );
}
