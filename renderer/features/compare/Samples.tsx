import { Button, HTMLSelect } from "@blueprintjs/core";
import { useState, type ReactElement } from "react";
import { formatPercent } from "../../../core/base/format.ts";
import type { Disagreement } from "../../../core/contract/compare.ts";
import type { VariantView } from "../../../core/contract/views.ts";
import type { Identities } from "../../blocks/identity.ts";
import { useBrush, type Brush } from "../../blocks/plot/brush.ts";
import { Swatch } from "../../blocks/Swatch.tsx";
import { href, paths } from "../../kit/navigation.ts";
import { Failed, Loading } from "../../kit/states.tsx";
import { useDisagreements } from "./queries.ts";

const PAGE = 25;

const KINDS: readonly { readonly value: Disagreement; readonly label: string }[] = [
  { value: "any", label: "answered differently" },
  { value: "lost", label: "right in the baseline, wrong in a variant" },
  { value: "gained", label: "wrong in the baseline, right in a variant" },
];

export interface SamplesProps {
  readonly project: string;
  readonly variants: readonly VariantView[];
  readonly identities: Identities;
  readonly brush: Brush;
}

/** Samples that the variants answer differently; where some are selected, these and the baseline. */
export function Samples({ project, variants, identities, brush }: SamplesProps): ReactElement | null {
  useBrush(brush);
  const [which, setWhich] = useState<Disagreement>("any");
  const [label, setLabel] = useState("");
  const [page, setPage] = useState(0);
  const shown = brush.count() === 0 ? variants : variants.filter((v, i) => v.isBaseline || brush.has(i));
  const asked = shown.length < 2 ? variants : shown;
  const { data, failure, again } = useDisagreements(project, {
    variants: asked.map((v) => v.id),
    which,
    ...(label !== "" && { label }),
    offset: page * PAGE,
    limit: PAGE,
  });
  if (failure !== undefined) return <Failed failure={failure} retry={again} />;
  if (data === undefined) return <Loading what="the samples" />;
  if (data.samples === 0) return null;
  const pages = Math.max(1, Math.ceil(data.total / PAGE));
  const columns = asked.filter((_, i) => data.rows.some((r) => r.answers[i] !== null && r.answers[i] !== undefined));
  return (
    <section className="card card-flush" aria-labelledby="samples-title">
      <div className="table-tools">
        <h2 id="samples-title">Samples</h2>
        <label>
          Show those
          <HTMLSelect
            value={which}
            options={[...KINDS]}
            onChange={(event) => {
              setWhich(event.currentTarget.value as Disagreement);
              setPage(0);
            }}
          />
        </label>
        <label>
          of
          <HTMLSelect
            value={label}
            options={[
              { value: "", label: "all classes" },
              ...data.classes.map((c) => ({ value: c.label, label: `${c.label} (${c.count})` })),
            ]}
            onChange={(event) => {
              setLabel(event.currentTarget.value);
              setPage(0);
            }}
          />
        </label>
        <span className="muted" role="status">
          {data.total.toLocaleString("en-US")} of {data.samples.toLocaleString("en-US")} samples
        </span>
      </div>
      {data.total === 0 ? (
        <p className="muted table-empty">No sample is {KINDS.find((k) => k.value === which)?.label}.</p>
      ) : (
        <div className="table-scroll" tabIndex={0} role="region" aria-label="Samples that variants answer differently">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Sample</th>
                <th scope="col">Class</th>
                {columns.map((v) => (
                  <th key={v.id} scope="col">
                    <Swatch identity={identities(v.name)} /> {v.name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {data.rows.map((row) => (
                <tr key={row.index}>
                  <th scope="row">
                    <a href={href(paths.sample(project, row.index))} title="Show in the data browser">
                      {row.index}
                    </a>
                  </th>
                  <td>{row.label}</td>
                  {columns.map((v) => {
                    const answer = row.answers[asked.indexOf(v)];
                    if (answer === null || answer === undefined) return <td key={v.id}>—</td>;
                    return (
                      <td key={v.id}>
                        <span aria-hidden className={answer.isRight ? "tone-good" : "tone-bad"}>
                          {answer.isRight ? "✓ " : "✗ "}
                        </span>
                        {answer.label}
                        <span className="sr">{answer.isRight ? " (right)" : " (wrong)"}</span>
                        <span className="muted"> {formatPercent(answer.confidence, 0)}</span>
                      </td>
                    );
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {pages > 1 && (
        <div className="table-tools">
          <Button
            size="small"
            icon="chevron-left"
            text="Previous"
            disabled={page === 0}
            onClick={() => setPage(page - 1)}
          />
          <span className="muted">
            Page {page + 1} of {pages}
          </span>
          <Button
            size="small"
            endIcon="chevron-right"
            text="Next"
            disabled={page + 1 >= pages}
            onClick={() => setPage(page + 1)}
          />
        </div>
      )}
    </section>
  );
}
