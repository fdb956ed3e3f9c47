import { useEffect, useMemo, useRef, type KeyboardEvent, type ReactElement } from "react";
import type { ModelPart } from "../../../core/contract/modelView.ts";
import type { Colouring } from "../../graphview/GraphView.tsx";
import { changeMark, describePart } from "../../graphview/parts.ts";
import { rowsOf, stepInOutline } from "./outlineRows.ts";

export interface OutlineProps {
  readonly label: string;
  readonly parts: readonly ModelPart[];
  readonly selected: string | undefined;
  readonly colouring: (part: ModelPart) => Colouring | undefined;
  readonly onSelect: (id: string) => void;
  readonly onToggle: (id: string) => void;
}

/** The same parts as in the graph, as a tree: everything that can be done there can be done here by key. */
export function Outline({ label, parts, selected, colouring, onSelect, onToggle }: OutlineProps): ReactElement {
  const rows = useMemo(() => rowsOf(parts), [parts]);
  const tree = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const row = tree.current?.querySelector<HTMLElement>('[aria-selected="true"]');
    row?.scrollIntoView({ block: "nearest" });
    if (tree.current?.contains(document.activeElement) === true) row?.focus({ preventScroll: true });
  }, [selected, rows]);
  const press = (event: KeyboardEvent): void => {
    const to = stepInOutline(event.key, rows, selected);
    if (to === undefined) return;
    event.preventDefault();
    if (to.toggle !== undefined) onToggle(to.toggle);
    if (to.select !== undefined) onSelect(to.select);
  };
  const isThere = rows.some((r) => r.part.id === selected);
  return (
    <div className="outline" role="tree" aria-label={label} ref={tree} onKeyDown={press}>
      {rows.map(({ part, depth, place, of }, i) => {
        const value = colouring(part)?.text;
        const isBlock = part.form !== "op" && part.ops > 0;
        const lines = isBlock ? [part.label, `${part.ops} ops`] : [part.op, part.label];
        const mark = part.change && changeMark(part.change);
        return (
          <div
            key={part.id}
            role="treeitem"
            className={`outline-row outline-depth-${Math.min(depth, 8)}`}
            tabIndex={part.id === selected || (!isThere && i === 0) ? 0 : -1}
            aria-level={depth + 1}
            aria-posinset={place}
            aria-setsize={of}
            aria-selected={part.id === selected}
            aria-expanded={part.parts > 0 ? part.isOpen : undefined}
            aria-label={describePart(part, [...lines, value ?? ""])}
            onClick={() => onSelect(part.id)}
            onDoubleClick={() => onToggle(part.id)}
          >
            <span
              className={`outline-arrow${part.parts === 0 ? "" : part.isOpen ? " outline-opened" : " outline-closed"}`}
              aria-hidden
              onClick={(event) => {
                if (part.parts === 0) return;
                event.stopPropagation();
                onToggle(part.id);
              }}
            />
            <span className="outline-label">
              {mark !== undefined && <span aria-hidden className={`outline-sign outline-${mark.kind}`} />}
              {lines[0]}
              <span className="muted"> {lines[1]}</span>
            </span>
            {value !== undefined && (
              <span className="outline-value">{` ${value.replace(/ (params|MACs|zeros)$/, "")}`}</span>
            )}
          </div>
        );
      })}
    </div>
  );
}
