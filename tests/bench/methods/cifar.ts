import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { nodeHost } from "../../../core/app/nodeHost.ts";
import type { Json } from "../../../core/base/json.ts";
import type { Recipe } from "../../../core/contract/project.ts";
import { sampleStream } from "../../../core/data/batches.ts";
import type { Dataset } from "../../../core/data/dataset.ts";
import { openDataset } from "../../../core/data/open.ts";
import { planSplits } from "../../../core/data/splits.ts";
import type { Model } from "../../../core/graph/model.ts";
import { findMethod } from "../../../core/methods/catalogue.ts";
import { fineTune } from "../../../core/methods/fineTune.ts";
import { fineTuneParams, type FineTuneParams } from "../../../core/methods/fineTuneParams.ts";
import { loadTensors, readModel } from "../../../core/onnx/read.ts";
import { contextOf, percentRight, type Lesson } from "./lesson.ts";
import { once, type SectionOptions } from "./section.ts";
import { CIFAR } from "../../cifar.ts";

/** The 4,000 training images are trained or calibrated on, and a result is judged on the 1,000 test images. */
export const SPLITS = { seed: 0, given: true, train: 1, validation: 0, test: 0, calibration: 512 };

/** ResNet-20 as it comes, and the images. Whoever opened it closes the data set. */
export async function openResnet20({ data }: SectionOptions): Promise<{
  readonly dataset: Dataset;
  readonly model: Model;
  /** The net with itself as the teacher. */
  readonly lesson: (seed: number) => Lesson;
}> {
  const dataset = await openDataset(join(data, "datasets", "cifar10-5k"));
  const path = join(data, "models", "cifar10-resnets", "resnet20.onnx");
  const model = await loadTensors(await readModel(path, nodeHost), nodeHost);
  const splits = planSplits(dataset, SPLITS);
  const split: Lesson["split"] = (name) => sampleStream(dataset, { indices: splits[name], preprocessing: CIFAR });
  return { dataset, model, lesson: (seed) => ({ model, split, seed, open: () => Promise.resolve(model) }) };
}

/** Percent of the test images that the net gets right before anything is done to it. */
export function startOf({ folder }: SectionOptions, { model, split }: Lesson): Promise<number> {
  return once(folder, { path: "resnet20", of: SPLITS }, () => percentRight(model, split("test"), "test"));
}

/**
 * Percent of the test images that the whole net gets right when a recipe's fine-tuning is all that is done to it. Sections
 * whose recipes train alike share it.
 */
export function trainDense(options: SectionOptions, recipe: Recipe, lesson: Lesson): Promise<number> {
  const shared = join(dirname(options.folder), "dense");
  const names = Object.keys(fineTuneParams);
  const of: Json = { dense: Object.fromEntries(names.map((name) => [name, recipe.params[name] ?? null])) };
  return once(shared, { of, seed: lesson.seed }, async () => {
    options.say(`the whole net, seed ${lesson.seed}`);
    const params = (await findMethod(recipe.method)).parse(recipe.params) as unknown as FineTuneParams;
    const context = await contextOf(options, lesson, of);
    const { model } = await fineTune(context, lesson.model, { params, stage: "dense" });
    await rm(context.work.folder, { recursive: true });
    return percentRight(model, lesson.split("test"), "test");
  });
}
