import { Button, ButtonGroup } from "@blueprintjs/core";
import { type ReactElement } from "react";
import type { JobLogEntry } from "../../../core/contract/jobs.ts";
import type { JobView } from "../../../core/contract/run.ts";
import type { ReportBlock } from "../../../core/contract/report.ts";
import { Blocks } from "../../blocks/Blocks.tsx";
import { useEngine } from "../../client/engine.ts";
import { failureOf } from "../../client/failure.ts";
import { useJobLog, useOverview } from "../../client/queries.ts";
import { paths, useGo } from "../../kit/navigation.ts";
import { Figure, shown } from "../../kit/numbers.tsx";
import { Failed, Loading, Refusal } from "../../kit/states.tsx";
import { toast } from "../../kit/toast.ts";
import { JobProgressBar } from "./JobProgressBar.tsx";
import { LogList } from "./LogList.tsx";
import { StateTag } from "./StateTag.tsx";

/** One job: how it stands, what it says, what came of it. */
export function JobDetail({ view }: { readonly view: JobView }): ReactElement {
  const { project, job } = view;
  const log = useJobLog(project, job.id);
  return (
    <section className="card job-detail" aria-labelledby="job-title">
      <div className="section-head">
        <h2 id="job-title">{job.title}</h2>
        <Controls view={view} />
      </div>
      <p className="job-state">
        <StateTag state={job.state} /> {job.reason !== undefined && <span className="muted">{job.reason}</span>}
      </p>
      <JobProgressBar view={view} />
      {job.failure !== undefined && <Refusal failure={job.failure} />}
      <Results view={view} />
      {log.failure !== undefined ? (
        <Failed failure={log.failure} retry={log.again} />
      ) : log.data === undefined ? (
        <Loading what="the log" />
      ) : (
        <>
          <Blocks blocks={curvesOf(log.data)} />
          <LogList entries={log.data} />
        </>
      )}
      <details>
        <summary>What it runs</summary>
        <pre className="code" tabIndex={0} role="region" aria-label="Plan of the job">
          {JSON.stringify(job.plan.steps, undefined, 2)}
        </pre>
      </details>
    </section>
  );
}

function Controls({ view: { project, job, can } }: { readonly view: JobView }): ReactElement | null {
  const { client } = useEngine();
  const ask = async (what: "pause" | "resume" | "cancel"): Promise<void> => {
    try {
      await client.jobs[what]({ project, job: job.id });
    } catch (thrown) {
      await toast(failureOf(thrown).message, { tone: "bad" });
    }
  };
  if (!can.pause && !can.resume && !can.cancel) return null;
  return (
    <ButtonGroup>
      {can.pause && <Button icon="pause" text="Pause" onClick={() => void ask("pause")} />}
      {can.resume && <Button icon="play" intent="primary" text="Resume" onClick={() => void ask("resume")} />}
      {can.cancel && <Button icon="stop" text="Cancel" onClick={() => void ask("cancel")} />}
    </ButtonGroup>
  );
}

/** The variants that came of it, as they are now. */
function Results({ view: { project, job, made: ids } }: { readonly view: JobView }): ReactElement | null {
  const go = useGo();
  const overview = useOverview(project);
  const made = overview.data?.variants.filter((v) => ids.includes(v.id)) ?? [];
  if (made.length === 0) return null;
  return (
    <div className="job-results">
      {made.map((variant) => (
        <dl key={variant.id} className="numbers">
          <div>
            <dt>Made</dt>
            <dd>{variant.name}</dd>
          </div>
          <div>
            <dt>Δ Top-1</dt>
            <dd>
              <Figure value={shown.difference(variant)} />
            </dd>
          </div>
          <div>
            <dt>Speed-up</dt>
            <dd>
              <Figure value={shown.speedUp(variant)} />
            </dd>
          </div>
          <div>
            <dt>Size</dt>
            <dd>
              <Figure value={shown.size(variant)} />
            </dd>
          </div>
        </dl>
      ))}
      {job.state === "done" && (
        <div className="actions">
          <Button intent="primary" icon="comparison" text="Compare" onClick={() => go(paths.compare(project))} />
          <Button text="Back to the overview" onClick={() => go(paths.overview(project))} />
        </div>
      )}
    </div>
  );
}

/** Metrics that were told more than once, as curves over their count. */
function curvesOf(log: readonly JobLogEntry[]): readonly ReportBlock[] {
  const series = new Map<string, [number, number][]>();
  for (const { event } of log) {
    if (event.kind !== "metric") continue;
    const points = series.get(event.name) ?? [];
    points.push([points.length + 1, event.value]);
    series.set(event.name, points);
  }
  return [...series]
    .filter(([, points]) => points.length > 1)
    .map(([label, points]) => ({
      kind: "lines",
      title: label,
      x: { title: "Report", scale: "linear" },
      y: { title: label, scale: "linear" },
      series: [{ label, points }],
    }));
}
