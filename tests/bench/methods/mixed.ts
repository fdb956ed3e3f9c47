import type { Json } from "../../../core/base/json.ts";
import { seededRandom } from "../../../core/base/random.ts";
import type { ImagePreprocessing } from "../../../core/contract/preprocessing.ts";
import type { Recipe } from "../../../core/contract/project.ts";
import { sampleStream } from "../../../core/data/batches.ts";
import type { Dataset } from "../../../core/data/dataset.ts";
import { openDataset } from "../../../core/data/open.ts";
import { planSplits } from "../../../core/data/splits.ts";
import type { Model } from "../../../core/graph/model.ts";
import { constantBytes } from "../../../core/measure/weights.ts";
import type { Findings } from "../../../core/methods/quantize-mixed/findings.ts";
import { decodeModel } from "../../../core/onnx/decode.ts";
import { encodeModel } from "../../../core/onnx/encode.ts";
import type { FormatName } from "../../../core/transform/formats.ts";
import { findNet } from "../../../core/zoo/catalogue.ts";
import { CIFAR } from "../../cifar.ts";
import { openResnet20, SPLITS } from "./cifar.ts";
import { FASHION, makeFashion } from "./fashion.ts";
import { percentRight, readRecipe, runRecipe, type Lesson } from "./lesson.ts";
import { mean, once, type Claim, type Row, type Section, type SectionOptions } from "./section.ts";

const TRAINING = 2000;

/** A net and its data, calibrated on other samples for each seed. */
interface Subject {
  readonly name: string;
  readonly model: Model;
  readonly lesson: (seed: number) => Lesson;
}

interface Written {
  /** Percent of the test images that are right. */
  readonly accuracy: number;
  /** Of all constants. */
  readonly bytes: number;
}

/** Mixed and uniform bits at the size of the uniform ones. */
interface Pair {
  readonly uniform: Written;
  readonly mixed: Written;
}

/** Bits per layer by the integer programme against uniform bits, and training against rounding afterwards. */
export const section: Section = {
  id: "mixed",
  title: "Mixed precision and quantisation-aware training",
  run: async (options) => {
    const open: Dataset[] = [];
    try {
      const resnet = await resnet20(options, open);
      const rows: Row[] = [];
      const claims: Claim[] = [];
      const choose = async (subject: Subject): Promise<void> => {
        const start = await once(options.folder, { float: subject.name }, () =>
          percentRight(subject.model, subject.lesson(0).split("test"), "test"),
        );
        const found = await eachSeed(options, (seed) => pairsOf(options, subject, seed));
        rows.push({ what: `${subject.name} in float`, metric: "test accuracy", unit: "%", values: [start] });
        for (const format of Object.keys(found[0] ?? {}) as FormatName[]) {
          const pairs = found.map((one) => one[format]!);
          rows.push(...rowsOf(`${subject.name}, size of ${format}`, pairs));
          claims.push(claimOf(`${subject.name}: mixed bits beat uniform ${format} at no more bytes`, pairs));
        }
      };
      await choose(resnet);
      for (const name of ["aware-weights", "aware-both"]) {
        const recipe = await readRecipe(name);
        const bits = recipe.params as { readonly weightBits: number; readonly activationBits: number };
        const format = `w${bits.weightBits}a${bits.activationBits}` as FormatName;
        const found = await eachSeed(options, async (seed) => ({
          after: await uniform(options, resnet, { format, seed }),
          aware: await aware(options, resnet, { recipe, seed }),
        }));
        rows.push(...rowsOfTraining(format, found));
        claims.push(
          gains(
            `ResNet-20 in ${format}: training recovers accuracy against post-training quantisation on the same samples`,
            found.map((f) => f.after.accuracy),
            found.map((f) => f.aware.accuracy),
          ),
        );
      }
      await choose(await mobilenet(options, open));
      return { rows, claims };
    } finally {
      for (const dataset of open) await dataset.close();
    }
  },
};

async function eachSeed<T>({ seeds }: SectionOptions, run: (seed: number) => Promise<T>): Promise<T[]> {
  const found: T[] = [];
  for (const seed of seeds) found.push(await run(seed));
  return found;
}

async function resnet20(options: SectionOptions, open: Dataset[]): Promise<Subject> {
  const { dataset, model } = await openResnet20(options);
  open.push(dataset);
  return { name: "ResNet-20", model, lesson: lessons(dataset, { model, preprocessing: CIFAR }) };
}

/** MobileNet V2 of the zoo, trained for a few epochs on a thirtieth of Fashion-MNIST. */
async function mobilenet(options: SectionOptions, open: Dataset[]): Promise<Subject> {
  const dataset = await openDataset(await makeFashion(options.data, options.folder, TRAINING));
  open.push(dataset);
  const net = findNet("mobilenetv2");
  const params = { width: 0.35, depth: 0.5, reduction: 8, expansion: 4 };
  const untrained = net.build({ params, classes: 10, input: [1, 28, 28], seed: 0 });
  const recipe = await readRecipe("mixed-mobilenet");
  const text = await once(options.folder, { mobilenet: params, recipe: recipe as unknown as Json }, async () => {
    const lesson = lessons(dataset, { model: untrained, preprocessing: FASHION })(0);
    const { model } = await runRecipe(options, recipe, lesson);
    return Buffer.from(encodeModel(model)).toString("base64");
  });
  const model = await decodeModel(Buffer.from(text, "base64"));
  return { name: "MobileNetV2", model, lesson: lessons(dataset, { model, preprocessing: FASHION }) };
}

