import { Alert, Button, ButtonGroup, HTMLSelect } from "@blueprintjs/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState, type ReactElement } from "react";
import type { JobView } from "../../../core/contract/run.ts";
import { useEngine } from "../../client/engine.ts";
import { failureOf } from "../../client/failure.ts";
import { keys } from "../../client/keys.ts";
import { useCommand } from "../../kit/commands.ts";
import { paths, useGo } from "../../kit/navigation.ts";
import { toast } from "../../kit/toast.ts";

const PRIORITIES: readonly (readonly [number, string])[] = [
  [10, "High priority"],
  [0, "Normal priority"],
  [-10, "Low priority"],
];

/** What can be done to a job now. */
export function JobControls({ view }: { readonly view: JobView }): ReactElement {
  const { client } = useEngine();
  const queries = useQueryClient();
  const go = useGo();
  const [isRemoving, setRemoving] = useState(false);
  const { project, job, can } = view;
  const name = { project, job: job.id };
  const attempt = async (work: Promise<unknown>): Promise<void> => {
    try {
      await work;
    } catch (thrown) {
      await toast(failureOf(thrown).message, { tone: "bad" });
    }
  };
  const remove = async (): Promise<void> => {
    setRemoving(false);
    await attempt(client.jobs.remove(name));
    go(paths.jobs(project));
    await queries.invalidateQueries({ queryKey: keys.jobs(project) });
  };
  const archive = async (isArchived: boolean): Promise<void> => {
    await attempt(client.jobs.archive({ ...name, isArchived }));
    if (!isArchived) return;
    go(paths.jobs(project));
    await toast(`${job.title} is archived.`, { undo: () => void archive(false) });
  };
  const isAtRest = !["queued", "running", "cancelling"].includes(job.state);
  const isArchived = job.archivedAt !== undefined;
  useCommand("edit.archive", () => void archive(true), isAtRest && !isArchived);
  const known = PRIORITIES.some(([value]) => value === job.priority);
  return (
    <div className="row job-controls">
      {job.state === "queued" && (
        <HTMLSelect
          aria-label="Priority"
          value={job.priority}
          options={[
            ...PRIORITIES.map(([value, label]) => ({ value, label })),
            ...(known ? [] : [{ value: job.priority, label: `Priority ${job.priority}` }]),
          ]}
          onChange={(event) =>
            void attempt(client.jobs.setPriority({ ...name, priority: Number(event.currentTarget.value) }))
          }
        />
      )}
      {(can.pause || can.resume || can.cancel) && (
        <ButtonGroup>
          {can.pause && <Button icon="pause" text="Pause" onClick={() => void attempt(client.jobs.pause(name))} />}
          {can.resume && (
            <Button icon="play" intent="primary" text="Resume" onClick={() => void attempt(client.jobs.resume(name))} />
          )}
          {can.cancel && <Button icon="stop" text="Cancel" onClick={() => void attempt(client.jobs.cancel(name))} />}
        </ButtonGroup>
      )}
      {job.plan.steps.length > 0 && (
        <Button icon="edit" text="Clone and edit" onClick={() => go(paths.wizard(project, { job: job.id }))} />
      )}
      {isAtRest && (
        <Button
          variant="minimal"
          icon={isArchived ? "unarchive" : "archive"}
          text={isArchived ? "Bring back" : "Archive"}
          title={isArchived ? "" : "Puts the job out of sight (Del)"}
          onClick={() => void archive(!isArchived)}
        />
      )}
      {isAtRest && (
        <Button variant="minimal" icon="trash" aria-label="Remove this job" onClick={() => setRemoving(true)} />
      )}
      <Alert
        isOpen={isRemoving}
        intent="danger"
        icon="trash"
        confirmButtonText="Remove job"
        cancelButtonText="Keep it"
        onConfirm={() => void remove()}
        onCancel={() => setRemoving(false)}
      >
        <p>The log and the checkpoints of “{job.title}” are deleted. Variants that it made stay.</p>
      </Alert>
    </div>
  );
}
