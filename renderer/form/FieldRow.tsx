import { Button } from "@blueprintjs/core";
import { useId, useState, type ReactElement } from "react";
import type { Json } from "../../core/base/json.ts";
import { Control } from "./Control.tsx";
import {
  defaultText,
  isDefault,
  rangeText,
  titleOf,
  valueOf,
  type Choice,
  type Field,
  type LayerChoice,
  type Values,
} from "./schema.ts";

export interface FieldRowProps {
  readonly field: Field;
  readonly values: Values;
  readonly problem: string | undefined;
  readonly variants: readonly Choice[];
  readonly layers?: readonly LayerChoice[] | undefined;
  readonly onChange: (value: Json) => void;
  readonly onReset: () => void;
}

/** One parameter: name, control, unit and range, what it means, and a way back to the default. */
export function FieldRow({ field, values, problem, variants, layers, onChange, onReset }: FieldRowProps): ReactElement {
  const id = useId();
  // Another number gives a control that has forgotten what was typed.
  const [round, setRound] = useState(0);
  const { schema } = field;
  const title = titleOf(field);
  const range = rangeText(schema);
  const isChanged = !isDefault(field, values);
  const fallback = isChanged ? defaultText(schema) : undefined;
  const facts = [schema.unit, range, fallback].filter((t) => t !== undefined && t !== "").join(", ");
  const describedBy = [`${id}-text`, ...(problem === undefined ? [] : [`${id}-problem`])].join(" ");
  const isGroup = schema.type === "array" && schema.items?.enum !== undefined;
  return (
    <div className={problem === undefined ? "field" : "field field-wrong"} id={`field-${field.name}`}>
      <div className="field-head">
        {isGroup ? (
          <span className="field-title" id={`${id}-title`}>
            {title}
          </span>
        ) : (
          <label className="field-title" id={`${id}-title`} htmlFor={id}>
            {title}
          </label>
        )}
        {isChanged && schema.isNeeded !== true && (
          <Button
            size="small"
            variant="minimal"
            icon="reset"
            text="Default"
            aria-label={`Set ${title} back to its default`}
            onClick={() => {
              setRound(round + 1);
              onReset();
            }}
          />
        )}
      </div>
      <div className="field-body">
        <Control
          key={round}
          id={id}
          labelId={`${id}-title`}
          describedBy={describedBy}
          isWrong={problem !== undefined}
          schema={schema}
          value={valueOf(field, values)}
          variants={variants}
          layers={layers}
          onChange={onChange}
        />
        {facts !== "" && <span className="field-facts">{facts}</span>}
      </div>
      {problem !== undefined && (
        <p className="field-problem" id={`${id}-problem`}>
          {problem}
        </p>
      )}
      <p className="field-text" id={`${id}-text`}>
        {schema.description}
      </p>
    </div>
  );
}
