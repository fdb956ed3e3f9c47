import { LatheError } from "../base/error.ts";
import type { RunAsked } from "../contract/run.ts";
import { loadCatalogue } from "../methods/catalogue.ts";
import type { Project } from "./project.ts";

/**
 * The run that makes one trial again: that of its job, narrowed to the trial's point.
 * @throws not-found for a trial that is not there or whose job was removed; unsupported where a trial is no model
 */
export async function trialRecipe({ store }: Project, id: number): Promise<RunAsked> {
  const [stored] = store.trials.get([id]);
  if (stored === undefined) {
    throw new LatheError("not-found", `There is no trial "${id}" in this project.`, {
      hint: "lathe trials lists them.",
    });
  }
  const { job: name, method, trial } = stored;
  const job = store.jobs.find(name);
  const step = job?.plan.steps.find((s) => s.method === method);
  if (job === undefined || step === undefined) {
    throw new LatheError("not-found", `The job "${name}" of trial "${id}" was removed.`, {
      hint: "Its parameters went with it; run a search with the point as a starting point.",
    });
  }
  const params = (await loadCatalogue()).get(method)?.again(step.params, trial);
  if (params === undefined || job.plan.from === undefined) {
    throw new LatheError("unsupported", `A trial of ${method} is no model of its own.`, {
      hint: "Trials of architecture searches can be made again.",
    });
  }
  const { seed, threads, provider } = step;
  return {
    method,
    params,
    seed,
    threads,
    ...(provider !== undefined && { provider }),
    from: job.plan.from.variant,
    ...(job.plan.data !== undefined && { data: job.plan.data }),
    measure: true,
  };
}
