import { Button, ProgressBar } from "@blueprintjs/core";
import { useState, type ReactElement } from "react";
import { formatBytes } from "../../../core/base/format.ts";
import type { Failure } from "../../../core/contract/failure.ts";
import type { JobView } from "../../../core/contract/run.ts";
import { useEngine } from "../../client/engine.ts";
import { failureOf } from "../../client/failure.ts";
import { useJobs } from "../../client/queries.ts";
import { duration } from "../../kit/numbers.tsx";
import { Refusal } from "../../kit/states.tsx";

const SAMPLES = 32;

export interface TryOutProps {
  readonly project: string;
  readonly start: (samples: number) => Promise<JobView>;
}

/** Runs the recipe on a few samples and for one epoch, to see whether it works and what it takes. */
export function TryOut({ project, start }: TryOutProps): ReactElement {
  const { client } = useEngine();
  const [id, setId] = useState<string>();
  const [failure, setFailure] = useState<Failure>();
  const view = useJobs(project).data?.find((v) => v.job.id === id);
  const isOver =
    view !== undefined && ["done", "failed", "cancelled", "interrupted", "paused"].includes(view.job.state);
  const isRunning = id !== undefined && !isOver;
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    setFailure(undefined);
    try {
      await work();
    } catch (thrown) {
      setFailure(failureOf(thrown));
    }
  };
  const begin = (): Promise<void> => attempt(async () => setId((await start(SAMPLES)).job.id));
  const cancel = (): Promise<void> =>
    attempt(async () => {
      if (id !== undefined) await client.jobs.cancel({ project, job: id });
    });
  const stage = view?.progress?.stage ?? "";
  return (
    <section className="tryout" aria-labelledby="tryout-title">
      <div className="section-head">
        <h3 id="tryout-title">Does it work?</h3>
        {isRunning ? (
          <Button size="small" icon="stop" text="Stop trying" onClick={() => void cancel()} />
        ) : (
          <Button size="small" icon="lab-test" text={`Try on ${SAMPLES} samples`} onClick={() => void begin()} />
        )}
      </div>
      {isRunning ? (
        <>
          <p className="tryout-stage">
            {view?.job.state === "queued" ? "Waiting for its turn" : stage === "" ? "Starting" : stage}
          </p>
          <ProgressBar intent="primary" aria-label="Tryout" />
        </>
      ) : (
        view === undefined &&
        failure === undefined && (
          <p className="muted">For one epoch at most. Makes no variant, and tells time and memory.</p>
        )
      )}
      <div role="status">{isOver && <Outcome view={view} />}</div>
      {failure !== undefined && <Refusal failure={failure} />}
    </section>
  );
}

function Outcome({ view: { job } }: { readonly view: JobView }): ReactElement {
  const { tryout, failure, state } = job;
  if (failure !== undefined) return <Refusal failure={failure} />;
  if (tryout === undefined) return <p className="muted">The tryout is {state}.</p>;
  return (
    <div className="callout tone-good">
      <strong>It works.</strong>
      <span>
        {tryout.samples} samples took {duration(tryout.seconds)} and at most {formatBytes(tryout.memory)} of memory.
      </span>
      {tryout.steps.length > 1 && (
        <span>{tryout.steps.map((s) => `${s.method} ${duration(s.seconds)}`).join(", ")}.</span>
      )}
    </div>
  );
}
