import { Button, Checkbox, HTMLSelect, InputGroup } from "@blueprintjs/core";
import type { ReactElement } from "react";
import type { DataSummary } from "../../../core/contract/samples.ts";
import type { VariantView } from "../../../core/contract/views.ts";
import { BLANK, fractionOf, isFiltered, type Question } from "./question.ts";

export interface FilterBarProps {
  readonly summary: DataSummary;
  readonly variants: readonly VariantView[];
  readonly question: Question;
  readonly onChange: (question: Question) => void;
}

const SPLITS = [
  { value: "", label: "All splits" },
  { value: "train", label: "Train" },
  { value: "validation", label: "Validation" },
  { value: "test", label: "Test" },
  { value: "calibration", label: "Calibration" },
] as const;

/** Narrows the samples down. What is about predictions waits until a variant is chosen. */
export function FilterBar({ summary, variants, question, onChange }: FilterBarProps): ReactElement {
  const { classes } = summary.data.info;
  const set = (change: Partial<Question>): void => onChange({ ...question, ...change });
  const isAsked = question.variant !== "";
  const isBaseline = variants.find((v) => v.id === question.variant)?.isBaseline === true;
  return (
    <div className="filters" role="search" aria-label="Filter samples">
      <InputGroup
        className="filter-search"
        leftIcon="search"
        aria-label="Name contains"
        placeholder="Name contains"
        value={question.search}
        onChange={(event) => set({ search: event.currentTarget.value })}
      />
      <HTMLSelect
        aria-label="Split"
        value={question.split}
        options={[...SPLITS]}
        onChange={(event) => set({ split: event.currentTarget.value as Question["split"] })}
      />
      {classes !== undefined && (
        <HTMLSelect
          aria-label="Class"
          className="filter-class"
          value={question.class ?? ""}
          options={[
            { value: "", label: "All classes" },
            ...classes.map((label, i) => ({ value: i, label: label === "" ? `class ${i}` : label })),
          ]}
          onChange={({ currentTarget: { value } }) => set({ class: value === "" ? undefined : Number(value) })}
        />
      )}
      <HTMLSelect
        aria-label="Predictions of"
        className="filter-class"
        value={question.variant}
        options={[
          { value: "", label: "No predictions" },
          ...variants.map((v) => ({ value: v.id, label: `Predicted by ${v.name}` })),
        ]}
        onChange={(event) => set({ variant: event.currentTarget.value })}
      />
      {isAsked && (
        <>
          {classes !== undefined && (
            <HTMLSelect
              aria-label="Right or wrong"
              value={question.outcome}
              options={[
                { value: "", label: "Right and wrong" },
                { value: "right", label: "Right" },
                { value: "wrong", label: "Wrong" },
              ]}
              onChange={(event) => set({ outcome: event.currentTarget.value as Question["outcome"] })}
            />
          )}
          <span className="filter-range" role="group" aria-label="Confidence">
            <span className="muted">Confidence</span>
            <Percent
              label="Confidence from, percent"
              value={question.from}
              onChange={(from) => set({ from })}
              hint="0"
            />
            <span aria-hidden>–</span>
            <Percent label="Confidence to, percent" value={question.to} onChange={(to) => set({ to })} hint="100" />
            <span className="muted">%</span>
          </span>
          <Checkbox
            className="filter-check"
            label="Disagrees with the baseline"
            checked={question.disagrees && !isBaseline}
            disabled={isBaseline}
            onChange={(event) => set({ disagrees: event.currentTarget.checked })}
          />
        </>
      )}
      {isFiltered(question) && (
        <Button
          variant="minimal"
          icon="filter-remove"
          text="Clear"
          aria-label="Clear the filters"
          onClick={() => onChange({ ...BLANK, variant: question.variant, order: question.order, form: question.form })}
        />
      )}
    </div>
  );
}

interface PercentProps {
  readonly label: string;
  readonly hint: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

function Percent({ label, hint, value, onChange }: PercentProps): ReactElement {
  const isWrong = value.trim() !== "" && fractionOf(value) === undefined;
  return (
    <InputGroup
      className="filter-percent"
      inputMode="numeric"
      aria-label={label}
      aria-invalid={isWrong}
      placeholder={hint}
      intent={isWrong ? "danger" : "none"}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
