import { Button, Checkbox, Switch } from "@blueprintjs/core";
import { useState, type ReactElement, type ReactNode } from "react";
import { formatPercent } from "../../../core/base/format.ts";
import { metricText } from "../../../core/contract/metrics.ts";
import type { JobView } from "../../../core/contract/run.ts";
import type { VariantView } from "../../../core/contract/views.ts";
import { useJobs, useOverview } from "../../client/queries.ts";
import { href, paths, useGo } from "../../kit/navigation.ts";
import { ago, duration, shown } from "../../kit/numbers.tsx";
import { Empty, Failed, Loading } from "../../kit/states.tsx";
import { useStore } from "../../kit/store.ts";
import { hiddenJobColumns, JOB_COLUMNS, showJobColumn, shownJobColumns, type JobColumn } from "./columns.ts";
import { JobDetail } from "./JobDetail.tsx";
import { JobProgressBar } from "./JobProgressBar.tsx";
import { providerName } from "../../kit/providers.ts";
import { StateTag } from "./StateTag.tsx";

export interface JobsPageProps {
  readonly project: string;
  readonly job: string | undefined;
}

/** The jobs of a project, newest first, and one of them in full. */
export function JobsPage({ project, job }: JobsPageProps): ReactElement {
  const { data, failure, again } = useJobs(project);
  const go = useGo();
  const variants = useOverview(project).data?.variants ?? [];
  const columns = shownJobColumns(useStore(hiddenJobColumns), project);
  const [showsArchived, setShowsArchived] = useState(false);
  if (failure !== undefined) return <Failed isPage failure={failure} retry={again} />;
  if (data === undefined) return <Loading what="the jobs" />;
  if (data.length === 0) {
    return (
      <Empty
        isPage
        icon="stopwatch"
        title="No jobs yet"
        actions={<Button intent="primary" text="Choose a method" onClick={() => go(paths.methods(project))} />}
      >
        Each run of a method is a job. It goes on when you look elsewhere, and when you close this page.
      </Empty>
    );
  }
  const archived = data.filter((v) => v.job.archivedAt !== undefined).length;
  const listed = data.filter((v) => showsArchived || v.job.archivedAt === undefined);
  const chosen = data.find((v) => v.job.id === job) ?? (job === undefined ? listed.at(-1) : undefined);
  return (
    <div className="page">
      <header className="page-head">
        <div className="page-title">
          <h1>Jobs</h1>
        </div>
        <ColumnChooser project={project} />
        {archived > 0 && (
          <Switch
            label={`Show archived (${archived})`}
            checked={showsArchived}
            onChange={(event) => setShowsArchived(event.currentTarget.checked)}
          />
        )}
      </header>
      <div className="card card-flush table-scroll" tabIndex={0} role="region" aria-label="Jobs">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Job</th>
              {columns.map((column) => (
                <th key={column.id} scope="col" className={"isNumber" in column ? "end" : undefined}>
                  {column.title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {listed.toReversed().map((view) => (
              <JobRow
                key={view.job.id}
                view={view}
                isChosen={view === chosen}
                variants={variants}
                columns={columns.map((c) => c.id)}
              />
            ))}
          </tbody>
        </table>
      </div>
      {chosen === undefined ? (
        job === undefined ? (
          <Empty icon="archive" title="All jobs are archived" />
        ) : (
          <Empty icon="search" title={`There is no job ${job}`}>
            Choose one of the list.
          </Empty>
        )
      ) : (
        <JobDetail key={chosen.job.id} view={chosen} />
      )}
    </div>
  );
}

interface JobRowProps {
  readonly view: JobView;
  readonly isChosen: boolean;
  readonly variants: readonly VariantView[];
  readonly columns: readonly JobColumn[];
}

function JobRow({ view, isChosen, variants, columns }: JobRowProps): ReactElement {
  const { job, project } = view;
  return (
    <tr className={isChosen ? "row-chosen" : ""}>
      <th scope="row">
        <a className="row-link" href={href(paths.jobs(project, job.id))} aria-current={isChosen ? "true" : undefined}>
          {job.title}
        </a>
      </th>
      {columns.map((column) => (
        <td key={column} className={CELL_CLASSES[column]}>
          {cellOf(column, view, variants)}
        </td>
      ))}
    </tr>
  );
}

const CELL_CLASSES: Readonly<Partial<Record<JobColumn, string>>> = {
  progress: "job-progress",
  elapsed: "end",
  left: "end",
  best: "end",
  started: "muted job-at",
};

function cellOf(column: JobColumn, view: JobView, variants: readonly VariantView[]): ReactNode {
  const { job, progress } = view;
  switch (column) {
    case "state":
      return <StateTag state={job.state} />;
    case "progress":
      return <JobProgressBar view={view} />;
    case "elapsed":
      return job.seconds > 0 ? duration(job.seconds) : "—";
    case "left":
      return progress?.secondsLeft === undefined ? "—" : duration(progress.secondsLeft);
    case "device": {
      const provider = job.plan.steps[0]?.provider ?? "cpu";
      return providerName.find((p) => p.value === provider)?.label ?? provider;
    }
    case "best":
      return bestText(view, variants);
    case "started":
      return job.startedAt === undefined ? "—" : ago(job.startedAt, Date.now());
  }
}

/** Which columns the table has, kept by project. */
function ColumnChooser({ project }: { readonly project: string }): ReactElement {
  const shown: readonly string[] = shownJobColumns(useStore(hiddenJobColumns), project).map((c) => c.id);
  return (
    <details className="job-columns">
      <summary>Columns</summary>
      <div className="card" role="group" aria-label="Columns">
        {JOB_COLUMNS.map(({ id, title }) => (
          <Checkbox
            key={id}
            label={title}
            checked={shown.includes(id)}
            onChange={(event) => showJobColumn(project, id, event.currentTarget.checked)}
          />
        ))}
      </div>
    </details>
  );
}

/** Top-1 of what came of it; while it runs, the best that it has told of. */
function bestText({ made, progress }: JobView, variants: readonly VariantView[]): string {
  const result = variants.find((v) => v.id === made.at(-1));
  const accuracy = result && shown.accuracy(result);
  if (accuracy !== undefined) return accuracy.text;
  const best = progress?.best;
  if (best === undefined) return "—";
  return best.name === "accuracy" ? formatPercent(best.value) : metricText(best.name, best.value);
}
