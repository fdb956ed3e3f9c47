import { Radio } from "@blueprintjs/core";
import type { ReactElement } from "react";
import { formatPercent } from "../../core/base/format.ts";
import type { Preparation, PreparationTrial, TriedPreparation } from "../../core/contract/preparation.ts";

export interface PreparationViewProps {
  readonly preparation: Preparation;
  /** Name of the one that is marked. */
  readonly chosen: string;
  readonly onChoose: (name: string) => void;
  readonly isDisabled: boolean;
}

/** Why samples are prepared as they are, and what was tried: a table in which another can be marked. */
export function PreparationView({ preparation, chosen, onChoose, isDisabled }: PreparationViewProps): ReactElement {
  const { by, reasons, trial } = preparation;
  const level = trial?.tried.filter((tried) => tried.isLevel).length ?? 0;
  return (
    <div className="preparation">
      <ul className="preparation-reasons">
        {reasons.map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
        {by === "chosen" && trial !== undefined && <li>“{trial.taken}” was chosen by hand afterwards.</li>}
      </ul>
      {trial?.outcome === "chance" && (
        <p className="callout tone-warning" role="alert">
          <strong>The model answers no better than chance.</strong>
          <span>Its accuracy here will mean nothing until that is cleared up.</span>
        </p>
      )}
      {level > 1 && (
        <p className="callout tone-info">
          <strong>{level} preparations are level.</strong>
          <span>Choose the one that the model was trained with, if you know it.</span>
        </p>
      )}
      {trial !== undefined && <Tried trial={trial} chosen={chosen} onChoose={onChoose} isDisabled={isDisabled} />}
    </div>
  );
}

interface TriedProps extends Omit<PreparationViewProps, "preparation"> {
  readonly trial: PreparationTrial;
}

function Tried({ trial, chosen, onChoose, isDisabled }: TriedProps): ReactElement {
  return (
    <div className="table-scroll preparation-tried" tabIndex={0} role="region" aria-label="Tried preparations">
      <table className="table">
        <caption className="table-title">Tried on samples of {trial.split}</caption>
        <thead>
          <tr>
            <th scope="col">Preparation</th>
            <th scope="col" className="end">
              Right
            </th>
            <th scope="col" className="end">
              95 % interval
            </th>
            <th scope="col" className="end">
              Samples
            </th>
            <th scope="col">Verdict</th>
          </tr>
        </thead>
        <tbody>
          {trial.tried.map((tried) => (
            <tr key={tried.name}>
              <th scope="row">
                <Radio
                  name="preparation"
                  value={tried.name}
                  label={tried.name}
                  checked={tried.name === chosen}
                  disabled={isDisabled}
                  onChange={() => onChoose(tried.name)}
                />
              </th>
              <td className="end">{tried.samples === 0 ? "" : formatPercent(tried.correct / tried.samples)}</td>
              <td className="end">
                {tried.interval && `${formatPercent(tried.interval.low)}–${formatPercent(tried.interval.high)}`}
              </td>
              <td className="end">{tried.samples.toLocaleString("en-US")}</td>
              <td>{verdictOf(tried, trial)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function verdictOf({ name, isLevel, failure }: TriedPreparation, { taken, guess, outcome }: PreparationTrial): string {
  const verdict = failure ?? (name === taken ? "taken" : isLevel ? "level" : outcome === "chance" ? "" : "worse");
  return [verdict, ...(name === guess ? ["first guess"] : [])].filter((text) => text !== "").join(", ");
}
