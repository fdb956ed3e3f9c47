import { Button } from "@blueprintjs/core";
import { useState, type ReactElement, type ReactNode } from "react";
import { FIGURES } from "../../../core/contract/figures.ts";
import type { EndFacts } from "../../../core/contract/modelView.ts";
import { formWord } from "../../graphview/parts.ts";
import { Failed, Loading } from "../../kit/states.tsx";
import { bytesText, figureText } from "./colours.ts";
import { ConstantFigures } from "./ConstantFigures.tsx";
import { usePart, type Looking } from "./queries.ts";

export interface DetailsProps {
  readonly looking: Looking;
  readonly part: string;
  readonly version: number;
  readonly onSelect: (id: string) => void;
  /** Where the method that made the variant can leave layers alone: starts it anew without this one. */
  readonly onExclude: ((name: string) => void) | undefined;
}

/** All that is known of the part that was selected. */
export function Details({ looking, part, version, onSelect, onExclude }: DetailsProps): ReactElement {
  const { data, failure, again } = usePart(looking, part, version);
  if (failure !== undefined) return <Failed failure={failure} retry={again} />;
  if (data === undefined) return <Loading what="the part" />;
  const figures = FIGURES.flatMap(({ id, title }) => {
    const value = data.figures[id];
    return value === undefined || (value === 0 && id !== "sparsity")
      ? []
      : [[title, figureText(id, value).replace(/ (params|MACs|bits|zeros)$/, "")] as const];
  });
  return (
    <div className="details" key={data.id}>
      <h3>{data.form === "op" ? data.op : data.label}</h3>
      <p className="muted path">
        {data.form === "op" ? data.name : formWord(data.form)}
        {data.domain !== "" && ` (${data.domain})`}
      </p>
      {data.within.length > 0 && (
        <p className="details-way">
          in{" "}
          {data.within.map(({ id, label }, i) => (
            <span key={id}>
              {i > 0 && " › "}
              <button type="button" className="link" onClick={() => onSelect(id)}>
                {label}
              </button>
            </span>
          ))}
        </p>
      )}
      {onExclude !== undefined &&
        data.form === "op" &&
        data.figures.parameters !== undefined &&
        data.figures.parameters > 0 && (
          <Button icon="redo" text="Exclude and run again" onClick={() => onExclude(data.name)} />
        )}
      {figures.length > 0 && (
        <Section title="Figures">
          <dl className="facts details-facts">
            {figures.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </Section>
      )}
      {data.changes.length > 0 && (
        <Section title="Changed">
          <ul className="details-list">
            {data.changes.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </Section>
      )}
      {data.operators.length > 0 && (
        <Section title="Operators">
          <p>
            {data.operators
              .slice(0, 30)
              .map(({ op, count }) => `${op} ×${count}`)
              .join(", ")}
          </p>
        </Section>
      )}
      {data.attributes.length > 0 && (
        <Section title="Attributes">
          <dl className="details-pairs">
            {data.attributes.map(({ name, value }) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd className="mono">{value}</dd>
              </div>
            ))}
          </dl>
        </Section>
      )}
      <Ends title="Inputs" ends={data.inputs} looking={looking} />
      <Ends title="Outputs" ends={data.outputs} looking={looking} />
      {data.doc !== undefined && <Section title="Documentation">{data.doc}</Section>}
    </div>
  );
}

function Section({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactElement {
  return (
    <section>
      <h4>{title}</h4>
      {children}
    </section>
  );
}

interface EndsProps {
  readonly title: string;
  readonly ends: readonly EndFacts[];
  readonly looking: Looking;
}

function Ends({ title, ends, looking: { project, variant } }: EndsProps): ReactElement | null {
  if (ends.length === 0) return null;
  return (
    <Section title={title}>
      <ul className="plain-list details-ends">
        {ends.map((end) => (
          <li key={end.place}>
            {end.kind === "omitted" ? (
              <span className="muted">omitted</span>
            ) : (
              <>
                <span className="details-end">{end.name}</span>
                <span className="muted">
                  {[end.type, end.shape, bytesText(end.bytes), end.text]
                    .filter((t) => t !== undefined && t !== "")
                    .join(", ")}
                </span>
                {end.hasNumbers === true && <Values project={project} variant={variant} name={end.name} />}
              </>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** Values are read when somebody asks for them. */
function Values(props: { readonly project: string; readonly variant: string; readonly name: string }): ReactElement {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Values</summary>
      {isOpen && <ConstantFigures {...props} />}
    </details>
  );
}
