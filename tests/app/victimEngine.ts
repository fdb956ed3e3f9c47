import { join } from "node:path";
import { forkJob } from "../../core/app/jobLaunch.ts";
import { openEngine } from "../../core/app/jobs.ts";
import type { LaunchJob } from "../../core/app/jobMessages.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { openProject } from "../../core/app/project.ts";
import { pipeline } from "../../core/contract/pipeline.ts";
import { addMethods } from "../../core/methods/catalogue.ts";

/**
 * An engine that is there to be killed, and whose jobs are. Opens the project, submits the pipeline unless there is a job
 * already, resumes the job as often as it is interrupted, and ends when it is done. Each line that it prints is the
 * number of a job's process, "gone" when that has ended, or "done". Arguments: folder of the project, pipeline as JSON.
 */
const [folder = "", asked = "{}"] = process.argv.slice(2);
const methods = join(import.meta.dirname, "..", "extraMethods");
await addMethods(methods);
const launch: LaunchJob = ({ onMessage, onExit }) => {
  const told = (how: string, lastWords: string): void => {
    process.stdout.write("gone\n");
    onExit(how, lastWords);
  };
  return forkJob({ onMessage, onExit: told }, (pid) => process.stdout.write(`${pid}\n`));
};
const project = await openProject(folder, "write", nodeHost);
const engine = await openEngine(project, { methods, launch });
if (engine.list().length === 0) {
  const work = { signal: new AbortController().signal, emit: () => undefined };
  await engine.submit({ pipeline: pipeline.parse(JSON.parse(asked)), from: "v1" }, work);
}
for (;;) {
  const [job] = engine.list();
  if (job === undefined) throw new Error("The job is gone.");
  if (job.state === "interrupted") engine.resume(job.id);
  const { state, failure, reason } = await engine.settled(job.id);
  if (state === "done") break;
  if (state !== "interrupted") throw new Error(`${state}: ${failure?.message ?? reason ?? ""}`);
}
await engine.close();
project.store.close();
process.stdout.write("done\n");
