import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { openEngine, type Engine, type EngineOptions, type JobRequest } from "../../core/app/jobs.ts";
import type { Project } from "../../core/app/project.ts";
import type { JobState, JobView } from "../../core/contract/jobs.ts";
import { addMethods } from "../../core/methods/catalogue.ts";
import { tinyProject } from "./fixtures.ts";

// Each job is a process; compiling all of the engine anew for each takes longer than the jobs.
process.env["NODE_COMPILE_CACHE"] ??= join(tmpdir(), "lathe-test-code");

export const extraMethods = join(import.meta.dirname, "..", "extraMethods");

await addMethods(extraMethods);

/** A project with the tiny model and its data, and its queue; both are closed when the test is over. */
export async function tinyEngine(
  options: EngineOptions = {},
): Promise<{ readonly project: Project; readonly folder: string; readonly engine: Engine }> {
  const { project, folder } = await tinyProject();
  const engine = await openEngine(project, { methods: extraMethods, ...options });
  onTestFinished(async () => {
    await engine.close();
    project.store.close();
  });
  return { project, folder, engine };
}

/** A request of the method that tries scales. */
export function tryScales(params: object = {}, more: object = {}): JobRequest {
  const run = { method: "try-scales", params: { trials: 4, ...params }, seed: 1, threads: 1 };
  return { run, from: "v1", ...more };
}

/** Resolves once the job has what is looked for. */
export async function reaches(engine: Engine, id: string, isSo: (job: JobView) => boolean): Promise<JobView> {
  for (;;) {
    const job = engine.find(id);
    if (isSo(job)) return job;
    const over: readonly JobState[] = ["done", "failed"];
    if (over.includes(job.state)) throw new Error(`${id} is ${job.state}: ${job.failure?.message ?? ""}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export const inState =
  (state: JobState) =>
  (job: JobView): boolean =>
    job.state === state;
