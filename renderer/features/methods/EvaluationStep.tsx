import { Checkbox, FormGroup, HTMLSelect, InputGroup } from "@blueprintjs/core";
import type { ReactElement } from "react";
import { providerName } from "../../kit/providers.ts";
import { isWhole } from "./problems.ts";
import type { StepProps } from "./step.ts";

/** Which samples, on what, and whether the result is measured. */
export function EvaluationStep({ overview, draft, onChange }: StepProps): ReactElement {
  const data = overview.data.find((d) => d.id === draft.data);
  return (
    <>
      {overview.data.length === 0 ? (
        <p className="callout tone-warning">
          <strong>This project has no data.</strong> Methods that calibrate or train cannot run, and accuracy cannot be
          measured.
        </p>
      ) : (
        <FormGroup
          label="Data set"
          labelFor="wizard-data"
          helperText={
            data === undefined
              ? undefined
              : `${data.info.count.toLocaleString("en-US")} samples; calibration takes up to ${data.splits.calibration} of the ${data.splits.draw?.from ?? "train"} split, accuracy is measured on test.`
          }
        >
          <HTMLSelect
            id="wizard-data"
            value={draft.data ?? ""}
            options={overview.data.map((d) => ({ value: d.id, label: d.name }))}
            onChange={(event) => onChange({ ...draft, data: event.currentTarget.value })}
          />
        </FormGroup>
      )}
      <FormGroup label="Device" labelFor="wizard-device" helperText="What the method itself runs on.">
        <HTMLSelect
          id="wizard-device"
          value={draft.provider}
          options={[...providerName]}
          onChange={(event) => {
            const found = providerName.find((p) => p.value === event.currentTarget.value);
            if (found !== undefined) onChange({ ...draft, provider: found.value });
          }}
        />
      </FormGroup>
      <div id="wizard-threads-field">
        <FormGroup
          label="Threads"
          labelFor="wizard-threads"
          intent={isWhole(draft.threads, 1) ? "none" : "danger"}
          helperText={
            isWhole(draft.threads, 1)
              ? "Part of the recipe, since the order of sums depends on it."
              : "Enter a whole number of at least 1."
          }
        >
          <InputGroup
            id="wizard-threads"
            className="short-input"
            inputMode="numeric"
            value={draft.threads}
            onChange={(event) => onChange({ ...draft, threads: event.currentTarget.value })}
          />
        </FormGroup>
      </div>
      <div id="wizard-seed-field">
        <FormGroup
          label="Seed"
          labelFor="wizard-seed"
          intent={isWhole(draft.seed, 0) ? "none" : "danger"}
          helperText={isWhole(draft.seed, 0) ? "The same seed gives the same bytes." : "Enter a whole number."}
        >
          <InputGroup
            id="wizard-seed"
            className="short-input"
            inputMode="numeric"
            value={draft.seed}
            onChange={(event) => onChange({ ...draft, seed: event.currentTarget.value })}
          />
        </FormGroup>
      </div>
      <Checkbox
        label="Measure the result beside the baseline"
        checked={draft.measure}
        onChange={(event) => onChange({ ...draft, measure: event.currentTarget.checked })}
      />
    </>
  );
}
