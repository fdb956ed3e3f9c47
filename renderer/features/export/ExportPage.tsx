import { Button, FormGroup, HTMLSelect, InputGroup } from "@blueprintjs/core";
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactElement } from "react";
import type { Overview } from "../../../core/contract/views.ts";
import { useEngine } from "../../client/engine.ts";
import { asked, useOverview } from "../../client/queries.ts";
import { Empty, Failed, Loading } from "../../kit/states.tsx";
import { choose, type Chosen } from "../../parts/chooser.ts";
import { useWork } from "../../parts/useWork.ts";
import { WorkBar } from "../../parts/WorkBar.tsx";
import { BundlePreview, BundleResult, type Bundle } from "./BundleView.tsx";

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
  const [samples, setSamples] = useState("16");
  const [bundle, setBundle] = useState<Bundle>();
  const work = useWork<Bundle>();
  const roots = asked(useQuery({ queryKey: ["roots"], queryFn: () => client.files.roots() }));
  const first = roots.data?.[0];
  const parent = chosen ?? (first && { place: first.place, name: first.label });
  const folder = name ?? `${variant?.name ?? "model"}-bundle`;
  const count = Number(samples);
  const isWrong = !/^\d+$/.test(samples.trim()) || count < 1 || count > 1000;
  const write = async (): Promise<void> => {
    if (parent === undefined || variant === undefined) return;
    setBundle(undefined);
    const made = await work.start((signal) =>
      client.exports.write(
        { project, variant: variant.id, parent: parent.place, name: folder.trim(), samples: count },
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
          <FormGroup
            label="Samples in the test vectors"
            labelFor="export-samples"
            intent={isWrong ? "danger" : "none"}
            helperText={
              isWrong ? "Enter a whole number from 1 to 1000." : "The exported file has to give the same for them."
            }
          >
            <InputGroup
              id="export-samples"
              className="short-input"
              inputMode="numeric"
              value={samples}
              disabled={work.state.isRunning}
              onChange={(event) => setSamples(event.currentTarget.value)}
            />
          </FormGroup>
          <WorkBar state={work.state} what="Exporting" onCancel={work.cancel} />
          <Button
            type="submit"
            intent="primary"
            icon="export"
            text="Export"
            loading={work.state.isRunning}
            disabled={isWrong || folder.trim() === "" || parent === undefined}
          />
        </form>
        <section className="card" aria-label="What is exported">
          {bundle === undefined ? (
            <BundlePreview project={project} id={id} overview={overview} />
          ) : (
            <BundleResult bundle={bundle} />
          )}
        </section>
      </div>
    </div>
  );
}
