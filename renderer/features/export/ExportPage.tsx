import { Button, FormGroup, HTMLSelect, InputGroup } from "@blueprintjs/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState, type ReactElement } from "react";
import type { Overview } from "../../../core/contract/views.ts";
import { useEngine } from "../../client/engine.ts";
import { asked, useOverview } from "../../client/queries.ts";
import { changedOf, fieldsOf, problemsOf, titleOf, type Values } from "../../form/schema.ts";
import { SchemaForm } from "../../form/SchemaForm.tsx";
import { TensorChoices } from "../../form/tensors.ts";
import { Empty, Failed, Loading } from "../../kit/states.tsx";
import { choose, type Chosen } from "../../parts/chooser.ts";
import { useWork } from "../../parts/useWork.ts";
import { WorkBar } from "../../parts/WorkBar.tsx";
import { BundlePreview, BundleResult, type Bundle } from "./BundleView.tsx";
import { useChoices, usePlan } from "./queries.ts";

/** Choices that name parts of a model. */
const OF_ONE_MODEL: ReadonlySet<string> = new Set(["rename", "sizes"]);

export interface ExportPageProps {
  readonly project: string;
  readonly variant: string | undefined;
}

/** Writes a variant as a bundle that stands on its own, and says whether it still does what it did. */
export function ExportPage({ project, variant }: ExportPageProps): ReactElement {
  const { data, failure, again } = useOverview(project);
  if (failure !== undefined) return <Failed isPage failure={failure} retry={again} />;
  if (data === undefined) return <Loading what="the variants" />;
  if (data.variants.length === 0) {
    return (
      <Empty isPage icon="graph" title="No model yet">
        Import one in the overview first.
      </Empty>
    );
  }
  return <Export key={variant ?? ""} overview={data} start={variant} />;
}

function Export({
  overview,
  start,
}: {
  readonly overview: Overview;
  readonly start: string | undefined;
}): ReactElement {
  const engine = useEngine();
  const { client } = engine;
  const project = overview.project.id;
  const best = overview.best[0]?.variant;
  const [id, setId] = useState(start ?? best ?? overview.variants[0]?.id ?? "");
  const variant = overview.variants.find((v) => v.id === id);
  const [name, setName] = useState<string>();
  const [chosen, setChosen] = useState<Chosen>();
  const [values, setValues] = useState<Values>({});
  const [bundle, setBundle] = useState<Bundle>();
  const work = useWork<Bundle>();
  const roots = asked(useQuery({ queryKey: ["roots"], queryFn: () => client.files.roots() }));
  const first = roots.data?.[0];
  const parent = chosen ?? (first && { place: first.place, name: first.label });
  const folder = name ?? `${variant?.name ?? "model"}-bundle`;
  const choices = useChoices();
  const fields = choices.data === undefined ? [] : fieldsOf(choices.data);
  const chosenValues = changedOf(fields, values);
  const own = problemsOf(fields, values);
  // The engine is asked only what it can be told.
  const plan = usePlan(project, id, own.size > 0 ? {} : chosenValues);
  const found = plan.isStale ? [] : (plan.data?.problems ?? []);
  const problems = new Map([...found.map((p) => [p.field, [p.message, p.hint].join(" ").trim()] as const), ...own]);
  const isWrong = problems.size > 0;
  const general = found.find((p) => !fields.some((f) => f.name === p.field));
  const titles = fields
    .filter((f) => problems.has(f.name))
    .map(titleOf)
    .join(", ");
  const tensors = useMemo(
    () =>
      plan.data && [
        ...plan.data.inputs.map(({ before }) => ({ ...before, kind: "input" as const })),
        ...plan.data.outputs.map(({ before }) => ({ ...before, kind: "output" as const })),
      ],
    [plan.data],
  );
  const change = (next: Values): void => {
    setValues(next);
    setBundle(undefined);
  };
  const write = async (): Promise<void> => {
    if (parent === undefined || variant === undefined) return;
    setBundle(undefined);
    const made = await work.start((signal) =>
      client.exports.write(
        {
          ...(chosenValues as Record<string, never>),
          project,
          variant: variant.id,
          parent: parent.place,
          name: folder.trim(),
        },
        { signal },
      ),
    );
    setBundle(made);
  };
  return (
    <div className="page export">
      <header className="page-head">
        <div className="page-title">
          <h1>Export</h1>
          <p className="muted">
            A folder with the model, its preparation, a card, test vectors and small programs that run it. It is loaded
            again, compared and measured before it appears.
          </p>
        </div>
      </header>
      <div className="export-frame">
        <form
          className="card"
          onSubmit={(event) => {
            event.preventDefault();
            void write();
          }}
        >
          <FormGroup label="Variant" labelFor="export-variant">
            <HTMLSelect
              id="export-variant"
              value={id}
              disabled={work.state.isRunning}
              options={overview.variants.map((v) => ({ value: v.id, label: v.name }))}
              onChange={(event) => {
                setId(event.currentTarget.value);
                setName(undefined);
                // Names and sizes are those of one model.
                change(Object.fromEntries(Object.entries(values).filter(([field]) => !OF_ONE_MODEL.has(field))));
              }}
            />
          </FormGroup>
          <FormGroup label="Name of the new folder" labelFor="export-name" helperText="Nothing is ever overwritten.">
            <InputGroup
              id="export-name"
              value={folder}
              disabled={work.state.isRunning}
              onChange={(event) => setName(event.currentTarget.value)}
            />
          </FormGroup>
          <FormGroup label="In folder" labelFor="export-parent">
            <div className="row">
              <InputGroup id="export-parent" readOnly fill value={parent?.name ?? ""} />
              <Button
                text="Choose…"
                aria-label="Choose the folder"
                disabled={work.state.isRunning}
                onClick={() => void choose(engine, "folder").then((found) => found && setChosen(found))}
              />
            </div>
          </FormGroup>
          <section className="export-choices" aria-labelledby="export-choices-title">
            <h2 id="export-choices-title">The model’s file</h2>
            {choices.failure !== undefined ? (
              <Failed failure={choices.failure} retry={choices.again} />
            ) : choices.data === undefined ? (
              <Loading what="the choices" />
            ) : (
              <TensorChoices value={tensors}>
                <fieldset className="plain-fieldset" disabled={work.state.isRunning}>
                  <legend className="sr">The model’s file</legend>
                  <SchemaForm fields={fields} values={values} problems={problems} variants={[]} onChange={change} />
                </fieldset>
              </TensorChoices>
            )}
          </section>
          <div className="export-actions">
            <WorkBar state={work.state} what="Exporting" onCancel={work.cancel} />
            <div className="row">
              <Button
                type="submit"
                intent="primary"
                icon="export"
                text="Export"
                loading={work.state.isRunning}
                disabled={isWrong || folder.trim() === "" || parent === undefined}
              />
              {isWrong && (
                <span role="status">
                  {general === undefined
                    ? `Correct what is marked: ${titles}.`
                    : `${general.message} ${general.hint ?? ""}`}
                </span>
              )}
            </div>
          </div>
        </form>
        <section className={bundle === undefined ? "card export-preview" : "card"} aria-label="What is exported">
          {bundle === undefined ? (
            variant !== undefined && <BundlePreview variant={variant} plan={plan} folder={folder.trim()} />
          ) : (
            <BundleResult bundle={bundle} />
          )}
        </section>
      </div>
    </div>
  );
}
