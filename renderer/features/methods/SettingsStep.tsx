import type { ReactElement } from "react";
import { fieldsOf, problemsOf } from "../../form/schema.ts";
import { SchemaForm } from "../../form/SchemaForm.tsx";
import type { StepProps } from "./step.ts";

/** The parameters of the method, as its schema has them. */
export function SettingsStep({ overview, method, draft, onChange }: StepProps): ReactElement {
  if (method === undefined) return <p className="muted">Choose a method first.</p>;
  const fields = fieldsOf(method.params);
  const values = draft.params[method.id] ?? {};
  return (
    <SchemaForm
      key={method.id}
      fields={fields}
      values={values}
      problems={problemsOf(fields, values)}
      variants={overview.variants.map((v) => ({ value: v.name, label: v.name }))}
      onChange={(next) => onChange({ params: { ...draft.params, [method.id]: next } })}
    />
  );
}
