import { useEffect, useMemo, useRef, type KeyboardEvent, type ReactElement } from "react";
import type { ModelPart } from "../../../core/contract/modelView.ts";
import type { Colouring } from "../../graphview/GraphView.tsx";
import { describePart } from "../../graphview/parts.ts";
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
            aria-label={describePart(part, value)}
            onClick={() => onSelect(part.id)}
            onDoubleClick={() => onToggle(part.id)}
          >
            <span
              className="outline-arrow"
              aria-hidden
              onClick={(event) => {
                if (part.parts === 0) return;
                event.stopPropagation();
                onToggle(part.id);
              }}
            >
              {part.parts > 0 ? (part.isOpen ? "▾" : "▸") : ""}
            </span>
            <span className="outline-label" aria-hidden>
              {part.change !== undefined && <ChangeSign part={part} />}
              {part.form === "op" || part.ops === 0 ? part.op : part.label}
              <span className="muted"> {part.form === "op" || part.ops === 0 ? part.label : `${part.ops} ops`}</span>
            </span>
            {value !== undefined && (
              <span className="outline-value" aria-hidden>
                {value.replace(/ (params|MACs|zeros)$/, "")}
              </span>
            )}
          </div>
        );
      })}
    </div>
  );
}

function ChangeSign({ part }: { readonly part: ModelPart }): ReactElement {
  const { added = 0, removed = 0, changed = 0 } = part.change ?? {};
  const [sign, tone] =
    added > 0 && removed + changed === 0
      ? ["+", "good"]
      : removed > 0 && added + changed === 0
        ? ["−", "bad"]
        : ["≠", "warning"];
  return <span className={`outline-sign tone-${tone}`}>{sign} </span>;
}
