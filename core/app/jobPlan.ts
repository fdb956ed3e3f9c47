import { availableParallelism } from "node:os";
import { LatheError } from "../base/error.ts";
import type { Json } from "../base/json.ts";
import type { CalibrationPick } from "../contract/dataset.ts";
import type { JobPlan, JobStep } from "../contract/jobs.ts";
import type { Estimate } from "../contract/method.ts";
import type { Pipeline, PipelineStep } from "../contract/pipeline.ts";
import type { Variant } from "../contract/project.ts";
import { pickOf } from "../data/splits.ts";
import { findMethod } from "../methods/catalogue.ts";
import { readModel } from "../onnx/read.ts";
import { storedBytes, withModelFile } from "./modelFiles.ts";
import { checkApplies } from "./produce.ts";
import { checkName, findData, findVariant, trainingSamples, type Project, type Work } from "./project.ts";
import type { RunRequest } from "./recipe.ts";
import { referencesOf } from "./references.ts";
import { findSource, prepareRun } from "./runMethod.ts";

/** What a job is to do, as a person asks for it. */
export type JobRequest = {
  /** Data set by name or id; default: the newest. */
  readonly data?: string | undefined;
  /** Higher ones start first; default 0. */
  readonly priority?: number | undefined;
  /** Only tries the run on so many samples: see `tryOut`. */
  readonly tryout?: number | undefined;
} & (
  | {
      readonly run: RunRequest;
      readonly from?: string | undefined;
      /** Name of the variant. */
      readonly name?: string | undefined;
      /** Whether to measure what it makes; default: no. */
      readonly measure?: boolean | undefined;
    }
  | { readonly pipeline: Pipeline; readonly from?: string | undefined }
  /** Variants to measure, by id, name or hash. */
  | { readonly measure: readonly string[] }
);

export interface PlannedJob {
  readonly title: string;
  readonly plan: JobPlan;
  readonly estimate: Estimate | undefined;
}

/**
 * Makes a plan of a request, with every parameter and model that it names, and checks all that can be checked before
 * the work starts. ONNX files that it names are imported.
 * @throws as `runMethod` before it starts
 */
export async function planJob(project: Project, request: JobRequest, work: Work): Promise<PlannedJob> {
  const planned = await planWork(project, request, work);
  const { tryout } = request;
  if (tryout === undefined || planned.plan.steps.length === 0) return planned;
  // What the methods predict is for the whole run.
  return {
    title: `Tryout: ${planned.title}`,
    plan: { ...planned.plan, tryout, measure: [] },
    estimate: planned.estimate && { ...planned.estimate, seconds: 0, disk: 0 },
  };
}

async function planWork(project: Project, request: JobRequest, work: Work): Promise<PlannedJob> {
  const data = findData(project, request.data)?.id;
  if ("pipeline" in request) return planPipeline(project, request, { ...work, data });
  if (!("run" in request)) {
    const variants = request.measure.map((name) => findVariant(project, name));
    const [only] = variants;
    const title =
      variants.length === 1 && only !== undefined ? `Measuring ${only.name}` : `Measuring ${variants.length} variants`;
    const plan: JobPlan = { ...(data !== undefined && { data }), steps: [], measure: variants.map((v) => v.id) };
    return { title, plan, estimate: undefined };
  }
  const { from: asked, name, measure = false } = request;
  const { method, recipe, from } = await prepareRun(project, request.run, { ...work, from: asked, name });
  const { version, params, seed, threads, provider } = recipe;
  const step: JobStep = {
    method: recipe.method,
    version,
    params,
    seed,
    threads,
    ...(provider && { provider }),
    ...(name !== undefined && { name }),
    measure,
  };
  const { data: fingerprint, calibration } = recipe;
  const title = `${method.info.title} of ${from.name}`;
  return finish(project, { title, from, steps: [step], data, fingerprint, calibration });
}

