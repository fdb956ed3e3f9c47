import { join, resolve } from "node:path";
import { nodeHost } from "../../../core/app/nodeHost.ts";
import { seededRandom } from "../../../core/base/random.ts";
import { sampleStream, type Batch, type SampleStream } from "../../../core/data/batches.ts";
import { openDataset } from "../../../core/data/open.ts";
import { planSplits } from "../../../core/data/splits.ts";
import type { Model } from "../../../core/graph/model.ts";
import { findMethod } from "../../../core/methods/catalogue.ts";
import { loadTensors, readModel } from "../../../core/onnx/read.ts";
import { findNet } from "../../../core/zoo/catalogue.ts";
import { CIFAR } from "../../cifar.ts";
import { FASHION } from "../methods/fashion.ts";

export type Split = (name: "train" | "validation" | "calibration") => SampleStream;

/** A net, and the images that it is trained on. */
export interface NetSubject {
  readonly name: string;
  readonly optimizers: readonly ("sgd" | "adamw")[];
  /** The method whose default parameters are taken. */
  readonly like: "train" | "prune-channels";
  open(images: Images): Promise<{ readonly model: Model; readonly split: Split }>;
}

export interface Images {
  readonly data: string;
  readonly cifar: Split;
  readonly fashion: Split;
}

const SAMPLE = resolve(import.meta.dirname, "../../../samples/fashion-mnist");
const TRAINING = 2048;

const load = async (path: string): Promise<Model> => loadTensors(await readModel(path, nodeHost), nodeHost);

const GREY = { input: [1, 28, 28], classes: 10, seed: 1 } as const;

export const NETS: readonly NetSubject[] = [
  {
    name: "the sample's net",
    optimizers: ["sgd"],
    like: "prune-channels",
    open: async ({ fashion }) => ({ model: await load(join(SAMPLE, "model.onnx")), split: fashion }),
  },
  {
    name: "the same, half of it pruned",
    optimizers: ["sgd"],
    like: "prune-channels",
    open: async ({ fashion }) => ({
      model: await pruned(await load(join(SAMPLE, "model.onnx")), fashion),
      split: fashion,
    }),
  },
  {
    name: "ResNet-20",
    optimizers: ["sgd"],
    like: "prune-channels",
    open: async ({ data, cifar }) => ({ model: await load(join(data, RESNET20)), split: cifar }),
  },
  {
    name: "ResNet-20, half of it pruned",
    optimizers: ["sgd"],
    like: "prune-channels",
    open: async ({ data, cifar }) => ({ model: await pruned(await load(join(data, RESNET20)), cifar), split: cifar }),
  },
  {
    name: "vit-mini",
    optimizers: ["sgd", "adamw"],
    like: "prune-channels",
    open: async ({ data, cifar }) => ({ model: await load(join(data, "cases", "vit-mini.onnx")), split: cifar }),
  },
  ...(
    [
      ["ResNet-8 from scratch", "resnet8", {}],
      ["MobileNetV2 from scratch", "mobilenetv2", { width: 0.35, reduction: 8 }],
      ["ViT-Tiny from scratch", "vit-tiny", { patch: 7, width: 0.5, depth: 0.34 }],
    ] as const
  ).map(([name, id, params]): NetSubject => ({
    name,
    optimizers: ["sgd", "adamw"],
    like: "train",
    open: ({ fashion }) => Promise.resolve({ model: findNet(id).build({ ...GREY, params }), split: fashion }),
  })),
  {
    name: "LSTM from scratch, row by row",
    optimizers: ["sgd", "adamw"],
    like: "train",
    open: ({ fashion }) =>
      Promise.resolve({
        model: findNet("lstm").build({ input: [28, 28], classes: 10, seed: 1, params: { hidden: 32, layers: 1 } }),
        split: (name) => rowByRow(fashion(name)),
      }),
  },
];

const RESNET20 = join("models", "cifar10-resnets", "resnet20.onnx");

/** Opens both image sets; 2,048 of each train, their test images tell. */
export async function openImages(data: string): Promise<Images & { readonly close: () => Promise<void> }> {
  const cifar = await openDataset(join(data, "datasets", "cifar10-5k"));
  const fashion = await openDataset(SAMPLE);
  const splitsOf = (dataset: typeof cifar, preprocessing: typeof CIFAR): Split => {
    const plan = planSplits(dataset, { seed: 0, given: true, train: 1, validation: 0, test: 0, calibration: 64 });
    const few = seededRandom(0, "few").shuffle(Array.from(plan.train)).slice(0, TRAINING);
    const indices = { train: Int32Array.from(few), validation: plan.test, calibration: plan.calibration };
    return (name) => sampleStream(dataset, { indices: indices[name], preprocessing });
  };
  return {
    data,
    cifar: splitsOf(cifar, CIFAR),
    fashion: splitsOf(fashion, FASHION),
    close: async () => {
      await cifar.close();
      await fashion.close();
    },
  };
}

async function pruned(model: Model, split: Split): Promise<Model> {
  const method = await findMethod("prune-channels");
  const params = method.parse({ epochs: 0, baselines: false });
  const result = await method.run({
    model,
    params,
    seed: 0,
    split: (name) => split(name === "test" ? "validation" : name),
    calibration: split("calibration"),
    session: { threads: 2 },
    host: nodeHost,
    signal: new AbortController().signal,
    emit: () => undefined,
  });
  return result.model;
}

/** Pictures as sequences of their rows. */
function rowByRow(stream: SampleStream): SampleStream {
  async function* batches(...args: Parameters<SampleStream["batches"]>): AsyncGenerator<Batch> {
    for await (const batch of stream.batches(...args)) {
      const [samples = 0, , rows = 0, columns = 0] = batch.input.dims;
      yield { ...batch, input: { ...batch.input, dims: [samples, rows, columns] } };
    }
  }
  return { ...stream, batches, select: (indices) => rowByRow(stream.select(indices)) };
}
