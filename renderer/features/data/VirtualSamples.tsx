import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactElement } from "react";
import { formatPercent } from "../../../core/base/format.ts";
import type { SampleView } from "../../../core/contract/samples.ts";
import { Glyph } from "../../kit/Glyph.tsx";
import { Preview } from "./Preview.tsx";
import { placeAfter } from "./question.ts";
import type { Samples } from "./queries.ts";

export interface VirtualSamplesProps {
  readonly samples: Samples;
  readonly total: number;
  readonly form: "grid" | "list";
  readonly hasLabels: boolean;
  /** Whether a variant's predictions are shown. */
  readonly hasPredictions: boolean;
  /** Place of the sample that is shown in full. */
  readonly chosen: number | undefined;
  readonly onChoose: (place: number) => void;
  /** Tells which places are in sight. */
  readonly onSight: (first: number, last: number) => void;
}

const TILE = 118;
/** With a line for the class, and one more for what was predicted. */
const TILE_HEIGHT = 140;
const SAID_HEIGHT = 156;
const LINE = 48;
/** Milliseconds that the view has to rest before samples are asked for. */
const REST = 70;

/** All samples that fit, of which only those in sight are drawn. One stop for Tab; arrows go from sample to sample. */
export function VirtualSamples(props: VirtualSamplesProps): ReactElement {
  const { samples, total, form, hasLabels, hasPredictions, chosen, onChoose, onSight } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const columns = form === "list" ? 1 : Math.max(1, Math.floor(width / TILE));
  const height = form === "list" ? LINE : hasPredictions ? SAID_HEIGHT : TILE_HEIGHT;
  const virtual = useVirtualizer({
    count: Math.ceil(total / columns),
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 2,
  });
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const watch = new ResizeObserver(() => setWidth(element.clientWidth - 8));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  useEffect(() => virtual.measure(), [height, columns, virtual]);
  const rows = virtual.getVirtualItems();
  const first = (rows[0]?.index ?? 0) * columns;
  const last = Math.min(total - 1, ((rows.at(-1)?.index ?? 0) + 1) * columns - 1);
  useEffect(() => {
    const timer = setTimeout(() => onSight(first, last), REST);
    return () => clearTimeout(timer);
  }, [first, last, onSight]);
  useEffect(() => {
    if (chosen !== undefined) virtual.scrollToIndex(Math.floor(chosen / columns));
  }, [chosen, columns, virtual]);

  const press = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const grid = { total, columns, rows: Math.floor((scroller.current?.clientHeight ?? 0) / height) };
    const next = chosen === undefined && event.key.startsWith("Arrow") ? 0 : placeAfter(event.key, chosen ?? 0, grid);
    if (next === undefined) return;
    event.preventDefault();
    onChoose(next);
  };
  const shared = {
    ref: scroller,
    className: "samples",
    tabIndex: 0,
    onKeyDown: press,
    // What is scrolled out of sight is not drawn.
    "aria-activedescendant": chosen === undefined || chosen < first || chosen > last ? undefined : idOf(chosen),
  };
  const space = { height: virtual.getTotalSize() };
  if (form === "list") {
    return (
      <div
        {...shared}
        role="grid"
        aria-label="Samples"
        aria-rowcount={total + 1}
        aria-colcount={3 + Number(hasLabels) + Number(hasPredictions)}
      >
        <div className="sample-line sample-titles" role="row" aria-rowindex={1}>
          <span role="columnheader">Sample</span>
          <span role="columnheader">Name</span>
          {hasLabels && <span role="columnheader">Class</span>}
          <span role="columnheader">Split</span>
          {hasPredictions && <span role="columnheader">Predicted</span>}
        </div>
        <div className="samples-all" role="rowgroup" style={space}>
          {rows.map(({ index, start }) => {
            const view = samples.at(index);
            return (
              <div
                key={index}
                id={idOf(index)}
                role="row"
                aria-rowindex={index + 2}
                aria-selected={index === chosen}
                className={index === chosen ? "sample-line sample-chosen" : "sample-line"}
                style={{ transform: `translateY(${start}px)` }}
                onClick={() => onChoose(index)}
              >
                <span role="gridcell" className="sample-thumb">
                  <Preview preview={samples.preview(index)} label="" />
                  <span className="sr">{view?.sample ?? "Loading"}</span>
                </span>
                <span role="gridcell" className="sample-name">
                  {view?.name ?? "…"}
                </span>
                {hasLabels && <span role="gridcell">{view?.class ?? ""}</span>}
                <span role="gridcell">{splitText(view)}</span>
                {hasPredictions && (
                  <span role="gridcell">
                    <Said view={view} />
                    {view?.predicted !== undefined && (
                      <span className="muted"> {formatPercent(view.predicted.confidence, 0)}</span>
                    )}
                  </span>
                )}
              </div>
            );
          })}
        </div>
      </div>
    );
  }
  return (
    <div {...shared} role="listbox" aria-label="Samples">
      <div className="samples-all" role="presentation" style={space}>
        {rows.flatMap(({ index: row, start }) =>
          Array.from({ length: Math.min(columns, total - row * columns) }, (_, column) => {
            const place = row * columns + column;
            const view = samples.at(place);
            return (
              <div
                key={place}
                id={idOf(place)}
                role="option"
                aria-selected={place === chosen}
                aria-posinset={place + 1}
                aria-setsize={total}
                className={`tile-sample${hasPredictions ? " tile-said" : ""}${place === chosen ? " sample-chosen" : ""}`}
                style={{ transform: `translate(${column * TILE}px, ${start}px)` }}
                onClick={() => onChoose(place)}
              >
                <Preview preview={samples.preview(place)} label="" />
                <span className="sr">{view === undefined ? `Sample at place ${place + 1}` : wordsOf(view)}</span>
                <span className="tile-text">
                  {view?.predicted === undefined ? (view?.class ?? view?.name ?? "") : ""}
                </span>
                {view?.predicted !== undefined && (
                  <>
                    <Said view={view} />
                    <span className="tile-note muted">
                      {formatPercent(view.predicted.confidence, 0)}
                      {view.predicted.isRight === false && `, is ${view.class ?? ""}`}
                    </span>
                  </>
                )}
              </div>
            );
          }),
        )}
      </div>
    </div>
  );
}

const idOf = (place: number): string => `sample-at-${place}`;

function splitText(view: SampleView | undefined): string {
  if (view === undefined) return "";
  return `${view.split ?? "left out"}${view.calibrates ? ", calibrates" : ""}`;
}

/** What the variant said, with a sign and a word for right and wrong. */
function Said({ view }: { readonly view: SampleView | undefined }): ReactElement | null {
  const said = view?.predicted;
  if (said === undefined) return null;
  const { isRight } = said;
  return (
    <span className="said">
      {isRight !== undefined && (
        <Glyph icon={isRight ? "tick" : "cross"} size={12} className={isRight ? "tone-good" : "tone-bad"} />
      )}
      {isRight !== undefined && <span className="sr">{isRight ? "right: " : "wrong: "}</span>}
      <span>{said.class}</span>
    </span>
  );
}

/** What the picture and the words below it leave out. */
function wordsOf(view: SampleView): string {
  const isShown = view.predicted === undefined;
  return `${[view.name, ...(isShown || view.class === undefined ? [] : [view.class]), splitText(view)].join(", ")}. `;
}
