import { Checkbox, HTMLSelect, InputGroup, Switch, TagInput } from "@blueprintjs/core";
import { useState, type ReactElement } from "react";
import type { Json } from "../../core/base/json.ts";
import { numberOrWords, type ParameterSchema } from "../../core/contract/method.ts";
import { LayerControl } from "./LayerControl.tsx";
import type { Choice, LayerChoice } from "./schema.ts";
import { TensorControl } from "./TensorControl.tsx";

export interface ControlProps {
  readonly id: string;
  readonly labelId: string;
  readonly describedBy: string;
  readonly isWrong: boolean;
  readonly schema: ParameterSchema;
  readonly value: Json | undefined;
  readonly variants: readonly Choice[];
  readonly layers?: readonly LayerChoice[] | undefined;
  readonly onChange: (value: Json) => void;
}

/** The control that suits a schema. What no other one suits is written as JSON. */
export function Control(props: ControlProps): ReactElement {
  const { schema } = props;
  if (schema.reference === "variant") return <VariantControl {...props} />;
  if (schema.reference === "layer") return <LayerControl {...props} />;
  if (schema.reference === "tensor") return <TensorControl {...props} />;
  if (schema.enum !== undefined) return <ChoiceControl {...props} />;
  if (numberOrWords(schema) !== undefined) return <NumberControl {...props} />;
  switch (schema.type) {
    case "boolean":
      return <SwitchControl {...props} />;
    case "number":
    case "integer":
      return <NumberControl {...props} />;
    case "string":
      return <TextControl {...props} />;
    case "array":
      if (schema.items?.enum !== undefined) return <SetControl {...props} />;
      return schema.items?.type === "object" ? <JsonControl {...props} /> : <ListControl {...props} />;
    default:
      return <JsonControl {...props} />;
  }
}

const plain = (value: Json | undefined): string => (typeof value === "string" ? value : JSON.stringify(value ?? null));

function SwitchControl({ id, describedBy, value, onChange }: ControlProps): ReactElement {
  return (
    <Switch
      id={id}
      className="control-switch"
      checked={value === true}
      labelElement={<span aria-hidden>{value === true ? "On" : "Off"}</span>}
      aria-describedby={describedBy}
      onChange={(event) => onChange(event.currentTarget.checked)}
    />
  );
}

function ChoiceControl({ id, describedBy, schema, value, onChange }: ControlProps): ReactElement {
  const choices = schema.enum ?? [];
  return (
    <HTMLSelect
      id={id}
      aria-describedby={describedBy}
      value={plain(value)}
      onChange={(event) => {
        const found = choices.find((c) => plain(c) === event.currentTarget.value);
        if (found !== undefined) onChange(found);
      }}
      options={choices.map((c) => ({
        value: plain(c),
        label: c === schema.default ? `${plain(c)} (default)` : plain(c),
      }))}
    />
  );
}

function VariantControl({ id, describedBy, schema, value, variants, onChange }: ControlProps): ReactElement {
  const none = { value: "", label: schema.isNeeded === true ? "Choose…" : "None" };
  return (
    <HTMLSelect
      id={id}
      aria-describedby={describedBy}
      value={typeof value === "string" ? value : ""}
      onChange={(event) => onChange(event.currentTarget.value)}
      options={[none, ...variants]}
    />
  );
}

/** Keeps what is being typed, also where it is no number yet. Of a parameter that may be a word, a word is typed as well. */
function NumberControl({ id, describedBy, isWrong, schema, value, onChange }: ControlProps): ReactElement {
  const [typed, setTyped] = useState<string>();
  const words = numberOrWords(schema)?.words ?? [];
  const isWord = typeof value === "string" && words.includes(value);
  const text = typed ?? (typeof value === "number" || isWord ? String(value) : "");
  return (
    <InputGroup
      id={id}
      className="control-number"
      inputMode={words.length > 0 ? "text" : schema.type === "integer" ? "numeric" : "decimal"}
      value={text}
      intent={isWrong ? "danger" : "none"}
      aria-invalid={isWrong}
      aria-describedby={describedBy}
      onChange={(event) => {
        const next = event.currentTarget.value;
        setTyped(next);
        const number = Number(next.replace("−", "-"));
        onChange(next.trim() === "" || Number.isNaN(number) ? next : number);
      }}
      onBlur={() => {
        if (typeof value === "number" || isWord) setTyped(undefined);
      }}
    />
  );
}

function TextControl({ id, describedBy, isWrong, value, onChange }: ControlProps): ReactElement {
  return (
    <InputGroup
      id={id}
      intent={isWrong ? "danger" : "none"}
      aria-invalid={isWrong}
      value={typeof value === "string" ? value : ""}
      aria-describedby={describedBy}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

function SetControl({ labelId, schema, value, onChange }: ControlProps): ReactElement {
  const chosen = Array.isArray(value) ? (value as readonly Json[]) : [];
  const choices = schema.items?.enum ?? [];
  return (
    <div role="group" aria-labelledby={labelId} className="control-set">
      {choices.map((choice) => (
        <Checkbox
          key={plain(choice)}
          label={plain(choice)}
          checked={chosen.includes(choice)}
          onChange={(event) => {
            const isOn = event.currentTarget.checked;
            onChange(choices.filter((c) => (c === choice ? isOn : chosen.includes(c))));
          }}
        />
      ))}
    </div>
  );
}

function ListControl({ id, describedBy, schema, value, onChange }: ControlProps): ReactElement {
  const items = Array.isArray(value) ? (value as readonly Json[]) : [];
  const isNumber = schema.items?.type === "number" || schema.items?.type === "integer";
  const read = (text: string): Json => (isNumber && !Number.isNaN(Number(text)) ? Number(text) : text);
  return (
    <TagInput
      className="control-list"
      values={items.map(plain)}
      placeholder={items.length === 0 ? "None; type and press Enter" : ""}
      inputProps={{ id, "aria-describedby": describedBy }}
      tagProps={(_, i) => ({ minimal: true, "aria-label": plain(items[i]) })}
      onChange={(texts) => onChange(texts.map((t) => read(typeof t === "string" ? t : "")))}
    />
  );
}

function JsonControl({ id, describedBy, value, onChange }: ControlProps): ReactElement {
  const [typed, setTyped] = useState<string>();
  const isJson = typed === undefined || parse(typed) !== undefined;
  return (
    <InputGroup
      id={id}
      className="control-json"
      value={typed ?? JSON.stringify(value ?? null)}
      intent={isJson ? "none" : "danger"}
      aria-invalid={!isJson}
      aria-describedby={describedBy}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        const parsed = parse(event.currentTarget.value);
        if (parsed !== undefined) onChange(parsed);
      }}
    />
  );
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
