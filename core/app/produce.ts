import { toLatheError } from "../base/error.ts";
import { hash } from "../base/hash.ts";
import { canonicalJson, type Json } from "../base/json.ts";
import { LatheError } from "../base/error.ts";
import type { JobStepOutput } from "../contract/jobs.ts";
import type { Preprocessing } from "../contract/preprocessing.ts";
import type { Recipe, Variant } from "../contract/project.ts";
import type { Trial } from "../contract/trial.ts";
import type { TrialOrigin } from "../contract/trials.ts";
import type { Model } from "../graph/model.ts";
import { refuseNan } from "../graph/nanConstants.ts";
import { whyNotRunnable } from "../graph/runnable.ts";
import { pickOf } from "../data/splits.ts";
import { findMethod } from "../methods/catalogue.ts";
import type { Method, MethodResult } from "../methods/define.ts";
import { loadTensors, readModel } from "../onnx/read.ts";
import { joinBranches } from "../transform/selectBranches.ts";
import { checkDisk } from "./disk.ts";
import { storedBytes, storeModel, withModelFile } from "./modelFiles.ts";
import { findData, trainingSamples, type Project, type Work } from "./project.ts";
import { openData, type OpenedData } from "./projectData.ts";
import { openReferenced } from "./references.ts";
import { atPreparedSizes, releaseSizes, type Sized } from "./preparedSizes.ts";
import { openTrialLog } from "./trialLog.ts";
import { engineFacts } from "./version.ts";

export interface ProduceOptions extends Work {
  readonly from: Variant;
  readonly name?: string | undefined;
  /** Data set by id or name; default: the newest. */
  readonly data?: string | undefined;
  /** Folder for what an interrupted run goes on from; each run makes one of its own in it. */
  readonly work: string;
  /** Hears of the trials that are on disk, those of an earlier attempt among them, with the place of the first. */
  readonly onTrials?: (origin: Omit<TrialOrigin, "job">, trials: readonly Trial[], first: number) => void;
}

/** Name of the file with a run's trials, in its folder. */
export const TRIALS = "trials.jsonl";

/**
 * Runs a complete recipe on a variant and puts the models that it makes into the project's artefacts. The records of
 * the project stay as they are, so it only has to be open for reading.
 * @throws invalid-recipe, unsupported where the method does not apply, not-found, integrity, disk-full, cancelled
 */
export async function produce(project: Project, recipe: Recipe, options: ProduceOptions): Promise<JobStepOutput> {
  const { store, host } = project;
  const { from, emit } = options;
  const method = await findMethod(recipe.method);
  const data = await dataOf(project, method, { recipe, options });
  try {
    return await withModelFile(project, from, async (path) => {
      emit({ kind: "stage", name: `Reading ${from.name}` });
      const model = await loadTensors(await readModel(path, host), host);
      checkApplies(method, from, model);
      const { disk } = method.estimate(model, recipe.params, data && trainingSamples(data.data));
      await checkDisk(store.folder, disk + storedBytes(from));
      emit({ kind: "stage", name: method.info.title });
      const full = {
        ...recipe,
        from: from.model.sha256,
        ...(data && { data: data.fingerprint, calibration: pickOf(data.data.splits) }),
      };
      const bound = atPreparedSizes(model, preparationOf(project, options.data));
      const made = await runIn(project, { method, recipe: full, model: bound, data }, options);
      const result = await released(made, { bound, open: model }, { host, signal: options.signal });
      emit({ kind: "stage", name: "Storing the model" });
      return await outputOf(project, result, { recipe: full, options });
    });
  } finally {
    await data?.close();
  }
}

/** How samples are prepared, where the project has any. */
function preparationOf(project: Project, data: string | undefined): Preprocessing | undefined {
  return findData(project, data)?.preprocessing;
}

/** What a method made, with Ifs where it has chosen between both branches, and the sizes open that were open before. */
async function released(
  made: MethodResult<Json>,
  sized: Sized,
  options: Parameters<typeof releaseSizes>[2],
): Promise<MethodResult<Json>> {
  const release = async <T extends Pick<MethodResult<Json>, "model" | "warnings">>(one: T): Promise<T> => {
    const joined = Object.freeze({ ...one.model, graph: joinBranches(one.model.graph) });
    const { model, warning } = await releaseSizes(joined, sized, options);
    return { ...one, model, warnings: [...one.warnings, ...(warning === undefined ? [] : [warning])] };
  };
  const others = made.others && (await Promise.all(made.others.map(release)));
  return { ...(await release(made)), ...(others && { others }) };
}

