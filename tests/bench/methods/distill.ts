import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { nodeHost } from "../../../core/app/nodeHost.ts";
import { hash } from "../../../core/base/hash.ts";
import { canonicalJson, type Json } from "../../../core/base/json.ts";
import type { SplitName } from "../../../core/contract/dataset.ts";
import type { Recipe } from "../../../core/contract/project.ts";
import { sampleStream } from "../../../core/data/batches.ts";
import { openDataset } from "../../../core/data/open.ts";
import { planSplits } from "../../../core/data/splits.ts";
import type { Model } from "../../../core/graph/model.ts";
import { measureAccuracy, compareWithBaseline, type MeasuredAccuracy } from "../../../core/measure/accuracy.ts";
import { pairedDifference } from "../../../core/measure/statistics.ts";
import { findMethod } from "../../../core/methods/catalogue.ts";
import { fineTune } from "../../../core/methods/fineTune.ts";
import type { FineTuneParams } from "../../../core/methods/fineTuneParams.ts";
import { encodeModel } from "../../../core/onnx/encode.ts";
import { loadTensors, readModel } from "../../../core/onnx/read.ts";
import { withSession } from "../../../core/runtime/session.ts";
import { findNet } from "../../../core/zoo/catalogue.ts";
import { FASHION, makeFashion } from "./fashion.ts";
import { contextOf, readRecipe, runRecipe, type Lesson } from "./lesson.ts";
import { mean, once, type Claim, type Row, type Section, type SectionOptions } from "./section.ts";

/** Images that the teacher learned from, as many of each class; a result is judged on all 10,000 test images. */
const TRAINING = 12_000;
/** Students have every so many of them only: what the teacher knows of the others comes through its answers. */
const STUDENTS_HAVE_EVERY = 8;
const SPLITS = { seed: 0, given: true, train: 0.95, validation: 0.05, test: 0, calibration: 0 };

/** Nets of the zoo. */
const NETS = {
  teacher: { net: "resnet8", params: {} },
  student: { net: "resnet8", params: { width: 0.5 } },
} as const;

/** What was answered to the test images, in their order. */
interface Answered {
  /** Percent that are right. */
  readonly accuracy: number;
  readonly predictions: readonly number[];
  readonly labels: readonly number[];
}

/** All of one seed. */
interface Found {
  readonly distilled: Answered;
  readonly undistilled: Answered;
}

/** A small student of Fashion-MNIST with and without its teacher. */
export const section: Section = {
  id: "distill",
  title: "A distilled student on Fashion-MNIST",
  run: async (options) => {
    const { data, folder, seeds } = options;
    const dataset = await openDataset(await makeFashion(data, folder, TRAINING));
    const splits = planSplits(dataset, SPLITS);
    const indicesOf = (every: number, name: SplitName): Int32Array =>
      name === "train" ? splits.train.filter((_, i) => i % every === 0) : splits[name];
    const splitOf =
      (every: number): Lesson["split"] =>
      (name) =>
        sampleStream(dataset, { indices: indicesOf(every, name), preprocessing: FASHION });
    const split = splitOf(STUDENTS_HAVE_EVERY);
    try {
      const taught = await trainTeacher(options, splitOf(1));
      const teacher = await once(folder, { answers: taught.key }, () => answersOf(taught.model, split));
      const recipe = await readRecipe("distill-student");
      const found: Found[] = [];
      // One seed after the other, so that a bench that is stopped has whole ones.
      for (const seed of seeds) {
        const model = findNet(NETS.student.net).build({
          seed,
          input: [1, 28, 28],
          classes: 10,
          params: NETS.student.params,
        });
        const lesson: Lesson = { model, split, seed, open: () => Promise.resolve(taught.model) };
        const named = { ...recipe, params: { ...recipe.params, teacher: taught.key } };
        found.push({
          distilled: await distilled(options, named, lesson),
          undistilled: await undistilled(options, recipe, lesson),
        });
      }
      return { rows: rowsOf(teacher, found), claims: claimsOf(found) };
    } finally {
      await dataset.close();
    }
  },
};

