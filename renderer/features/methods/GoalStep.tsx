import { Radio } from "@blueprintjs/core";
import type { ReactElement } from "react";
import { Glyph } from "../../kit/Glyph.tsx";
import { ChainStrip } from "./ChainStrip.tsx";
import { chooseMethod, stepAt } from "./draft.ts";
import { familiesOf, FAMILIES } from "./families.ts";
import type { StepProps } from "./step.ts";

/** What one wants, and which method is to bring it. */
export function GoalStep(props: StepProps): ReactElement {
  const { methods, overview, draft, onChange } = props;
  const step = stepAt(draft);
  return (
    <>
      <ChainStrip {...props} />
      <div id="wizard-methods">
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
                checked={step.method === m.id}
                onChange={() => onChange(chooseMethod(draft, m, overview))}
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
      </div>
    </>
  );
}
