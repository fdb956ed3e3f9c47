import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactElement } from "react";
import type { StoredTrial } from "../../../core/contract/trials.ts";
import type { TrialColumn, TrialOrder, TrialSearch } from "../../../core/contract/trialViews.ts";
import { useBrush, type Brush } from "../../blocks/plot/brush.ts";
import { shortTitle } from "../../blocks/plot/parallel.ts";
import { Failed } from "../../kit/states.tsx";
import { cellText } from "./cells.ts";
import { usePages } from "./usePages.ts";

const ROW = 30;

export interface TrialTableProps {
  readonly project: string;
  readonly columns: readonly TrialColumn[];
  readonly search: TrialSearch;
  readonly order: TrialOrder | undefined;
  readonly onOrder: (order: TrialOrder | undefined) => void;
  readonly brush: Brush;
  /** Place of a trial among what the brush chooses from. */
  readonly placeOf: (id: number) => number | undefined;
  readonly onToggle: (id: number) => void;
  readonly opened: number | undefined;
  readonly onOpen: (trial: StoredTrial) => void;
}

/** Any number of trials; the rows in sight are asked of the engine, page by page. */
export function TrialTable(props: TrialTableProps): ReactElement {
  const { project, columns, search, order, onOrder, opened } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const id = useId();
  const pages = usePages(project, { search, order });
  const virtual = useVirtualizer({
    count: pages.total,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 8,
    // Below the head, which stays in sight.
    scrollPaddingStart: ROW,
  });
  const items = virtual.getVirtualItems();
  const { isScrolling } = virtual;
  const [first, last] = [items[0]?.index ?? 0, items.at(-1)?.index ?? 0];
  const { want } = pages;
  useEffect(() => want(first, last, isScrolling), [want, first, last, isScrolling]);
  useEffect(() => {
    setActive(0);
    scroller.current?.scrollTo({ top: 0 });
  }, [search, order]);
  if (pages.failure !== undefined) return <Failed failure={pages.failure} retry={pages.again} />;
  const template = `40px ${columns.map((c) => (c.isNumeric ? "112px" : c.id === "state" ? "92px" : "150px")).join(" ")}`;
  const move = (to: number): void => {
    const next = Math.max(0, Math.min(pages.total - 1, to));
    setActive(next);
    virtual.scrollToIndex(next);
  };
  const onKey = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15, End: pages.total, Home: -pages.total }[
      event.key
    ];
    const row = pages.row(active);
    if (event.target !== event.currentTarget) return;
    if (step !== undefined) move(active + step);
    else if (event.key === "Enter" && row !== undefined) props.onOpen(row);
    else if (event.key === " " && row !== undefined) props.onToggle(row.id);
    else return;
    event.preventDefault();
  };
  return (
    <div
      className="grid"
      ref={scroller}
      role="grid"
      tabIndex={0}
      aria-label="Trials"
      aria-rowcount={pages.total + 1}
      aria-colcount={columns.length + 1}
      aria-activedescendant={pages.total > 0 ? `${id}-${active}` : undefined}
      onKeyDown={onKey}
    >
      <div className="grid-all" style={{ height: virtual.getTotalSize() + ROW }}>
        <div className="grid-row grid-head" role="row" aria-rowindex={1} style={{ gridTemplateColumns: template }}>
          <span role="columnheader">
            <span className="sr">Selected</span>
          </span>
          {columns.map((c) => (
            <span
              key={c.id}
              role="columnheader"
              className={c.isNumeric ? "end" : undefined}
              aria-sort={order?.column !== c.id ? "none" : order.isDescending ? "descending" : "ascending"}
            >
              <button type="button" className="table-sort" title={c.title} onClick={() => onOrder(nextOrder(order, c))}>
                <Shortened text={c.title} most={c.isNumeric ? 14 : 18} />
                <span aria-hidden>{order?.column === c.id ? (order.isDescending ? " ↓" : " ↑") : ""}</span>
              </button>
            </span>
          ))}
        </div>
        {items.map(({ index, start }) => (
          <Row
            key={index}
            {...props}
            id={`${id}-${index}`}
            index={index}
            top={start + ROW}
            template={template}
            trial={pages.row(index)}
            isActive={index === active}
            isOpened={opened !== undefined && pages.row(index)?.id === opened}
            onActive={setActive}
          />
        ))}
      </div>
    </div>
  );
}

/** A title in the room there is; the whole of it for those who listen. */
function Shortened({ text, most }: { readonly text: string; readonly most: number }): ReactElement {
  const short = shortTitle(text, most);
  if (short === text) return <>{text}</>;
  return (
    <>
      <span aria-hidden>{short}</span>
      <span className="sr">{text}</span>
    </>
  );
}

/** Numbers start with the largest. */
function nextOrder(order: TrialOrder | undefined, { id, isNumeric }: TrialColumn): TrialOrder | undefined {
  if (order?.column !== id) return { column: id, isDescending: isNumeric };
  return order.isDescending === isNumeric ? { column: id, isDescending: !isNumeric } : undefined;
}

interface RowProps extends TrialTableProps {
  readonly id: string;
  readonly index: number;
  readonly top: number;
  readonly template: string;
  readonly trial: StoredTrial | undefined;
  readonly isActive: boolean;
  readonly isOpened: boolean;
  readonly onActive: (index: number) => void;
}

function Row(props: RowProps): ReactElement {
  const { id, index, top, template, trial, columns, isActive, isOpened, onActive, onOpen } = props;
  const names = ["grid-row", isActive && "is-active", isOpened && "is-opened"].filter(Boolean).join(" ");
  return (
    <div
      id={id}
      className={names}
      role="row"
      aria-rowindex={index + 2}
      style={{ transform: `translateY(${top}px)`, gridTemplateColumns: template }}
      onClick={() => {
        onActive(index);
        if (trial !== undefined) onOpen(trial);
      }}
    >
      <span role="gridcell">{trial !== undefined && <Check {...props} trial={trial} />}</span>
      {columns.map((c) => (
        <span key={c.id} role="gridcell" className={c.isNumeric ? "end" : undefined}>
          {trial === undefined ? "…" : cellText(trial, c)}
        </span>
      ))}
    </div>
  );
}

function Check({ trial, brush, placeOf, onToggle }: RowProps & { readonly trial: StoredTrial }): ReactElement {
  useBrush(brush);
  const place = placeOf(trial.id);
  return (
    <input
      type="checkbox"
      tabIndex={-1}
      className="table-check"
      aria-label={`Select trial ${trial.trial.number}`}
      checked={place !== undefined && brush.has(place)}
      onClick={(event) => event.stopPropagation()}
      onChange={() => onToggle(trial.id)}
    />
  );
}
