import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { nodeHost } from "../../../core/app/nodeHost.ts";
import { parsePipeline } from "../../../core/app/pipeline.ts";
import { parseRecipe } from "../../../core/app/recipe.ts";
import { hash } from "../../../core/base/hash.ts";
import { canonicalJson, type Json } from "../../../core/base/json.ts";
import type { SplitName } from "../../../core/contract/dataset.ts";
import type { Recipe } from "../../../core/contract/project.ts";
import type { SampleStream } from "../../../core/data/batches.ts";
import type { Model } from "../../../core/graph/model.ts";
import { measureAccuracy } from "../../../core/measure/accuracy.ts";
import { findMethod } from "../../../core/methods/catalogue.ts";
import type { MethodContext, MethodResult } from "../../../core/methods/define.ts";
import { withSession } from "../../../core/runtime/session.ts";
import type { SectionOptions } from "./section.ts";

/** A recipe of the folder beside this file, by its name. */
export async function readRecipe(name: string): Promise<Recipe> {
  const file = join(import.meta.dirname, "recipes", `${name}.json`);
  return parseRecipe(await readFile(file, "utf8"), file);
}

/** The recipes of a pipeline in the folder beside this file. */
export async function readSteps(name: string): Promise<readonly Recipe[]> {
  const file = join(import.meta.dirname, "recipes", `${name}.json`);
  const { steps, threads = 1, seed = 0 } = parsePipeline(await readFile(file, "utf8"), file);
  return steps.map(({ method, version = 1, params }) => ({ lathe: 1, method, version, params, seed, threads }));
}

/** What a recipe is run on. */
export interface Lesson {
  readonly model: Model;
  readonly split: (name: SplitName) => SampleStream;
  /** Models by what recipes call them. */
  readonly open?: (name: string) => Promise<Model>;
  readonly seed: number;
}

/** The context of a method outside a project. What it keeps while it runs follows from the recipe and the seed. */
export async function contextOf(
  { folder, threads, signal, say }: SectionOptions,
  { model, split, open, seed }: Lesson,
  of: Json,
): Promise<
  Omit<MethodContext<unknown>, "params"> & { readonly work: { readonly folder: string; readonly key: string } }
> {
  const key = hash(canonicalJson({ of, seed }));
  const work = { folder: join(folder, `work-${key.slice(0, 16)}`), key };
  await mkdir(work.folder, { recursive: true });
  return {
    model,
    seed,
    split,
    calibration: split("calibration"),
    work,
    cache: join(folder, "cache"),
    ...(open && { open }),
    session: { threads },
    host: nodeHost,
    signal,
    emit: (event) => event.kind === "message" && say(event.text),
  };
}

/** Runs a recipe with another seed; an interrupted run goes on from its checkpoints. */
export async function runRecipe(options: SectionOptions, recipe: Recipe, lesson: Lesson): Promise<MethodResult<Json>> {
  const method = await findMethod(recipe.method);
  const context = await contextOf(options, lesson, recipe);
  const result = await method.run({ ...context, params: method.parse(recipe.params) });
  await rm(context.work.folder, { recursive: true });
  return result;
}

/** Percent of the samples that a model gets right. */
export async function percentRight(model: Model, stream: SampleStream, split: SplitName): Promise<number> {
  const { accuracy } = await withSession(model, { host: nodeHost, threads: 2 }, (open) =>
    measureAccuracy(open, stream, { split, batch: 100 }),
  );
  return 100 * accuracy.top1;
}
