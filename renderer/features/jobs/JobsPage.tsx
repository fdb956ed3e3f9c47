import { Button, Switch } from "@blueprintjs/core";
import { useState, type ReactElement } from "react";
import { formatNumber, formatPercent } from "../../../core/base/format.ts";
import type { JobView } from "../../../core/contract/run.ts";
import type { VariantView } from "../../../core/contract/views.ts";
import { useJobs, useOverview } from "../../client/queries.ts";
import { href, paths, useGo } from "../../kit/navigation.ts";
import { ago, duration, shown } from "../../kit/numbers.tsx";
import { Empty, Failed, Loading } from "../../kit/states.tsx";
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
  const [showsArchived, setShowsArchived] = useState(false);
  if (failure !== undefined) return <Failed failure={failure} retry={again} />;
  if (data === undefined) return <Loading what="the jobs" />;
  if (data.length === 0) {
    return (
      <Empty
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
              <th scope="col">State</th>
              <th scope="col">Progress</th>
              <th scope="col" className="end">
                Elapsed
              </th>
              <th scope="col" className="end">
                Left
              </th>
              <th scope="col">Device</th>
              <th scope="col" className="end">
                Best
              </th>
              <th scope="col">Started</th>
            </tr>
          </thead>
          <tbody>
            {listed.toReversed().map((view) => (
              <JobRow key={view.job.id} view={view} isChosen={view === chosen} variants={variants} />
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
}

function JobRow({ view, isChosen, variants }: JobRowProps): ReactElement {
  const { job, project, progress } = view;
  const provider = job.plan.steps[0]?.provider ?? "cpu";
  return (
    <tr className={isChosen ? "row-chosen" : ""}>
      <th scope="row">
        <a className="row-link" href={href(paths.jobs(project, job.id))} aria-current={isChosen ? "true" : undefined}>
          {job.title}
        </a>
      </th>
      <td>
        <StateTag state={job.state} />
      </td>
      <td className="job-progress">
        <JobProgressBar view={view} />
      </td>
      <td className="end">{job.seconds > 0 ? duration(job.seconds) : "—"}</td>
      <td className="end">{progress?.secondsLeft === undefined ? "—" : duration(progress.secondsLeft)}</td>
      <td>{providerName.find((p) => p.value === provider)?.label ?? provider}</td>
      <td className="end">{bestText(view, variants)}</td>
      <td className="muted job-at">{job.startedAt === undefined ? "—" : ago(job.startedAt, Date.now())}</td>
    </tr>
  );
}

/** Top-1 of what came of it; while it runs, the best that it has told of. */
function bestText({ made, progress }: JobView, variants: readonly VariantView[]): string {
  const result = variants.find((v) => v.id === made.at(-1));
  const accuracy = result && shown.accuracy(result);
  if (accuracy !== undefined) return accuracy.text;
  const best = progress?.best;
  if (best === undefined) return "—";
  return best.name === "accuracy" ? formatPercent(best.value) : `${best.name} ${formatNumber(best.value)}`;
}
