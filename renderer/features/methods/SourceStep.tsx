import { Radio } from "@blueprintjs/core";
import type { ReactElement } from "react";
import { shown } from "../../kit/numbers.tsx";
import { isChain } from "./draft.ts";
import { NameField } from "./NameField.tsx";
import type { StepProps } from "./step.ts";

/** Which variant to start from, and what the new one is called. */
export function SourceStep(props: StepProps): ReactElement {
  const { overview, draft, onChange } = props;
  return (
    <>
      <fieldset className="choices" id="wizard-from">
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
              onChange={() => onChange({ ...draft, from: variant.id })}
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
      {!isChain(draft) && <NameField {...props} />}
    </>
  );
}
