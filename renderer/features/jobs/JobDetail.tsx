import { type ReactElement } from "react";
import { formatBytes } from "../../../core/base/format.ts";
import type { JobLogEntry, Tryout } from "../../../core/contract/jobs.ts";
import type { JobView } from "../../../core/contract/run.ts";
import { Blocks } from "../../blocks/Blocks.tsx";
import { useJobLog } from "../../client/queries.ts";
import { duration } from "../../kit/numbers.tsx";
import { Failed, Loading, Refusal } from "../../kit/states.tsx";
import { curvesOf } from "./curves.ts";
import { JobControls } from "./JobControls.tsx";
import { JobFacts } from "./JobFacts.tsx";
import { JobProgressBar } from "./JobProgressBar.tsx";
import { JobResults } from "./JobResults.tsx";
import { LogList } from "./LogList.tsx";
import { Resources } from "./Resources.tsx";
import { StateTag } from "./StateTag.tsx";
import { useSlowly } from "./useSlowly.ts";

/** One job: how it stands, what it says, what came of it. */
export function JobDetail({ view }: { readonly view: JobView }): ReactElement {
  const { project, job } = view;
  const log = useJobLog(project, job.id);
  return (
    <section className="card job-detail" aria-labelledby="job-title">
      <div className="section-head">
        <h2 id="job-title">{job.title}</h2>
        <JobControls view={view} />
      </div>
      <p className="job-state">
        <StateTag state={job.state} /> {job.reason !== undefined && <span className="muted">{job.reason}</span>}
      </p>
      <JobProgressBar view={view} />
      <Resources view={view} />
      {job.failure !== undefined && <Refusal failure={job.failure} />}
      {job.tryout !== undefined && <Tried tryout={job.tryout} />}
      <JobResults view={view} log={log.data ?? []} />
      {log.failure !== undefined ? (
        <Failed failure={log.failure} retry={log.again} />
      ) : log.data === undefined ? (
        <Loading what="the log" />
      ) : (
        <>
          <Curves log={log.data} />
          <LogList entries={log.data} />
        </>
      )}
      <JobFacts view={view} />
    </section>
  );
}

/** Milliseconds between two drawings of the curves. */
const PACE = 500;

function Curves({ log }: { readonly log: readonly JobLogEntry[] }): ReactElement {
  return <Blocks blocks={curvesOf(useSlowly(log, PACE))} />;
}

function Tried({ tryout }: { readonly tryout: Tryout }): ReactElement {
  return (
    <div className="callout tone-good">
      <strong>It works.</strong>
      <span>
        {tryout.samples} samples took {duration(tryout.seconds)} and at most {formatBytes(tryout.memory)} of memory. No
        variant was made.
      </span>
    </div>
  );
}
