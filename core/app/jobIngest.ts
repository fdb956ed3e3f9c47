import { existsSync, readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { jobMeasurements, jobStepOutput, tryout, type Job, type JobState } from "../contract/jobs.ts";
import { trial } from "../contract/trial.ts";
import { lockJob } from "../store/lock.ts";
import type { ProjectStore } from "../store/store.ts";
import { jobFolder, jobsFolder, readRecord, runsOf } from "./jobFolder.ts";
import { readLines } from "./lines.ts";
import { methodOfRun, TRIALS } from "./produce.ts";
import type { Project } from "./project.ts";
import { recordOutput } from "./record.ts";

/** States of jobs that a process works on. */
export const WORKING: readonly JobState[] = ["running", "cancelling"];

/**
 * Puts into the project's records what the process of a job has left on disk and is not there yet: models, measurements,
 * trials. Each comes in once, however often this is called and whatever happens in the middle of it.
 * @returns the job as it then is
 * @throws disk-full, read-only
 */
export function ingest(project: Project, job: Job): Job {
  const { store } = project;
  const folder = jobFolder(store.folder, job.id);
  if (job.plan.tryout !== undefined) {
    const tried = job.tryout ?? readRecord(folder.tryout, tryout);
    if (tried === undefined || job.tryout !== undefined) return job;
    const done: Job = { ...job, tryout: tried };
    store.jobs.save(done);
    return done;
  }
  ingestTrials(store, job);
  let current = job;
  while (current.made.length < job.plan.steps.length) {
    const output = readRecord(folder.output(current.made.length + 1), jobStepOutput);
    if (output === undefined) break;
    // The variants and that the job has them come in together or not at all.
    store.together(() => {
      const variants = recordOutput(project, output).map((v) => v.id);
      current = { ...current, made: [...current.made, variants] };
      store.jobs.save(current);
    });
  }
  const measured = current.isMeasured ? undefined : readRecord(folder.measured, jobMeasurements);
  if (measured === undefined) return current;
  store.together(() => {
    const known = new Map(store.variants().map((v) => [v.id, v]));
    for (const { variant, measurements } of measured) {
      const found = known.get(variant);
      if (found !== undefined) store.updateVariant({ ...found, measurements });
    }
    current = { ...current, isMeasured: true };
    store.jobs.save(current);
  });
  return current;
}

function ingestTrials(store: ProjectStore, { id }: Job): void {
  const folder = jobFolder(store.folder, id);
  for (const run of runsOf(folder)) {
    const first = store.trials.countOf({ job: id, run });
    const found = readLines(join(folder.work, run, TRIALS), trial, first);
    if (found.length > 0) store.trials.add({ job: id, method: methodOfRun(run), run }, found, first);
  }
}

/** Whether all that a job is to do has been done and recorded. */
export function isComplete({ plan, made, isMeasured, tryout: tried }: Job): boolean {
  if (plan.tryout !== undefined) return tried !== undefined;
  const isToMeasure = plan.measure.length > 0 || plan.steps.some((s) => s.measure);
  return made.length === plan.steps.length && (isMeasured || !isToMeasure);
}

/** States in which a job may have left something that is not recorded yet. */
export const UNSETTLED: readonly JobState[] = [...WORKING, "interrupted"];

/**
 * Brings a project into order whose engine, or whose jobs' processes, died: what they have finished is recorded, and
 * jobs that nobody works on any more are interrupted. Cheap where there is nothing to do. Only for the engine that owns
 * the project.
 * @returns the jobs that were changed
 */
export async function recover(project: Project): Promise<readonly Job[]> {
  const { store, host } = project;
  const changed: Job[] = [];
  for (const job of store.jobs.list(UNSETTLED)) {
    const { reason = "Lathe ended while it ran.", ...current } = ingest(project, job);
    const isDone = isComplete(current);
    if (job.state === "interrupted" && !isDone) continue;
    const now = host.clock.now();
    const state = job.state === "cancelling" ? "cancelled" : "interrupted";
    const saved: Job = { ...current, endedAt: now, ...(isDone ? { state: "done" } : { state, reason }) };
    store.jobs.save(saved);
    const folder = jobFolder(store.folder, job.id);
    // A process on its way out may still write there.
    if (isDone && isFree(folder.path, now)) await rm(folder.work, { recursive: true, force: true });
    changed.push(saved);
  }
  await sweep(store.folder);
  return changed;
}

function isFree(path: string, now: string): boolean {
  if (!existsSync(path)) return true;
  const lock = lockJob(path, now);
  lock?.release();
  return lock !== undefined;
}

/** Ends the name of a job's folder that is being removed. */
export const REMOVED = ".removed";

/** Finishes removals in the middle of which Lathe ended. */
async function sweep(project: string): Promise<void> {
  const folder = jobsFolder(project);
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    if (name.endsWith(REMOVED)) await rm(join(folder, name), { recursive: true, force: true });
  }
}
