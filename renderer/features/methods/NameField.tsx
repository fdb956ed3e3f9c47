import { FormGroup, InputGroup } from "@blueprintjs/core";
import type { ReactElement } from "react";
import { changeStep, stepAt } from "./draft.ts";
import type { StepProps } from "./step.ts";

/** What the variant is called that the step makes. */
export function NameField({ draft, method, onChange }: StepProps): ReactElement {
  return (
    <div id="wizard-name-field">
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
          value={stepAt(draft).name}
          onChange={(event) => onChange(changeStep(draft, { name: event.currentTarget.value }))}
        />
      </FormGroup>
    </div>
  );
}
