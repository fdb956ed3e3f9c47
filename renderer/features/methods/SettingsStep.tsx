import type { ReactElement } from "react";
import { fieldsOf } from "../../form/schema.ts";
import { SchemaForm } from "../../form/SchemaForm.tsx";
import { ChainStrip } from "./ChainStrip.tsx";
import { changeStep, isChain, stepAt } from "./draft.ts";
import { NameField } from "./NameField.tsx";
import { fieldProblems } from "./problems.ts";
import type { StepProps } from "./step.ts";

/** The parameters of the method, as its schema has them. */
export function SettingsStep(props: StepProps): ReactElement {
  const { overview, method, draft, layers, onChange } = props;
  const step = stepAt(draft);
  const place = draft.steps.indexOf(step);
  // Only the first step's model is there already.
  const known = place === 0 ? layers : undefined;
  const earlier = draft.steps
    .slice(0, Math.max(0, place))
    .flatMap(({ name }) => (name.trim() === "" ? [] : [name.trim()]));
  const names = [...overview.variants.map((v) => v.name), ...earlier];
  return (
    <>
      <ChainStrip {...props} />
      {isChain(draft) && <NameField {...props} />}
      {method === undefined ? (
        <p className="muted">Choose a method first.</p>
      ) : (
        <SchemaForm
          key={`${step.key} ${method.id}`}
          fields={fieldsOf(method.params)}
          values={step.params[method.id] ?? {}}
          problems={fieldProblems(step, method, known)}
          variants={names.map((name) => ({ value: name, label: name }))}
          layers={known}
          onChange={(next) => onChange(changeStep(draft, { params: { ...step.params, [method.id]: next } }))}
        />
      )}
    </>
  );
}
