import { Button } from "@blueprintjs/core";
import { useState, type ReactElement } from "react";
import { formatCount } from "../../../core/base/format.ts";
import type { FigureId, OpChange } from "../../../core/contract/modelView.ts";
import { Failed, Loading } from "../../kit/states.tsx";
import { figureText } from "./colours.ts";
import { useDifferences } from "./queries.ts";

export interface ChangesProps {
  readonly project: string;
  /** Ids and names of the two. */
  readonly first: { readonly id: string; readonly name: string };
  readonly second: { readonly id: string; readonly name: string };
  readonly version: number;
  readonly onSelect: (change: OpChange) => void;
  readonly onExclude: ((name: string) => void) | undefined;
}

const SIGNS = { added: ["+", "good"], removed: ["−", "bad"], changed: ["≠", "warning"] } as const;
const AT_FIRST = 100;
const COLUMNS: readonly FigureId[] = ["bits", "parameters", "sensitivity", "error"];
const TITLES: Partial<Record<FigureId, string>> = {
  bits: "Bits",
  parameters: "Parameters",
  sensitivity: "Sensitivity",
  error: "Output error",
};

/** What differs between two models, layers first. */
export function Changes({ project, first, second, version, onSelect, onExclude }: ChangesProps): ReactElement {
  const { data, failure, again } = useDifferences(project, [first.id, second.id], version);
  const [isAll, setAll] = useState(false);
  if (failure !== undefined) return <Failed failure={failure} retry={again} />;
  if (data === undefined) return <Loading what="the differences" />;
  if (data.total === 0)
    return (
      <p className="changes-none">
        {data.same ? "The two models are the same." : "No op differs; only properties of the files do."}
      </p>
    );
  const layers = data.changes.filter((c) => c.isLayer);
  const main = layers.length > 0 ? layers : data.changes;
  const rest = data.changes.length - main.length;
  const shown = (isAll ? data.changes : main).slice(0, isAll ? undefined : AT_FIRST);
  const columns = COLUMNS.filter((id) =>
    shown.some((c) => c.before?.[id] !== undefined || c.after?.[id] !== undefined),
  );
  const title = `${first.name} → ${second.name}`;
  return (
    <div className="table-scroll changes-table" tabIndex={0} role="region" aria-label={`Differences, ${title}`}>
      <table className="table">
        <caption className="sr">Differences, {title}</caption>
        <thead>
          <tr>
            <th scope="col">Layer</th>
            <th scope="col">Difference</th>
            {columns.map((id) => (
              <th key={id} scope="col" className="end">
                {TITLES[id]}
              </th>
            ))}
            {onExclude !== undefined && (
              <th scope="col">
                <span className="sr">Actions</span>
              </th>
            )}
            <th scope="col">What</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((change) => {
            const [sign, tone] = SIGNS[change.kind];
            return (
              <tr key={`${change.kind} ${change.id}`}>
                <th scope="row">
                  <button type="button" className="link" onClick={() => onSelect(change)}>
                    {change.name.length > 48 ? `…${change.name.slice(-47)}` : change.name}
                  </button>
                  <span className="table-note">{change.op}</span>
                </th>
                <td className={`tone-${tone}`}>
                  <span aria-hidden>{sign}</span> {change.kind}
                </td>
                {columns.map((id) => (
                  <td key={id} className="end">
                    {pair(id, change)}
                  </td>
                ))}
                {onExclude !== undefined && (
                  <td>
                    {change.isLayer && change.kind === "changed" && (
                      <Button
                        size="small"
                        icon="redo"
                        text="Exclude and run again"
                        aria-label={`Exclude and run again: ${change.name}`}
                        onClick={() => onExclude(change.name)}
                      />
                    )}
                  </td>
                )}
                <td className="changes-what">{change.what.slice(0, 2).join("; ")}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {!isAll && (rest > 0 || main.length > AT_FIRST) && (
        <Button
          variant="minimal"
          text={`Show all ${formatCount(data.total)} differences`}
          onClick={() => setAll(true)}
        />
      )}
      {isAll && data.total > data.changes.length && (
        <p className="muted changes-none">
          The first {formatCount(data.changes.length)} of {formatCount(data.total)}.
        </p>
      )}
    </div>
  );
}

function pair(id: FigureId, { before, after }: OpChange): string {
  const [a, b] = [before?.[id], after?.[id]];
  const text = (v: number | undefined): string =>
    v === undefined ? "—" : figureText(id, v).replace(/ (bits|params|nats|dB)$/, "");
  return a === b || a === undefined ? text(b ?? a) : `${text(a)} → ${text(b)}`;
}
