import { LatheError, toLatheError } from "../base/error.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import { hash } from "../base/hash.ts";
import { canonicalJson, type Json } from "../base/json.ts";
import type { ProviderName } from "../contract/device.ts";
import { recipe as recipeSchema, type Recipe, type Variant } from "../contract/project.ts";
import type { Estimate } from "../contract/method.ts";
import type { Model } from "../graph/model.ts";
import { whyNotRunnable } from "../graph/runnable.ts";
import { findMethod } from "../methods/catalogue.ts";
import type { Method, MethodResult, WorkFolder } from "../methods/define.ts";
import { loadTensors, readModel } from "../onnx/read.ts";
import { checkDisk } from "./disk.ts";
import { storedBytes, storeModel, withModelFile } from "./modelFiles.ts";
import { checkName, findData, findVariant, freeName, nextId, type Project, type Work } from "./project.ts";
import { openData, type OpenedData } from "./projectData.ts";
import { engineFacts } from "./version.ts";

export interface RunOptions extends Work {
  /** Variant to start from: id, name or hash. May be absent where the recipe names a model of this project. */
  readonly from?: string | undefined;
  readonly name?: string | undefined;
  readonly data?: string | undefined;
}

/** What to run: a recipe, or a method with those parameters that are not to be the default ones. */
export type RunRequest =
  | { readonly recipe: Recipe }
  | {
      readonly method: string;
      readonly params: Readonly<Record<string, Json>>;
      readonly seed: number;
      readonly threads: number;
      /** Default: the CPU. */
      readonly provider?: ProviderName | undefined;
    };

/**
 * Runs a method on a variant and records the result as a new variant. The same recipe on the same machine gives
 * the same bytes. Until the last step nothing in the project changes, whatever happens, but for the folder in which a
 * long run keeps what the next run of the same recipe goes on from.
 * @throws invalid-recipe, unsupported where the method does not apply, not-found, integrity, disk-full, cancelled
 */
export async function runMethod(project: Project, request: RunRequest, options: RunOptions): Promise<Variant> {
  const { store, host } = project;
  store.checkWritable();
  const name = options.name === undefined ? undefined : checkName(options.name);
  const { method, recipe } = await completeRecipe(request);
  const from = findSource(project, recipe, options.from);
  const needsData = method.needsData(recipe.params);
  const stored = needsData ? findData(project, options.data) : undefined;
  if (needsData && stored === undefined) {
    throw new LatheError("not-found", `${method.info.id} needs samples, and this project has no data.`, {
      hint: "Import some first: lathe import data PATH.",
    });
  }
  const data = stored && (await openData(project, stored, options));
  try {
    checkData(recipe, data);
    return await withModelFile(project, from, async (path) => {
      options.emit({ kind: "stage", name: `Reading ${from.name}` });
      const model = await loadTensors(await readModel(path, host), host);
      checkApplies(method, from, model);
      await checkDisk(store.folder, method.estimate(model, recipe.params).disk + storedBytes(from));
      options.emit({ kind: "stage", name: method.info.title });
      const full = { ...recipe, from: from.model.sha256, ...(data && { data: data.fingerprint }) };
      const work = workOf(project, full);
      const running = method.run({
        model,
        params: recipe.params,
        seed: recipe.seed,
        calibration: data?.stream("calibration"),
        ...(data && { split: data.stream }),
        work,
        session: { threads: recipe.threads, ...(recipe.provider && { provider: recipe.provider }) },
        host,
        signal: options.signal,
        emit: options.emit,
      });
      const result = await running.catch(async (thrown: unknown) => {
        // The same recipe would only diverge again.
        if (toLatheError(thrown).code === "numeric") await host.files.remove(work.folder);
        throw thrown;
      });
      const made = await record(project, { result, recipe: full, from, name, options });
      await host.files.remove(work.folder);
      return made;
    });
  } finally {
    await data?.close();
  }
}

/** A folder in the project that follows from all that decides on the result, down to the versions that make it. */
function workOf({ store, host }: Project, recipe: Recipe): WorkFolder {
  const key = hash(canonicalJson({ recipe, engine: engineFacts() }));
  return { folder: host.files.join(store.folder, "work", key.slice(0, 16)), key };
}

