import { Button, Checkbox, PopoverNext, type ButtonProps } from "@blueprintjs/core";
import type { ReactElement } from "react";
import type { TrialColumn } from "../../../core/contract/trialViews.ts";
import { labelOf } from "./Filters.tsx";

export interface ColumnListProps {
  readonly name: string;
  readonly icon?: ButtonProps["icon"];
  readonly columns: readonly TrialColumn[];
  /** By id. */
  readonly isChosen: (column: string) => boolean;
  readonly onChange: (column: string, isChosen: boolean) => void;
}

/** A button that opens a list of columns to tick. */
export function ColumnList({ name, icon, columns, isChosen, onChange }: ColumnListProps): ReactElement {
  return (
    <PopoverNext
      placement="bottom-start"
      content={
        <fieldset className="column-list">
          <legend className="sr">{name}</legend>
          {columns.map((c) => (
            <Checkbox
              key={c.id}
              label={labelOf(c)}
              checked={isChosen(c.id)}
              onChange={(event) => onChange(c.id, event.currentTarget.checked)}
            />
          ))}
        </fieldset>
      }
    >
      <Button size="small" variant="minimal" icon={icon} endIcon="caret-down" text={name} />
    </PopoverNext>
  );
}
