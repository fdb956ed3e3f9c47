import { rm } from "node:fs/promises";
import { join } from "node:path";
import { nodeHost } from "../../../core/app/nodeHost.ts";
import type { Json } from "../../../core/base/json.ts";
import type { ImagePreprocessing } from "../../../core/contract/preprocessing.ts";
import type { Recipe } from "../../../core/contract/project.ts";
import { sampleStream } from "../../../core/data/batches.ts";
import { openDataset } from "../../../core/data/open.ts";
import { planSplits } from "../../../core/data/splits.ts";
import { fineTune } from "../../../core/methods/fineTune.ts";
import type { FineTuneParams } from "../../../core/methods/fineTuneParams.ts";
import { findMethod } from "../../../core/methods/catalogue.ts";
import type { Findings } from "../../../core/methods/sparsify-weights/findings.ts";
import { loadTensors, readModel } from "../../../core/onnx/read.ts";
import { contextOf, percentRight, readRecipe, runRecipe, type Lesson } from "./lesson.ts";
import { mean, once, type Claim, type Row, type Section, type SectionOptions } from "./section.ts";

const CIFAR: ImagePreprocessing = {
  kind: "image",
  channels: "rgb",
  height: 32,
  width: 32,
  resize: "none",
  interpolation: "bilinear",
  scale: 1 / 255,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  layout: "nchw",
  type: "float32",
};

/** The 4,000 training images are trained on, and the 1,000 test images looked at once at the end. */
const SPLITS = { seed: 0, given: true, train: 1, validation: 0, test: 0, calibration: 512 };

interface Trained {
  /** Percent of the test images that are right. */
  readonly accuracy: number;
}

interface Sparse extends Trained {
  /** Percent of all weights that are zero. */
  readonly zeros: number;
  /** Times that the dense file is larger. */
  readonly smaller: number;
  /** Latency before over latency after. */
  readonly speedup: number;
}

/** All of one seed. */
interface Found {
  readonly groups: Sparse;
  readonly free: Sparse;
  /** The dense model trained for as long, with the same teacher. */
  readonly denseGroups: Trained;
  readonly denseFree: Trained;
  /** As sparse by chance. */
  readonly random: Sparse;
}

/** 80 % of the weights of ResNet-20 zero, and two of four, on CIFAR-10. */
export const section: Section = {
  id: "sparse",
  title: "Sparse ResNet-20 on CIFAR-10",
  run: async (options) => {
    const { data, seeds } = options;
    const dataset = await openDataset(join(data, "datasets", "cifar10-5k"));
    const splits = planSplits(dataset, SPLITS);
    const split: Lesson["split"] = (name) => sampleStream(dataset, { indices: splits[name], preprocessing: CIFAR });
    const path = join(data, "models", "cifar10-resnets", "resnet20.onnx");
    const model = await loadTensors(await readModel(path, nodeHost), nodeHost);
    const lesson = (seed: number): Lesson => ({ model, split, seed, open: () => Promise.resolve(model) });
    try {
      const start = await once(options.folder, { path: "resnet20", of: SPLITS }, () =>
        percentRight(model, split("test"), "test"),
      );
      const [free, groups] = [await readRecipe("sparse-80"), await readRecipe("sparse-2-4")];
      const found: Found[] = [];
      // One seed after the other, so that a bench that is stopped has whole ones.
      for (const seed of seeds) {
        const own = lesson(seed);
        found.push({
          groups: await sparse(options, groups, own),
          free: await sparse(options, free, own),
          denseGroups: await trainDense(options, groups, own),
          denseFree: await trainDense(options, free, own),
          random: await sparse(options, withCriterion(free, "random"), own),
        });
      }
      return { rows: rowsOf(start, found), claims: claimsOf(start, found) };
    } finally {
      await dataset.close();
    }
  },
};

const withCriterion = (recipe: Recipe, criterion: string): Recipe => ({
  ...recipe,
  params: { ...recipe.params, criterion },
});