async function planPipeline(
  project: Project,
  { pipeline, from: asked }: { readonly pipeline: Pipeline; readonly from?: string | undefined },
  { data, ...work }: Work & { readonly data: string | undefined },
): Promise<PlannedJob> {
  const from = findSource(project, {}, asked);
  const steps: JobStep[] = [];
  const titles: string[] = [];
  let { teacher } = pipeline;
  for (const [i, step] of pipeline.steps.entries()) {
    const { info } = await findMethod(step.method);
    const given = withTeacher(step, { teacher, takesOne: referencesOf(info).includes("teacher") });
    if (typeof given["teacher"] === "string") ({ teacher } = given as { teacher: string });
    const later = pipeline.steps.slice(0, i).flatMap(({ name }) => (name === undefined ? [] : [name]));
    if (step.name !== undefined && later.includes(step.name)) {
      throw new LatheError("invalid-recipe", `Two steps of the pipeline make a variant called "${step.name}".`, {
        hint: "Give each step a name of its own.",
      });
    }
    const run = runOf(step, given, pipeline);
    const { recipe } = await prepareRun(project, run, { ...work, from: from.id, name: step.name, later });
    steps.push({
      method: recipe.method,
      version: recipe.version,
      params: recipe.params,
      seed: recipe.seed,
      threads: recipe.threads,
      ...(recipe.provider && { provider: recipe.provider }),
      ...(step.name !== undefined && { name: checkName(step.name) }),
      measure: step.measure ?? pipeline.measure ?? true,
    });
    titles.push(info.title);
  }
  const title = `${titles.join(" → ")} of ${from.name}`;
  return finish(project, { title, from, steps, data, fingerprint: undefined, calibration: undefined });
}

/** A teacher stays until a step names another one. */
function withTeacher(
  { params }: PipelineStep,
  { teacher, takesOne }: { readonly teacher: string | undefined; readonly takesOne: boolean },
): Record<string, Json> {
  return takesOne && teacher !== undefined ? { teacher, ...params } : { ...params };
}

function runOf(step: PipelineStep, params: Record<string, Json>, pipeline: Pipeline): RunRequest {
  const common = {
    method: step.method,
    params,
    seed: step.seed ?? pipeline.seed ?? 0,
    threads: pipeline.threads ?? Math.min(8, availableParallelism()),
    ...(pipeline.provider && { provider: pipeline.provider }),
  };
  return step.version === undefined ? common : { recipe: { lathe: 1, version: step.version, ...common } };
}

interface Unfinished {
  readonly title: string;
  readonly from: Variant;
  readonly steps: JobStep[];
  readonly data: string | undefined;
  readonly fingerprint: string | undefined;
  readonly calibration: CalibrationPick | undefined;
}

/** Checks what the methods say of the model, and adds up what the steps will take. */
async function finish(project: Project, unfinished: Unfinished): Promise<PlannedJob> {
  const { title, from, steps, data, fingerprint } = unfinished;
  // What calibrates stands with the job, whatever is chosen before it starts or goes on.
  const stored = data === undefined ? undefined : findData(project, data);
  const calibration = unfinished.calibration ?? (stored && pickOf(stored.splits));
  const total = { seconds: 0, memory: 0, disk: 0 };
  await withModelFile(project, from, async (path) => {
    const model = await readModel(path, project.host);
    for (const [i, { method: id, params }] of steps.entries()) {
      const method = await findMethod(id);
      if (method.needsData(params) && data === undefined) {
        throw new LatheError("not-found", `${id} needs samples, and this project has no data.`, {
          hint: "Import some first: lathe import data PATH.",
        });
      }
      // What a later step will find is only known once the one before it is done.
      if (i === 0) checkApplies(method, from, model);
      const { seconds, memory, disk } = method.estimate(model, params, stored && trainingSamples(stored));
      total.seconds += seconds;
      total.memory = Math.max(total.memory, memory);
      total.disk += disk + storedBytes(from);
    }
  });
  const plan: JobPlan = {
    from: { variant: from.id, sha256: from.model.sha256 },
    ...(data !== undefined && { data }),
    ...(fingerprint !== undefined && { fingerprint }),
    ...(calibration && { calibration }),
    steps,
    measure: [],
  };
  return { title, plan, estimate: total };
}
