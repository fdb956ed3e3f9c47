import { throwIfCancelled } from "../base/cancel.ts";
import { LatheError } from "../base/error.ts";
import type { Recipe, Variant } from "../contract/project.ts";
import type { Estimate } from "../contract/method.ts";
import type { Method } from "../methods/define.ts";
import { readModel } from "../onnx/read.ts";
import { withModelFile } from "./modelFiles.ts";
import { checkApplies, produce, runName, type ProduceOptions } from "./produce.ts";
import { checkName, findData, findVariant, trainingSamples, type Project, type Work } from "./project.ts";
import { completeRecipe, type RunRequest } from "./recipe.ts";
import { recordOutput } from "./record.ts";
import { resolveReferences } from "./references.ts";

export { completeRecipe, parseRecipe, type RunRequest } from "./recipe.ts";

export interface RunOptions extends Work {
  /** Variant to start from: id, name or hash. May be absent where the recipe names a model of this project. */
  readonly from?: string | undefined;
  readonly name?: string | undefined;
  readonly data?: string | undefined;
}

/** Milliseconds between two takings of trials into the records. */
const TRIAL_PACE = 100;

/**
 * Runs a method on a variant in this process and records what it makes as new variants. The same recipe on the same
 * machine gives the same bytes. Until the last step nothing in the project changes, whatever happens, but for what was
 * tried, and for the folder in which a long run keeps what the next run of the same recipe goes on from.
 * @returns the main variant
 * @throws invalid-recipe, unsupported where the method does not apply, not-found, integrity, disk-full, cancelled
 */
export async function runMethod(project: Project, request: RunRequest, options: RunOptions): Promise<Variant> {
  const { store, host } = project;
  store.checkWritable();
  const { recipe, from, name } = await prepareRun(project, request, options);
  const work = host.files.join(store.folder, "work");
  const held: Parameters<NonNullable<ProduceOptions["onTrials"]>>[] = [];
  let kept = host.clock.milliseconds();
  /** Several at once, since every change of the records waits for the disk; the run's log has them already. */
  const keep = (): void => {
    kept = host.clock.milliseconds();
    store.together(() => {
      for (const [origin, trials, first] of held.splice(0)) store.trials.add({ job: "", ...origin }, trials, first);
    });
  };
  const onTrials: ProduceOptions["onTrials"] = (...added) => {
    held.push(added);
    if (host.clock.milliseconds() - kept > TRIAL_PACE) keep();
  };
  const output = await produce(project, recipe, { ...options, from, name, work, onTrials }).finally(() => {
    if (held.length > 0) keep();
  });
  throwIfCancelled(options.signal);
  const [made] = recordOutput(project, output);
  await host.files.remove(host.files.join(work, runName(output.recipe)));
  return made!;
}

export interface PreparedRun {
  readonly method: Method;
  /** With models in the place of the names that parameters give. */
  readonly recipe: Recipe;
  readonly from: Variant;
  readonly name: string | undefined;
}

/**
 * Checks all of a request that can be checked without running it. ONNX files that it names are imported.
 * @throws invalid-recipe, invalid-argument, not-found, already-exists where the name is taken
 */
export async function prepareRun(
  project: Project,
  request: RunRequest,
  options: RunOptions & { readonly later?: readonly string[] },
): Promise<PreparedRun> {
  const name = options.name === undefined ? undefined : checkFreeName(project, options.name);
  const { method, recipe } = await completeRecipe(request);
  const from = findSource(project, recipe, options.from);
  const params = await resolveReferences(project, { info: method.info, params: recipe.params }, options);
  return { method, recipe: { ...recipe, params }, from, name };
}

function checkFreeName({ store }: Project, wish: string): string {
  const name = checkName(wish);
  if (!store.variants().some((v) => v.name === name)) return name;
  throw new LatheError("already-exists", `The project already has a variant called "${name}".`, {
    hint: "Choose another name with --name.",
  });
}

/** What a run would cost and what to know before it, without running it. @throws as `runMethod` before it starts */
export async function estimateRun(
  project: Project,
  request: RunRequest & { readonly data?: string | undefined },
  from: string | undefined,
): Promise<{ readonly recipe: Recipe; readonly estimate: Estimate; readonly notes: readonly string[] }> {
  const { method, recipe } = await completeRecipe(request);
  const variant = findSource(project, recipe, from);
  return withModelFile(project, variant, async (path) => {
    const model = await readModel(path, project.host);
    const notes = checkApplies(method, variant, model);
    const data = findData(project, request.data);
    return { recipe, estimate: method.estimate(model, recipe.params, data && trainingSamples(data)), notes };
  });
}

/** The variant that a recipe starts from. @throws not-found, invalid-argument, invalid-recipe */
export function findSource(project: Project, recipe: Pick<Recipe, "from">, asked: string | undefined): Variant {
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