function sparse(options: SectionOptions, recipe: Recipe, lesson: Lesson): Promise<Sparse> {
  return once(options.folder, { recipe: recipe as unknown as Json, seed: lesson.seed }, async () => {
    const { pattern, criterion } = recipe.params as { readonly pattern: string; readonly criterion: string };
    options.say(`${pattern} by ${criterion}, seed ${lesson.seed}`);
    const { model, findings } = await runRecipe(options, recipe, lesson);
    const { layers, sizes, gate } = findings as unknown as Findings;
    const sum = (of: (layer: Findings["layers"][number]) => number): number => layers.reduce((s, l) => s + of(l), 0);
    return {
      accuracy: await percentRight(model, lesson.split("test"), "test"),
      zeros: (100 * sum((l) => l.zeros)) / sum((l) => l.elements),
      smaller: sizes.before.file / sizes.after.bitmapDeflated,
      speedup: gate.speedup,
    };
  });
}

function trainDense(options: SectionOptions, recipe: Recipe, lesson: Lesson): Promise<Trained> {
  const { epochs, batch, rate } = recipe.params as {
    readonly epochs: number;
    readonly batch: number;
    readonly rate: number;
  };
  const of = { dense: { epochs, batch, rate } };
  return once(options.folder, { of, seed: lesson.seed }, async () => {
    options.say(`dense for ${epochs} epochs, seed ${lesson.seed}`);
    const params = (await findMethod(recipe.method)).parse(recipe.params) as unknown as FineTuneParams;
    const context = await contextOf(options, lesson, of);
    const { model } = await fineTune(context, lesson.model, { params, stage: "dense" });
    await rm(context.work.folder, { recursive: true });
    return { accuracy: await percentRight(model, lesson.split("test"), "test") };
  });
}

function rowsOf(start: number, found: readonly Found[]): Row[] {
  const accuracy = (what: string, of: (one: Found) => Trained): Row => ({
    what,
    metric: "test accuracy",
    unit: "%",
    values: found.map((one) => of(one).accuracy),
  });
  const facts = (what: string, of: (one: Found) => Sparse): Row[] => [
    { what, metric: "weights that are zero", unit: "%", values: found.map((one) => of(one).zeros) },
    { what, metric: "dense file over bitmap, deflated", unit: "×", values: found.map((one) => of(one).smaller) },
    { what, metric: "speed against dense", unit: "×", values: found.map((one) => of(one).speedup) },
  ];
  return [
    { what: "ResNet-20 as it comes", metric: "test accuracy", unit: "%", values: [start] },
    accuracy("80 % free", (one) => one.free),
    accuracy("dense, trained as long as 80 %", (one) => one.denseFree),
    accuracy("80 % at random", (one) => one.random),
    accuracy("2:4", (one) => one.groups),
    accuracy("dense, trained as long as 2:4", (one) => one.denseGroups),
    ...facts("80 % free", (one) => one.free),
    ...facts("2:4", (one) => one.groups),
  ];
}

function claimsOf(start: number, found: readonly Found[]): Claim[] {
  const of = (choose: (one: Found) => Trained): number => mean(found.map((one) => choose(one).accuracy));
  const loses = (text: string, sparse: number, { most, beside }: { most: number; beside: number }): Claim => ({
    text,
    holds: beside - sparse <= most,
    measured: `${(beside - sparse).toFixed(2)} points (${beside.toFixed(2)} to ${sparse.toFixed(2)} %)`,
  });
  const [free, groups, random] = [of((f) => f.free), of((f) => f.groups), of((f) => f.random)];
  const [denseFree, denseGroups] = [of((f) => f.denseFree), of((f) => f.denseGroups)];
  return [
    loses("80 % unstructured sparsity loses at most 1.5 points", free, { most: 1.5, beside: start }),
    loses("the same against the dense model trained as long", free, { most: 1.5, beside: denseFree }),
    loses("2:4 loses at most 1 point", groups, { most: 1, beside: start }),
    loses("the same against the dense model trained as long", groups, { most: 1, beside: denseGroups }),
    {
      text: "weights chosen by magnitude beat as many chosen at random",
      holds: free > random,
      measured: `${free.toFixed(2)} against ${random.toFixed(2)} %`,
    },
  ];
}
