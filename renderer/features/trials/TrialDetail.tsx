import { Button } from "@blueprintjs/core";
import { useEffect, useRef, useState, type ReactElement } from "react";
import type { Failure } from "../../../core/contract/failure.ts";
import { flatPoint } from "../../../core/contract/trial.ts";
import type { StoredTrial } from "../../../core/contract/trials.ts";
import { useEngine } from "../../client/engine.ts";
import { failureOf } from "../../client/failure.ts";
import { href, paths, useGo } from "../../kit/navigation.ts";
import { duration } from "../../kit/numbers.tsx";
import { Refusal } from "../../kit/states.tsx";
import { cellText } from "./cells.ts";

export interface TrialDetailProps {
  readonly project: string;
  readonly trial: StoredTrial;
  readonly onClose: () => void;
}

/** All that is known of one trial, and how to go on from it. */
export function TrialDetail({ project, trial: stored, onClose }: TrialDetailProps): ReactElement {
  const { client } = useEngine();
  const go = useGo();
  const [failure, setFailure] = useState<Failure>();
  const [isAsking, setAsking] = useState(false);
  const { trial, job, method, id } = stored;
  const card = useRef<HTMLElement>(null);
  // It stands below the table, out of sight of whoever chose the row.
  useEffect(() => {
    // In newer browsers it gives something back, which is nothing for React to call.
    card.current?.scrollIntoView({ block: "nearest" });
  }, [id]);
  const make = async (): Promise<void> => {
    setAsking(true);
    setFailure(undefined);
    try {
      const run = await client.trials.recipe({ project, trial: id });
      const started = await client.jobs.run({ project, run });
      go(paths.jobs(project, started.job.id));
    } catch (thrown) {
      setFailure(failureOf(thrown));
    } finally {
      setAsking(false);
    }
  };
  const facts = [
    ...Object.keys(flatPoint(trial.point)).map((name) => ({ name, value: cellText(stored, { id: `param.${name}` }) })),
    ...Object.keys(trial.values).map((name) => ({ name, value: cellText(stored, { id: `value.${name}` }) })),
  ];
  return (
    <section className="card trial-detail" aria-labelledby="trial-title" ref={card}>
      <div className="section-head">
        <h2 id="trial-title">
          Trial {trial.number}
          {trial.group !== undefined && ` of ${trial.group}`}
        </h2>
        <Button size="small" variant="minimal" icon="cross" aria-label="Close the trial" onClick={onClose} />
      </div>
      <p className="muted">
        {trial.state === "done" ? "Finished" : trial.state === "stopped" ? "Stopped early" : "Failed"} after{" "}
        {duration(trial.seconds)}, by {method}
        {job !== "" && (
          <>
            {" "}
            in job <a href={href(paths.jobs(project, job))}>{job}</a>
          </>
        )}
        .{trial.note !== undefined && ` ${trial.note}`}
      </p>
      <dl className="facts">
        {facts.map(({ name, value }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {failure !== undefined && <Refusal failure={failure} />}
      <div className="actions">
        <Button intent="primary" text="Train it as a variant" loading={isAsking} onClick={() => void make()} />
        <Button icon="edit" text="Edit…" onClick={() => go(paths.wizard(project, { trial: String(id) }))} />
        <Button
          icon="duplicate"
          text="Copy its parameters"
          onClick={() => void navigator.clipboard.writeText(JSON.stringify(trial.point))}
        />
      </div>
    </section>
  );
}
