import { Button, Checkbox, InputGroup } from "@blueprintjs/core";
import { useState, type ReactElement } from "react";
import type { VariantView } from "../../../core/contract/views.ts";
import type { Identities } from "../../blocks/identity.ts";
import { Swatch } from "../../blocks/Swatch.tsx";

export interface ChooserProps {
  readonly variants: readonly VariantView[];
  /** Those that are left out. */
  readonly left: ReadonlySet<string>;
  readonly identities: Identities;
  readonly onChange: (left: ReadonlySet<string>) => void;
}

/** More variants than this are searched for. */
const MANY = 10;

/** Which variants are compared; the baseline always is. */
export function Chooser({ variants, left, identities, onChange }: ChooserProps): ReactElement {
  const [search, setSearch] = useState("");
  const isMany = variants.length > MANY;
  const found = variants.filter((v) => v.name.toLowerCase().includes(search.toLowerCase()));
  const set = (id: string, isShown: boolean): void =>
    onChange(new Set(isShown ? [...left].filter((v) => v !== id) : [...left, id]));
  return (
    <fieldset className="chooser-variants">
      <legend className="sr">Variants to compare</legend>
      {isMany && (
        <div className="row">
          <InputGroup
            size="small"
            leftIcon="search"
            placeholder="Name"
            aria-label="Search variants"
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
          <Button size="small" text="All" aria-label="Compare all" onClick={() => onChange(new Set())} />
          <Button
            size="small"
            text="None"
            aria-label="Compare none but the baseline"
            onClick={() => onChange(new Set(variants.filter((v) => !v.isBaseline).map((v) => v.id)))}
          />
          <span className="muted">{variants.length - left.size} shown</span>
        </div>
      )}
      <div className={isMany ? "variant-list variant-many" : "variant-list"}>
        {found.map((v) => (
          <Checkbox
            key={v.id}
            inline
            checked={v.isBaseline || !left.has(v.id)}
            disabled={v.isBaseline}
            onChange={(event) => set(v.id, event.currentTarget.checked)}
            labelElement={
              <>
                <Swatch identity={identities(v.name)} /> {v.name}
                {v.isBaseline && <span className="tag">baseline</span>}
              </>
            }
          />
        ))}
      </div>
    </fieldset>
  );
}
