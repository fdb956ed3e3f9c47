import type { ReactElement } from "react";
import { formatPercent } from "../../../core/base/format.ts";
import type { JobView } from "../../../core/contract/run.ts";
import { useJobs } from "../../client/queries.ts";
import { href, paths } from "../../kit/navigation.ts";
import { ago } from "../../kit/numbers.tsx";

/** Jobs that are listed; the others are a click away. */
const MOST = 4;

/** The newest jobs of a project and how they stand; nothing where there are none. */
export function RecentJobs({ project }: { readonly project: string }): ReactElement | null {
  const { data } = useJobs(project);
  const present = data?.filter((v) => v.job.archivedAt === undefined) ?? [];
  if (present.length === 0) return null;
  return (
    <section aria-labelledby="recent-jobs-title">
      <div className="section-head">
        <h2 id="recent-jobs-title">Recent jobs</h2>
        {present.length > MOST && <a href={href(paths.jobs(project))}>All {present.length}</a>}
      </div>
      <ul className="plain-list card card-flush">
        {present
          .slice(-MOST)
          .toReversed()
          .map((view) => (
            <li key={view.job.id} className="dataset">
              <a href={href(paths.jobs(project, view.job.id))}>
                <strong>{view.job.title}</strong>
              </a>
              <span className={view.job.state === "failed" ? "tone-bad" : "muted"}>{stateText(view)}</span>
              <span className="muted">{ago(view.job.endedAt ?? view.job.at, Date.now())}</span>
            </li>
          ))}
      </ul>
    </section>
  );
}

/** "running, 40 %"; "failed: why". */
export function stateText({ job, progress }: Pick<JobView, "job" | "progress">): string {
  if (job.state === "failed" && job.failure !== undefined) return `failed: ${job.failure.message}`;
  if (job.state !== "running" || progress === undefined || progress.total === 0) return job.state;
  return `running, ${formatPercent(progress.done / progress.total, 0)}`;
}
