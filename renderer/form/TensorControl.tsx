import { InputGroup } from "@blueprintjs/core";
import { useContext, type ReactElement } from "react";
import type { Json } from "../../core/base/json.ts";
import { TensorChoices } from "./tensors.ts";

export interface TensorControlProps {
  readonly id: string;
  readonly describedBy: string;
  readonly isWrong: boolean;
  readonly value: Json | undefined;
  readonly onChange: (value: Json) => void;
}

/** New names for inputs and outputs, one line for each. What is left empty keeps its name. */
export function TensorControl({ id, describedBy, isWrong, value, onChange }: TensorControlProps): ReactElement {
  const tensors = useContext(TensorChoices);
  const pairs = Array.isArray(value) ? (value as readonly Json[]).filter((v) => typeof v === "string") : [];
  if (tensors === undefined) return <span className="muted">The model is being read…</span>;
  // A name that is input and output at once is one tensor.
  const listed = tensors.filter((t, i) => tensors.findIndex((other) => other.name === t.name) === i);
  const pairOf = (name: string): string | undefined => pairs.find((pair) => pair.startsWith(`${name}=`));
  const rename = (name: string, to: string): void => {
    const others = pairs.filter((pair) => pair !== pairOf(name));
    onChange(to === "" ? others : [...others, `${name}=${to}`]);
  };
  return (
    <ul className="plain-list control-tensors">
      {listed.map(({ name, kind, type }, i) => (
        <li key={name}>
          <span className="tensor-old">
            <span className="muted">{kind}</span> <span className="mono">{name}</span>{" "}
            <span className="mono muted">{type}</span>
          </span>
          <InputGroup
            {...(i === 0 && { id })}
            size="small"
            aria-label={`New name of ${kind} ${name}`}
            aria-describedby={describedBy}
            aria-invalid={isWrong}
            intent={isWrong && pairOf(name) !== undefined ? "danger" : "none"}
            placeholder={name}
            spellCheck={false}
            value={pairOf(name)?.slice(name.length + 1) ?? ""}
            onChange={(event) => rename(name, event.currentTarget.value)}
          />
        </li>
      ))}
    </ul>
  );
}
