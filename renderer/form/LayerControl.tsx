import { Button, Checkbox, InputGroup, TagInput } from "@blueprintjs/core";
import { useId, useState, type ReactElement } from "react";
import { formatCount } from "../../core/base/format.ts";
import type { Json } from "../../core/base/json.ts";
import type { LayerChoice } from "./schema.ts";

export interface LayerControlProps {
  readonly id: string;
  readonly describedBy: string;
  readonly isWrong: boolean;
  readonly value: Json | undefined;
  readonly layers?: readonly LayerChoice[] | undefined;
  readonly onChange: (value: Json) => void;
}

/** Layers that are listed at once; the filter finds the others. */
const MOST = 60;

/** Names of layers: typed, with * for any text, or chosen from those that the model has. */
export function LayerControl({ id, describedBy, isWrong, value, layers, onChange }: LayerControlProps): ReactElement {
  const [isOpen, setOpen] = useState(false);
  const panel = useId();
  const chosen = Array.isArray(value) ? (value as readonly Json[]).filter((v) => typeof v === "string") : [];
  const worst = (layers ?? [])
    .filter((l) => l.rank !== undefined && !chosen.includes(l.name))
    .toSorted((a, b) => (a.rank ?? 0) - (b.rank ?? 0))[0];
  return (
    <div className="control-layers">
      <TagInput
        className="control-list"
        values={chosen}
        intent={isWrong ? "danger" : "none"}
        placeholder={chosen.length === 0 ? "None; type a name and press Enter" : ""}
        inputProps={{ id, "aria-describedby": describedBy, "aria-invalid": isWrong }}
        tagProps={(_, i) => ({ minimal: true, "aria-label": chosen[i] ?? "" })}
        onChange={(texts) => onChange(texts.map((t) => (typeof t === "string" ? t : "")))}
      />
      {layers !== undefined && layers.length > 0 && (
        <div className="row">
          <Button
            size="small"
            icon={isOpen ? "chevron-down" : "chevron-right"}
            text="Choose layers"
            aria-expanded={isOpen}
            aria-controls={panel}
            onClick={() => setOpen(!isOpen)}
          />
          {worst !== undefined && (
            <Button
              size="small"
              icon="sort-desc"
              text="Add the most sensitive"
              title={`${worst.name}: the most sensitive that is not in the list yet`}
              onClick={() => onChange([...chosen, worst.name])}
            />
          )}
        </div>
      )}
      <div id={panel}>
        {isOpen && layers !== undefined && <LayerList layers={layers} chosen={chosen} onChange={onChange} />}
      </div>
    </div>
  );
}

interface LayerListProps {
  readonly layers: readonly LayerChoice[];
  readonly chosen: readonly string[];
  readonly onChange: (value: Json) => void;
}

/** Layers with weights come first, the most sensitive ones at the top. */
function LayerList({ layers, chosen, onChange }: LayerListProps): ReactElement {
  const [filter, setFilter] = useState("");
  const words = filter.toLowerCase();
  const found = layers
    .filter((l) => `${l.name} ${l.op}`.toLowerCase().includes(words))
    .toSorted(
      (a, b) => (a.rank ?? Infinity) - (b.rank ?? Infinity) || Number(b.parameters > 0) - Number(a.parameters > 0) || 0,
    );
  const shown = found.slice(0, MOST);
  return (
    <div className="layer-list">
      <InputGroup
        size="small"
        leftIcon="search"
        aria-label="Search layers"
        placeholder="Name or operator"
        value={filter}
        onChange={(event) => setFilter(event.currentTarget.value)}
      />
      <ul className="plain-list layer-rows" aria-label="Layers of the model" tabIndex={0}>
        {shown.map(({ name, op, parameters, rank }) => (
          <li key={name}>
            <Checkbox
              checked={chosen.includes(name)}
              labelElement={
                <>
                  <span className="layer-name">{name}</span>{" "}
                  <span className="muted">
                    {[
                      op,
                      ...(parameters > 0 ? [`${formatCount(parameters)} weights`] : []),
                      ...(rank === undefined ? [] : [`sensitivity #${rank}`]),
                    ].join(", ")}
                  </span>
                </>
              }
              onChange={(event) =>
                onChange(event.currentTarget.checked ? [...chosen, name] : chosen.filter((c) => c !== name))
              }
            />
          </li>
        ))}
      </ul>
      <p className="muted layer-count" role="status">
        {found.length === 0
          ? "No layer matches."
          : shown.length < found.length
            ? `${shown.length} of ${found.length} layers; search for the others.`
            : `${found.length} ${found.length === 1 ? "layer" : "layers"}`}
      </p>
    </div>
  );
}
