import { Button, HTMLSelect, InputGroup } from "@blueprintjs/core";
import { useState, type ReactElement } from "react";
import { formatNumber } from "../../../core/base/format.ts";
import type { TrialColumn, TrialSearch, TrialSummary } from "../../../core/contract/trialViews.ts";
import { withRange, withTexts } from "./search.ts";

export interface FiltersProps {
  readonly summary: TrialSummary;
  readonly search: TrialSearch;
  readonly onChange: (search: TrialSearch) => void;
}

/** Those that are always offered where there is something to choose. */
const USUAL = ["job", "method", "group", "state"];

/** Which trials are shown: jobs, samplers and states, and bounds of any column that is added. */
export function Filters({ summary, search, onChange }: FiltersProps): ReactElement {
  const [added, setAdded] = useState<readonly string[]>([]);
  const usual = summary.columns.filter((c) => USUAL.includes(c.id) && (c.options?.length ?? 0) > 1);
  const rest = summary.columns.filter((c) => !USUAL.includes(c.id) && c.id !== "number");
  const shown = [...usual, ...rest.filter((c) => added.includes(c.id) || isUsed(search, c.id))];
  const offered = rest.filter((c) => !shown.includes(c));
  const remove = (id: string): void => {
    setAdded((before) => before.filter((a) => a !== id));
    onChange(withTexts(withRange(search, id, {}), id, []));
  };
  return (
    <div className="filters" role="group" aria-label="Filters">
      {shown.map((column) => (
        <div key={column.id} className="filter">
          {column.isNumeric ? (
            <NumberFilter column={column} search={search} onChange={onChange} />
          ) : (
            <TextFilter column={column} summary={summary} search={search} onChange={onChange} />
          )}
          {!usual.includes(column) && (
            <Button
              size="small"
              variant="minimal"
              icon="small-cross"
              aria-label={`Remove the filter: ${column.title}`}
              onClick={() => remove(column.id)}
            />
          )}
        </div>
      ))}
      {offered.length > 0 && (
        <HTMLSelect
          aria-label="Add a filter"
          value=""
          options={[{ value: "", label: "Add a filter…" }, ...offered.map((c) => ({ value: c.id, label: labelOf(c) }))]}
          onChange={(event) => {
            const { value } = event.currentTarget;
            if (value !== "") setAdded((before) => [...before, value]);
          }}
        />
      )}
    </div>
  );
}

export const labelOf = ({ title, kind }: TrialColumn): string => (kind === "param" ? `${title} (parameter)` : title);

const isUsed = ({ ranges = {}, texts = {} }: TrialSearch, id: string): boolean => id in ranges || id in texts;

interface FilterProps {
  readonly column: TrialColumn;
  readonly search: TrialSearch;
  readonly onChange: (search: TrialSearch) => void;
}

function NumberFilter({ column, search, onChange }: FilterProps): ReactElement {
  const { id, title, low, high } = column;
  const range = search.ranges?.[id] ?? {};
  return (
    <span className="row">
      <Bound
        name={`${title}, at least`}
        hint={low}
        value={range.least}
        onChange={(least) => onChange(withRange(search, id, { ...range, least }))}
      />
      <span className="muted">≤ {title} ≤</span>
      <Bound
        name={`${title}, at most`}
        hint={high}
        value={range.most}
        onChange={(most) => onChange(withRange(search, id, { ...range, most }))}
      />
    </span>
  );
}

interface BoundProps {
  readonly name: string;
  readonly hint: number | undefined;
  readonly value: number | undefined;
  readonly onChange: (value: number | undefined) => void;
}

/** Taken over with Enter or on leaving the field, so that not every digit asks the engine. */
function Bound({ name, hint, value, onChange }: BoundProps): ReactElement {
  const [text, setText] = useState(value === undefined ? "" : String(value));
  const take = (): void => {
    const number = Number(text.trim().replace(",", "."));
    const next = text.trim() === "" || !Number.isFinite(number) ? undefined : number;
    if (next === undefined) setText("");
    if (next !== value) onChange(next);
  };
  return (
    <InputGroup
      size="small"
      className="bound"
      inputMode="decimal"
      aria-label={name}
      placeholder={hint === undefined ? "" : formatNumber(hint, 4)}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={take}
      onKeyDown={(event) => {
        if (event.key === "Enter") take();
      }}
    />
  );
}

function TextFilter({
  column,
  summary,
  search,
  onChange,
}: FilterProps & { readonly summary: TrialSummary }): ReactElement {
  const { id, title, options = [] } = column;
  const titles = new Map(summary.jobs.map((j) => [j.id, j.title]));
  const label = (text: string): string => (id === "job" ? `${text}: ${titles.get(text) ?? "removed"}` : text);
  return (
    <label>
      {title}
      <HTMLSelect
        value={search.texts?.[id]?.[0] ?? ""}
        options={[{ value: "", label: "all" }, ...options.map((o) => ({ value: o, label: label(o) }))]}
        onChange={(event) => {
          const { value } = event.currentTarget;
          onChange(withTexts(search, id, value === "" ? [] : [value]));
        }}
      />
    </label>
  );
}
