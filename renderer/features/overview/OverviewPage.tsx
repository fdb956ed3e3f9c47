import { Button, ButtonGroup } from "@blueprintjs/core";
import type { ReactElement } from "react";
import { formatBytes } from "../../../core/base/format.ts";
import type { Overview, SuggestedStep } from "../../../core/contract/views.ts";
import { useOverview, useShortPath } from "../../client/queries.ts";
import { runCommand } from "../../kit/commands.ts";
import { Glyph } from "../../kit/Glyph.tsx";
import { href, paths, useGo } from "../../kit/navigation.ts";
import { Empty, Failed, Loading } from "../../kit/states.tsx";
import { BaselineCard } from "./BaselineCard.tsx";
import { Lineage } from "./Lineage.tsx";
import { Notes } from "./Notes.tsx";
import { RecentJobs } from "./RecentJobs.tsx";

export interface OverviewPageProps {
  readonly project: string;
}

/** A project at a glance: what it starts from, what came of it, and what to do next. */
export function OverviewPage({ project }: OverviewPageProps): ReactElement {
  const { data, failure, again } = useOverview(project);
  const short = useShortPath();
  if (failure !== undefined) return <Failed isPage failure={failure} retry={again} />;
  if (data === undefined) return <Loading what="the project" />;
  const baseline = data.variants.find((v) => v.isBaseline);
  return (
    <div className="page">
      <header className="page-head">
        <div className="page-title">
          <h1>{data.project.settings.name}</h1>
          <p className="muted path" title={data.project.folder}>
            {short(data.project.folder)}
          </p>
        </div>
        <ButtonGroup>
          <Button icon="import" text="Import model" onClick={() => runCommand("model.import")} />
          <Button
            icon="th"
            text="Import data"
            disabled={baseline === undefined}
            onClick={() => runCommand("data.import")}
          />
        </ButtonGroup>
      </header>
      {!data.project.canWrite && (
        <p className="callout tone-warning">
          <strong>This project is open elsewhere.</strong> You can look at everything, and change nothing.
        </p>
      )}
      {baseline === undefined ? (
        <Empty
          icon="graph"
          title="No model yet"
          actions={
            <Button intent="primary" icon="import" text="Import a model" onClick={() => runCommand("model.import")} />
          }
        >
          The first ONNX model that you import becomes the baseline. All variants are compared with it.
        </Empty>
      ) : (
        <>
          <div className="overview-top">
            <BaselineCard baseline={baseline} data={data.data.at(-1)} />
            <Suggestions project={project} suggestions={data.suggestions} />
          </div>
          <Best best={data.best} />
          <Lineage project={data.project} variants={data.variants} archived={data.archived} />
          <RecentJobs project={project} />
          <DataSets project={project} data={data.data} />
        </>
      )}
      <Notes key={data.project.id} project={project} saved={data.notes} canWrite={data.project.canWrite} />
    </div>
  );
}

function Suggestions({
  project,
  suggestions,
}: {
  readonly project: string;
  readonly suggestions: Overview["suggestions"];
}): ReactElement {
  const go = useGo();
  const take = (step: SuggestedStep): void => {
    switch (step.kind) {
      case "import-model":
        runCommand("model.import");
        return;
      case "import-data":
        runCommand("data.import");
        return;
      case "measure":
        runCommand("variants.measure");
        return;
      case "method":
        go(paths.wizard(project, { method: step.method, from: step.from, params: step.params }));
        return;
      case "compare":
        go(paths.compare(project));
    }
  };
  return (
    <section className="card" aria-labelledby="next-title">
      <h2 id="next-title">What next</h2>
      {suggestions.length === 0 ? (
        <p className="muted">Nothing stands out. Choose a method to make another variant.</p>
      ) : (
        <ul className="plain-list next">
          {suggestions.map(({ text, reason, step }, i) => (
            <li key={text}>
              <Button
                intent={i === 0 ? "primary" : "none"}
                variant={i === 0 ? "solid" : "outlined"}
                endIcon="arrow-right"
                text={text}
                onClick={() => take(step)}
              />
              <p className="muted">{reason}</p>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Best({ best }: { readonly best: Overview["best"] }): ReactElement | null {
  if (best.length === 0) return null;
  return (
    <section aria-label="Best so far" className="best">
      {best.map(({ label, text, note }) => (
        <div key={label} className="card chip">
          <Glyph icon="star" className="tone-good" />
          <span className="muted">{label}</span>
          <strong>{text}</strong>
          <span className="muted">{note}</span>
        </div>
      ))}
    </section>
  );
}

interface DataSetsProps {
  readonly project: string;
  readonly data: Overview["data"];
}

function DataSets({ project, data }: DataSetsProps): ReactElement {
  const short = useShortPath();
  return (
    <section aria-labelledby="data-title">
      <h2 id="data-title">Data</h2>
      {data.length === 0 ? (
        <Empty
          icon="th"
          title="No data yet"
          actions={<Button icon="th" text="Import data" onClick={() => runCommand("data.import")} />}
        >
          With samples, Lathe measures accuracy and calibrates. They stay where they are.
        </Empty>
      ) : (
        <ul className="plain-list card card-flush">
          {data.map(({ id, name, info, index }) => (
            <li key={id} className="dataset">
              <a href={href(paths.data(project, id))}>
                <strong>{name}</strong>
              </a>
              <span className="muted">
                {info.count.toLocaleString("en-US")} samples,{" "}
                {info.classes === undefined ? "no labels" : `${info.classes.length} classes`}, {info.format}
                {index !== undefined && `, index ${formatBytes(index.bytes)}`}
              </span>
              <span className="muted path" title={info.path}>
                {short(info.path)}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
