import { Checkbox, HTMLSelect } from "@blueprintjs/core";
import type { ReactElement } from "react";

export interface AxisChoiceProps {
  readonly name: string;
  /** One of the options. */
  readonly value: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly isLog: boolean;
  readonly onChange: (value: string) => void;
  readonly onLog: (isLog: boolean) => void;
}

/** What an axis shows, and whether in logarithms. */
export function AxisChoice({ name, value, options, isLog, onChange, onLog }: AxisChoiceProps): ReactElement {
  return (
    <span className="row">
      <label>
        {name}
        <HTMLSelect value={value} options={options} onChange={(event) => onChange(event.currentTarget.value)} />
      </label>
      <Checkbox
        label="log"
        aria-label={`${name}: logarithmic`}
        checked={isLog}
        onChange={(event) => onLog(event.currentTarget.checked)}
      />
    </span>
  );
}