function lessons(
  dataset: Dataset,
  { model, preprocessing }: { readonly model: Model; readonly preprocessing: ImagePreprocessing },
): Subject["lesson"] {
  const splits = planSplits(dataset, SPLITS);
  return (seed) => {
    const order = seededRandom(seed, "calibration").shuffle(Array.from(splits.train));
    const calibration = Int32Array.from(order.slice(0, SPLITS.calibration));
    const indicesOf = (name: Parameters<Lesson["split"]>[0]) => (name === "calibration" ? calibration : splits[name]);
    return { model, seed, split: (name) => sampleStream(dataset, { indices: indicesOf(name), preprocessing }) };
  };
}

/** One format everywhere. */
async function uniform(
  options: SectionOptions,
  subject: Subject,
  { format, seed }: { readonly format: FormatName; readonly seed: number },
): Promise<Written & { readonly eightBits: number }> {
  const recipe = await readRecipe("mixed-size");
  return once(options.folder, { uniform: format, of: subject.name, seed }, async () => {
    const only: Recipe = {
      ...recipe,
      params: { ...recipe.params, formats: [format], limit: 8, sensitivitySamples: 1 },
    };
    const lesson = subject.lesson(seed);
    const { model, findings } = await runRecipe(options, only, lesson);
    const { eightBits } = findings as unknown as Findings;
    return { ...(await judge(model, lesson)), eightBits };
  });
}

/** Mixed bits within the bytes that four and three bits everywhere take. */
async function pairsOf(
  options: SectionOptions,
  subject: Subject,
  seed: number,
): Promise<Partial<Record<FormatName, Pair>>> {
  const formats = ["w4a8", "w3a8"] as const;
  const uniforms: (Written & { readonly eightBits: number })[] = [];
  for (const format of formats) uniforms.push(await uniform(options, subject, { format, seed }));
  const recipe = await readRecipe("mixed-size");
  // Half a byte keeps the share, multiplied again, from falling short of the bytes it stands for.
  const [limit, ...front] = uniforms.map(({ bytes, eightBits }) => (bytes + 0.5) / eightBits);
  const mixed = await once(options.folder, { mixed: recipe as unknown as Json, of: subject.name, seed }, async () => {
    options.say(`${subject.name}, seed ${seed}`);
    const lesson = subject.lesson(seed);
    const full: Recipe = { ...recipe, params: { ...recipe.params, limit: limit!, front } };
    const { model, others = [] } = await runRecipe(options, full, lesson);
    const models = [model, ...others.map((o) => o.model)];
    const judged: Written[] = [];
    for (const made of models) judged.push(await judge(made, lesson));
    return judged;
  });
  return Object.fromEntries(formats.map((format, i) => [format, { uniform: uniforms[i]!, mixed: mixed[i]! }]));
}

async function aware(
  options: SectionOptions,
  subject: Subject,
  { recipe, seed }: { readonly recipe: Recipe; readonly seed: number },
): Promise<Written> {
  return once(options.folder, { aware: recipe as unknown as Json, of: subject.name, seed }, async () => {
    const lesson = subject.lesson(seed);
    const { model } = await runRecipe(options, recipe, lesson);
    return judge(model, lesson);
  });
}

async function judge(model: Model, { split }: Lesson): Promise<Written> {
  return { accuracy: await percentRight(model, split("test"), "test"), bytes: constantBytes(model) };
}

function rowsOf(what: string, pairs: readonly Pair[]): readonly Row[] {
  const row = (which: keyof Pair, metric: string, of: (one: Written) => number): Row => ({
    what: `${what}, ${which}`,
    metric,
    unit: metric === "constants" ? "B" : "%",
    values: pairs.map((pair) => of(pair[which])),
  });
  return (["uniform", "mixed"] as const).flatMap((which) => [
    row(which, "test accuracy", (w) => w.accuracy),
    row(which, "constants", (w) => w.bytes),
  ]);
}

function claimOf(text: string, pairs: readonly Pair[]): Claim {
  const claim = gains(
    text,
    pairs.map((p) => p.uniform.accuracy),
    pairs.map((p) => p.mixed.accuracy),
  );
  return { ...claim, holds: claim.holds && pairs.every(({ uniform: u, mixed: m }) => m.bytes <= u.bytes) };
}

function gains(text: string, before: readonly number[], after: readonly number[]): Claim {
  const each = after.map((a, i) => `${before[i]!.toFixed(1)} → ${a.toFixed(1)}`).join(", ");
  const gain = mean(after) - mean(before);
  return { text, holds: gain > 0, measured: `${gain.toFixed(2)} points (${each} %)` };
}

function rowsOfTraining(
  format: FormatName,
  found: readonly { readonly after: Written; readonly aware: Written }[],
): readonly Row[] {
  return [
    {
      what: `ResNet-20 in ${format}, rounded after training`,
      metric: "test accuracy",
      unit: "%",
      values: found.map((f) => f.after.accuracy),
    },
    {
      what: `ResNet-20 in ${format}, trained with the rounding`,
      metric: "test accuracy",
      unit: "%",
      values: found.map((f) => f.aware.accuracy),
    },
  ];
}