/** The method and the whole recipe of a request, in the newest form of its parameters. */
export async function completeRecipe(
  request: RunRequest,
): Promise<{ readonly method: Method; readonly recipe: Recipe }> {
  if (!("recipe" in request)) {
    const method = await findMethod(request.method);
    const params = method.parse(request.params);
    const { seed, threads, provider } = request;
    return {
      method,
      recipe: {
        lathe: 1,
        method: method.info.id,
        version: method.info.version,
        params,
        seed,
        threads,
        ...(provider && { provider }),
      },
    };
  }
  const { recipe } = request;
  const method = await findMethod(recipe.method);
  if (recipe.version > method.info.version) {
    throw new LatheError(
      "newer-version",
      `The recipe is for version "${recipe.version}" of ${recipe.method}; this Lathe has version ${method.info.version}.`,
      { hint: "Update Lathe, or write the recipe for this version." },
    );
  }
  const params = method.parse(method.upgrade(recipe.params, recipe.version));
  return { method, recipe: { ...recipe, version: method.info.version, params } };
}

/** A recipe from the text of its file. @throws invalid-recipe naming what is wrong */
export function parseRecipe(text: string, file: string): Recipe {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    throw new LatheError("invalid-recipe", `"${file}" is not JSON.`, { cause, hint: "A recipe is a JSON object." });
  }
  const parsed = recipeSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue === undefined ? "" : `${issue.path.join(".") || "recipe"}: ${issue.message}`;
  throw new LatheError("invalid-recipe", `"${file}" is not a recipe: "${where}".`, {
    hint: '"lathe variants --json" shows recipes of variants as examples.',
  });
}

/** What a run would cost and what to know before it, without running it. @throws as `runMethod` before it starts */
export async function estimateRun(
  project: Project,
  request: RunRequest,
  from: string | undefined,
): Promise<{ readonly recipe: Recipe; readonly estimate: Estimate; readonly notes: readonly string[] }> {
  const { method, recipe } = await completeRecipe(request);
  const variant = findSource(project, recipe, from);
  return withModelFile(project, variant, async (path) => {
    const model = await readModel(path, project.host);
    const notes = checkApplies(method, variant, model);
    return { recipe, estimate: method.estimate(model, recipe.params), notes };
  });
}

function findSource(project: Project, recipe: Recipe, asked: string | undefined): Variant {
  if (asked === undefined) {
    if (recipe.from !== undefined) return findVariant(project, recipe.from);
    throw new LatheError("invalid-argument", "Nothing says which variant to start from.", {
      hint: "Name one with --from VARIANT.",
    });
  }
  const variant = findVariant(project, asked);
  if (recipe.from === undefined || recipe.from === variant.model.sha256) return variant;
  throw new LatheError(
    "invalid-recipe",
    `The recipe is for the model "${recipe.from}", and "${variant.name}" is ${variant.model.sha256}.`,
    { hint: 'Start from the right variant, or remove "from" from the recipe.' },
  );
}

function checkData(recipe: Recipe, data: OpenedData | undefined): void {
  if (recipe.data === undefined || data === undefined || recipe.data === data.fingerprint) return;
  throw new LatheError(
    "invalid-recipe",
    `The recipe is for data "${recipe.data}", and "${data.data.name}" is ${data.fingerprint}.`,
    { hint: 'Import the same data with the same splits, or remove "data" from the recipe.' },
  );
}

function checkApplies(method: Method, from: Variant, model: Model): readonly string[] {
  const reason = whyNotRunnable(model);
  if (reason !== undefined) {
    throw new LatheError("not-runnable", `${method.info.id} cannot run on "${from.name}": ${reason}`, {
      hint: "Choose a model of standard operators.",
    });
  }
  const applicability = method.applies(model);
  if (applicability.applies) return applicability.notes;
  throw new LatheError("unsupported", `${method.info.id} does not apply to "${from.name}": ${applicability.reason}`, {
    hint: applicability.hint,
  });
}

interface Recording {
  readonly result: MethodResult<Json>;
  readonly recipe: Recipe;
  readonly from: Variant;
  readonly name: string | undefined;
  readonly options: RunOptions;
}

async function record(project: Project, { result, recipe, from, name, options }: Recording): Promise<Variant> {
  const { store, host } = project;
  options.emit({ kind: "stage", name: "Storing the model" });
  const model = await storeModel(project, result.model, options.signal);
  throwIfCancelled(options.signal);
  const existing = store.variants();
  const variant: Variant = {
    id: nextId("v", existing),
    name: name ?? freeName(recipe.method, existing),
    at: host.clock.now(),
    parent: from.id,
    recipe,
    ...model,
    measurements: null,
    findings: result.findings,
    warnings: [...result.warnings],
    engine: engineFacts(),
  };
  store.addVariant(variant);
  return variant;
}