/** What makes a run's folder: all that decides on the result, down to the versions that make it. */
function runKey(recipe: Recipe): string {
  return hash(canonicalJson({ recipe, engine: engineFacts() }));
}

/** The name of a run: the method and the start of its key. It names the run's folder, and its trials in the project. */
export function runName(recipe: Recipe): string {
  return `${recipe.method}-${runKey(recipe).slice(0, 16)}`;
}

/** The method of a run, from its name. */
export function methodOfRun(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf("-")));
}

interface Running {
  readonly method: Method;
  readonly recipe: Recipe;
  readonly model: Model;
  readonly data: OpenedData | undefined;
}

async function runIn(
  project: Project,
  { method, recipe, model, data }: Running,
  { signal, emit, work, onTrials }: ProduceOptions,
): Promise<MethodResult<Json>> {
  const { host } = project;
  const key = runKey(recipe);
  const run = runName(recipe);
  const folder = host.files.join(work, run);
  const origin = { method: recipe.method, run };
  const trials = openTrialLog(host.files.join(folder, TRIALS), (added, place) => onTrials?.(origin, [added], place));
  if (trials.done.length > 0) onTrials?.(origin, [...trials.done], 0);
  try {
    return await method.run({
      model,
      params: recipe.params,
      seed: recipe.seed,
      calibration: data?.stream("calibration"),
      ...(data && { split: data.stream }),
      work: { folder, key },
      cache: host.files.join(project.store.folder, "cache"),
      open: async (sha256) => atPreparedSizes(await openReferenced(project, sha256), data?.data.preprocessing),
      trials,
      session: { threads: recipe.threads, ...(recipe.provider && { provider: recipe.provider }) },
      host,
      signal,
      emit,
    });
  } catch (thrown) {
    // The same recipe would only diverge again.
    if (toLatheError(thrown).code === "numeric") await host.files.remove(folder);
    throw thrown;
  } finally {
    trials.close();
  }
}

async function outputOf(
  project: Project,
  { model, findings, warnings, others = [] }: MethodResult<Json>,
  { recipe, options }: { readonly recipe: Recipe; readonly options: ProduceOptions },
): Promise<JobStepOutput> {
  const made: JobStepOutput["made"] = [];
  for (const one of [{ suffix: "", model, findings, warnings }, ...others]) {
    const stored = await storeModel(project, one.model, options.signal);
    made.push({ suffix: one.suffix, ...stored, findings: one.findings, warnings: [...one.warnings] });
  }
  return {
    recipe,
    from: options.from.id,
    ...(options.name !== undefined && { name: options.name }),
    at: project.host.clock.now(),
    engine: engineFacts(),
    made,
  };
}

/** The samples that the method reads, opened; undefined where it reads none. */
async function dataOf(
  project: Project,
  method: Method,
  { recipe, options }: { readonly recipe: Recipe; readonly options: ProduceOptions },
): Promise<OpenedData | undefined> {
  if (!method.needsData(recipe.params)) return undefined;
  const stored = findData(project, options.data);
  if (stored === undefined) {
    throw new LatheError("not-found", `${method.info.id} needs samples, and this project has no data.`, {
      hint: "Import some first: lathe import data PATH.",
    });
  }
  const data = await openData(project, stored, { ...options, calibration: recipe.calibration });
  if (recipe.data === undefined || recipe.data === data.fingerprint) return data;
  await data.close();
  throw new LatheError(
    "invalid-recipe",
    `The recipe is for data "${recipe.data}", and "${data.data.name}" is ${data.fingerprint}.`,
    { hint: 'Import the same data with the same splits, or remove "data" from the recipe.' },
  );
}

/** What to know before the method runs. @throws not-runnable, numeric, unsupported */
export function checkApplies(method: Method, from: Variant, model: Model): readonly string[] {
  const reason = whyNotRunnable(model);
  if (reason !== undefined) {
    throw new LatheError("not-runnable", `${method.info.id} cannot run on "${from.name}": ${reason}`, {
      hint: "Choose a model of standard operators.",
    });
  }
  refuseNan(model, `${method.info.id} cannot run on "${from.name}"`);
  const applicability = method.applies(model);
  if (applicability.applies) return applicability.notes;
  throw new LatheError("unsupported", `${method.info.id} does not apply to "${from.name}": ${applicability.reason}`, {
    hint: applicability.hint,
  });
}
