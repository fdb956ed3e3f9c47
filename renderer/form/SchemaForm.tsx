import { Button, Collapse } from "@blueprintjs/core";
import { useId, useState, type ReactElement } from "react";
import type { Json } from "../../core/base/json.ts";
import { FieldRow } from "./FieldRow.tsx";
import { isDefault, type Choice, type Field, type LayerChoice, type Values } from "./schema.ts";

export interface SchemaFormProps {
  readonly fields: readonly Field[];
  readonly values: Values;
  readonly problems: ReadonlyMap<string, string>;
  /** What a parameter that names a variant may be. */
  readonly variants: readonly Choice[];
  /** What a parameter that names layers may be; undefined where nobody knows. */
  readonly layers?: readonly LayerChoice[] | undefined;
  readonly onChange: (values: Values) => void;
}

/** A form made of a method's parameters; rarely needed ones are folded away. */
export function SchemaForm({ fields, values, problems, variants, layers, onChange }: SchemaFormProps): ReactElement {
  const basic = fields.filter((f) => f.schema.advanced !== true);
  const advanced = fields.filter((f) => f.schema.advanced === true);
  const changed = advanced.filter((f) => !isDefault(f, values)).length;
  const hasProblem = advanced.some((f) => problems.has(f.name));
  const [isOpen, setOpen] = useState(changed > 0);
  const id = useId();
  const row = (field: Field): ReactElement => (
    <FieldRow
      key={field.name}
      field={field}
      values={values}
      problem={problems.get(field.name)}
      variants={variants}
      layers={layers}
      onChange={(value: Json) => onChange({ ...values, [field.name]: value })}
      onReset={() => onChange(Object.fromEntries(Object.entries(values).filter(([name]) => name !== field.name)))}
    />
  );
  return (
    <div className="form">
      {fields.length === 0 && <p className="muted">This method has nothing to set.</p>}
      {basic.map(row)}
      {advanced.length > 0 && (
        <>
          <Button
            className="form-fold"
            variant="minimal"
            icon={isOpen || hasProblem ? "chevron-down" : "chevron-right"}
            text={`Advanced (${advanced.length}${changed > 0 ? `, ${changed} changed` : ""})`}
            aria-expanded={isOpen || hasProblem}
            aria-controls={id}
            onClick={() => setOpen(!isOpen)}
          />
          <div id={id}>
            <Collapse isOpen={isOpen || hasProblem} keepChildrenMounted={false}>
              {advanced.map(row)}
            </Collapse>
          </div>
        </>
      )}
    </div>
  );
}
