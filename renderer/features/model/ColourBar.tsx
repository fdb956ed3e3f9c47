import { Button, HTMLSelect } from "@blueprintjs/core";
import type { ReactElement } from "react";
import { FIGURES, type FigureId } from "../../../core/contract/figures.ts";
import type { ModelView } from "../../../core/contract/modelView.ts";
import { whyUnknown, type Legend } from "./colours.ts";

export interface ColourBarProps {
  readonly views: readonly ModelView[];
  readonly by: FigureId | undefined;
  readonly legend: Legend | undefined;
  readonly isBusy: boolean;
  /** What goes on without having been asked for. */
  readonly note: string | undefined;
  readonly onChange: (by: FigureId | undefined) => void;
  readonly onTime: () => void;
  readonly onShapes: () => void;
  readonly onZeros: () => void;
}

/** What parts are coloured by, with what the colours mean; where nothing is known, how to find out. */
export function ColourBar(props: ColourBarProps): ReactElement {
  const { views, by, legend, isBusy, note, onChange, onTime, onShapes, onZeros } = props;
  const isKnown = by !== undefined && views.some((v) => v.known.includes(by));
  const canRun = views.every((v) => v.notRunnable === undefined);
  const find =
    by === "time" && canRun
      ? { text: "Time the layers", start: onTime }
      : by === "macs" && canRun
        ? { text: "Find shapes", start: onShapes }
        : by === "sparsity"
          ? { text: "Count zeros", start: onZeros }
          : undefined;
  return (
    <div className="colour-bar">
      <label className="row">
        Colour by
        <HTMLSelect
          value={by ?? ""}
          onChange={(event) => onChange(FIGURES.find((f) => f.id === event.currentTarget.value)?.id)}
          options={[{ value: "", label: "nothing" }, ...FIGURES.map((f) => ({ value: f.id, label: f.title }))]}
        />
      </label>
      {by !== undefined && !isKnown && (
        <span className="row" role="status">
          <span>{whyUnknown(by)}</span>
          {find !== undefined && <Button size="small" text={find.text} disabled={isBusy} onClick={find.start} />}
        </span>
      )}
      {isKnown && legend !== undefined && (
        <ul className="colour-legend plain-list" aria-label={`Colours: ${legend.title}`}>
          {legend.levels.map((text, i) => (
            <li key={i}>
              <svg width={16} height={14} aria-hidden className={`heat-${i}`}>
                <rect className="graph-box" x={0.5} y={0.5} width={15} height={13} rx={3} />
              </svg>
              {text}
            </li>
          ))}
        </ul>
      )}
      {isKnown && by === "time" && canRun && (
        <Button size="small" variant="minimal" text="Time again" disabled={isBusy} onClick={onTime} />
      )}
      <span className="muted" role="status">
        {note}
      </span>
    </div>
  );
}
