import { Button, HTMLSelect, Menu, MenuItem, PopoverNext } from "@blueprintjs/core";
import type { ReactElement } from "react";
import type { VariantView } from "../../../core/contract/views.ts";
import { paths, useGo } from "../../kit/navigation.ts";

export interface VariantChoiceProps {
  readonly project: string;
  readonly variants: readonly VariantView[];
  readonly shown: VariantView;
  readonly others: readonly VariantView[];
}

/** Beside that many panes no graph can be read. */
const MOST_BESIDE = 3;

/** Which variant is shown, and which are beside it. */
export function VariantChoice({ project, variants, shown, others }: VariantChoiceProps): ReactElement {
  const go = useGo();
  const show = (variant: string, beside: readonly string[]): void =>
    go.replace(paths.model(project, { variant, beside: beside.filter((b) => b !== variant) }));
  const ids = others.map((o) => o.id);
  const rest = variants.filter((v) => v.id !== shown.id);
  return (
    <div className="row">
      <HTMLSelect
        aria-label="Variant"
        value={shown.id}
        onChange={(event) => show(event.currentTarget.value, ids)}
        options={variants.map((v) => ({ value: v.id, label: v.isBaseline ? `${v.name} (baseline)` : v.name }))}
      />
      {rest.length > 0 && (
        <PopoverNext
          placement="bottom-start"
          content={
            <Menu>
              {rest.map((v) => (
                <MenuItem
                  key={v.id}
                  text={v.name}
                  icon={ids.includes(v.id) ? "tick" : "blank"}
                  aria-pressed={ids.includes(v.id)}
                  disabled={!ids.includes(v.id) && ids.length >= MOST_BESIDE}
                  onClick={() => show(shown.id, ids.includes(v.id) ? ids.filter((i) => i !== v.id) : [...ids, v.id])}
                />
              ))}
            </Menu>
          }
        >
          <Button
            icon="comparison"
            endIcon="caret-down"
            text={
              others.length === 0 ? "Compare with" : `Beside ${others.length === 1 ? others[0]!.name : others.length}`
            }
          />
        </PopoverNext>
      )}
      {others.length > 0 && (
        <Button icon="cross" variant="minimal" aria-label="Stop comparing" onClick={() => show(shown.id, [])} />
      )}
    </div>
  );
}