/** The teacher, trained once and kept as a file. */
async function trainTeacher(
  options: SectionOptions,
  split: Lesson["split"],
): Promise<{ readonly model: Model; readonly key: string }> {
  const recipe = await readRecipe("distill-teacher");
  const key = hash(canonicalJson({ recipe, net: NETS.teacher, TRAINING })).slice(0, 16);
  const path = join(options.folder, `teacher-${key}.onnx`);
  if ((await nodeHost.files.info(path)) === undefined) {
    options.say("training the teacher");
    const { net, params } = NETS.teacher;
    const model = findNet(net).build({ seed: 0, input: [1, 28, 28], classes: 10, params });
    const trained = await runRecipe(options, recipe, { model, split, seed: 0 });
    await mkdir(options.folder, { recursive: true });
    await writeFile(`${path}.part`, encodeModel(trained.model));
    await rename(`${path}.part`, path);
  }
  return { model: await loadTensors(await readModel(path, nodeHost), nodeHost), key };
}

function distilled(options: SectionOptions, recipe: Recipe, lesson: Lesson): Promise<Answered> {
  return once(options.folder, { recipe: recipe as unknown as Json, seed: lesson.seed }, async () => {
    options.say(`distilled student, seed ${lesson.seed}`);
    const { model } = await runRecipe(options, recipe, lesson);
    return answersOf(model, lesson.split);
  });
}

/** The same student, images, augmentation and number of updates, with the labels alone. */
function undistilled(options: SectionOptions, recipe: Recipe, lesson: Lesson): Promise<Answered> {
  const of = { undistilled: recipe } as unknown as Json;
  return once(options.folder, { of, seed: lesson.seed }, async () => {
    options.say(`undistilled student, seed ${lesson.seed}`);
    const given = (await findMethod(recipe.method)).parse(recipe.params) as unknown as FineTuneParams;
    const context = await contextOf(options, lesson, of);
    const params = { ...given, teacher: "" };
    const { model } = await fineTune(context, lesson.model, { params, stage: "undistilled" });
    await rm(context.work.folder, { recursive: true });
    return answersOf(model, lesson.split);
  });
}

async function answersOf(model: Model, split: Lesson["split"]): Promise<Answered> {
  const { accuracy, predictions, labels } = await withSession(model, { host: nodeHost, threads: 2 }, (open) =>
    measureAccuracy(open, split("test"), { split: "test", batch: 100 }),
  );
  return { accuracy: 100 * accuracy.top1, predictions: Array.from(predictions), labels: Array.from(labels) };
}

function rowsOf(teacher: Answered, found: readonly Found[]): Row[] {
  const row = (what: string, of: readonly Answered[]): Row => ({
    what,
    metric: "test accuracy",
    unit: "%",
    values: of.map((a) => a.accuracy),
  });
  return [
    row("teacher, ResNet-8", [teacher]),
    row(
      "distilled student",
      found.map((f) => f.distilled),
    ),
    row(
      "undistilled student, trained as long",
      found.map((f) => f.undistilled),
    ),
  ];
}

/** Each seed's students are compared image by image, and all of them together. */
function claimsOf(found: readonly Found[]): Claim[] {
  const pairs = found.map(({ distilled: own, undistilled: other }) => {
    const asMeasured = ({
      predictions,
      labels,
    }: Answered): Pick<MeasuredAccuracy, "predictions" | "labels" | "indices" | "confidence"> => ({
      predictions: Int32Array.from(predictions),
      labels: Int32Array.from(labels),
      indices: Int32Array.from(labels, (_, i) => i),
      confidence: new Float32Array(labels.length),
    });
    return compareWithBaseline({ ...asMeasured(other), variant: "undistilled" }, asMeasured(own));
  });
  const samples = found.reduce((sum, f) => sum + f.distilled.labels.length, 0);
  const sum = (of: (p: (typeof pairs)[number]) => number): number => pairs.reduce((s, p) => s + of(p), 0);
  const { difference, interval } = pairedDifference(
    sum((p) => p.gained),
    sum((p) => p.lost),
    samples,
  );
  const gain = mean(found.map((f) => f.distilled.accuracy - f.undistilled.accuracy));
  const points = (x: number): string => (100 * x).toFixed(2);
  return [
    {
      text: "the distilled student beats the undistilled one outside the interval",
      holds: interval.low > 0,
      measured: `${points(difference)} points (${points(interval.low)} to ${points(interval.high)}), mean of seeds ${gain.toFixed(2)}`,
    },
  ];
}
