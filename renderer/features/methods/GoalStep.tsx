import { Radio } from "@blueprintjs/core";
import type { ReactElement } from "react";
import { Glyph } from "../../kit/Glyph.tsx";
import { familiesOf, FAMILIES } from "./families.ts";
import type { StepProps } from "./step.ts";

/** What one wants, and which method is to bring it. */
export function GoalStep({ methods, draft, onChange }: StepProps): ReactElement {
  return (
    <>
      {familiesOf(methods).map(({ family, methods: found }) => (
        <fieldset key={family} className="choices">
          <legend>
            <Glyph icon={FAMILIES[family].icon} /> {FAMILIES[family].title}
            <span className="legend-text">{FAMILIES[family].goal}</span>
          </legend>
          {found.map((m) => (
            <Radio
              key={m.id}
              className="choice"
              name="method"
              value={m.id}
              checked={draft.method === m.id}
              onChange={() => onChange({ method: m.id })}
              labelElement={
                <span className="choice-text">
                  <strong>{m.title}</strong>
                  <span className="muted">{m.summary}</span>
                </span>
              }
            />
          ))}
        </fieldset>
      ))}
    </>
  );
}
