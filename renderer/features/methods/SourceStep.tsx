import { FormGroup, InputGroup, Radio } from "@blueprintjs/core";
import type { ReactElement } from "react";
import { shown } from "../../kit/numbers.tsx";
import type { StepProps } from "./step.ts";

/** Which variant to start from, and what the new one is called. */
export function SourceStep({ overview, method, draft, onChange }: StepProps): ReactElement {
  return (
    <>
      <fieldset className="choices">
        <legend>Start from</legend>
        {overview.variants.map((variant) => {
          const facts = [shown.accuracy(variant)?.text, shown.latency(variant)?.text, shown.size(variant).text];
          return (
            <Radio
              key={variant.id}
              className="choice"
              name="from"
              value={variant.id}
              checked={draft.from === variant.id}
              onChange={() => onChange({ from: variant.id })}
              labelElement={
                <span className="choice-text">
                  <strong>{variant.name}</strong>
                  <span className="muted">
                    {[variant.method ?? "Imported", ...facts.filter((f) => f !== undefined)].join(", ")}
                  </span>
                </span>
              }
            />
          );
        })}
      </fieldset>
      <FormGroup
        label="Name of the new variant"
        labelInfo="(optional)"
        labelFor="wizard-name"
        helperText="Left empty, it is called after the method."
      >
        <InputGroup
          id="wizard-name"
          className="short-input"
          placeholder={method?.id ?? ""}
          value={draft.name}
          onChange={(event) => onChange({ name: event.currentTarget.value })}
        />
      </FormGroup>
    </>
  );
}
