import { readdirSync } from "node:fs";
import { join } from "node:path";
import { nodeHost } from "../../../core/app/nodeHost.ts";
import { toLatheError } from "../../../core/base/error.ts";
import type { Model } from "../../../core/graph/model.ts";
import { feedsLike, findShapes } from "../../../core/measure/shapes.ts";
import { loadTensors, readModel } from "../../../core/onnx/read.ts";
import { withSession } from "../../../core/runtime/session.ts";
import { watchLoss, type LossWatch } from "../../../core/train/divergence.ts";
import { testRates } from "../../../core/train/rateTest.ts";
import { rateAt } from "../../../core/train/schedule.ts";
import { startingArray } from "../../../core/train/slots.ts";
import { buildStep } from "../../../core/train/stepGraph.ts";
import { startTrainer, type StepFeeds, type Trainer } from "../../../core/train/trainer.ts";

/** What came of fine-tuning one model of the corpus. */
export interface CorpusRow {
  readonly file: string;
  /** Why it cannot be trained. */
  readonly refused?: string;
  readonly rate?: number;
  /** Mean loss of the first and of the last pass over the updates. */
  readonly losses?: readonly [number, number];
  /** What the loss did where the training diverged. */
  readonly diverged?: string;
}

const UPDATES = 100;
/** Samples of an update, and how many different updates there are: as if there were few samples and several epochs. */
const BATCH = 4;
const DIFFERENT = 20;

/**
 * Fine-tunes a model of the corpus at a measured rate: towards its own first output, a tenth smaller and a little higher,
 * on random inputs. So models with several inputs, or without classes, take part as well.
 */
export async function fineTuneModel(folder: string, file: string): Promise<CorpusRow> {
  let trainer: Trainer | undefined;
  try {
    const model = await loadTensors(await readModel(join(folder, file), nodeHost), nodeHost);
    const shapes = await findShapes(model, { host: nodeHost });
    const output = model.graph.outputs.find((o) => shapes.values.get(o.name)?.type === "float32")?.name;
    if (output === undefined) return { file, refused: "It has no output in float to train." };
    const plan = {
      heads: [{ output, loss: { kind: "mse" } }],
      optimizer: { kind: "sgd", momentum: 0.9, nesterov: true, weightDecay: 5e-4 },
    } as const;
    const step = await buildStep(model, { ...plan, freezeStatistics: true }, { host: nodeHost });
    const names = step.inference.graph.inputs.map((i) => i.name);
    const feeds = Array.from({ length: DIFFERENT }, (_, seed) => feedsLike(shapes, names, { batch: BATCH, seed }));
    const answers = await answersOf(model, { output, feeds });
    const [head] = step.heads;
    const fed = feeds.map((f, i): StepFeeds => ({
      ...f,
      [head!.target]: { ...answers[i]!, data: moved(answers[i]!.data as Float32Array) },
    }));
    const started = (trainer = await startTrainer(step, { host: nodeHost, threads: 2 }));
    const toStart = (): void => started.restore(new Map(step.slots.map((s) => [s.key, startingArray(s)])), 0);
    const test = await testRates(started, { feeds: () => endless(fed), toStart });
    if (test === undefined) return { file, refused: "Its loss is not finite to begin with." };
    return { file, rate: test.rate, ...(await drive(started, fed, test.rate)) };
  } catch (thrown) {
    return { file, refused: toLatheError(thrown).message };
  } finally {
    await trainer?.close();
  }
}

async function drive(
  trainer: Trainer,
  fed: readonly StepFeeds[],
  highest: number,
): Promise<Pick<CorpusRow, "losses" | "diverged">> {
  const losses: number[] = [];
  let watch: LossWatch | undefined;
  for (let update = 0; update < UPDATES; update++) {
    const rate = highest * rateAt({ kind: "cosine", warmup: 0.05 }, update, UPDATES);
    const { loss } = await trainer.step(fed[update % fed.length]!, { rate, step: update + 1 });
    losses.push(loss);
    const place = { epoch: 1, batch: update + 1, rate, isClipped: false, state: trainer.state };
    try {
      watch = watchLoss(watch, loss, place);
    } catch (thrown) {
      return { diverged: toLatheError(thrown).message };
    }
  }
  return { losses: [mean(losses.slice(0, DIFFERENT)), mean(losses.slice(-DIFFERENT))] };
}

async function answersOf(
  model: Model,
  { output, feeds }: { readonly output: string; readonly feeds: readonly StepFeeds[] },
): Promise<readonly NdArrayOf[]> {
  return withSession(model, { host: nodeHost, threads: 2 }, async (session) => {
    const found: NdArrayOf[] = [];
    for (const f of feeds) found.push((await session.run(f, [output]))[output]!);
    return found;
  });
}

type NdArrayOf = StepFeeds[string];

async function* endless(fed: readonly StepFeeds[]): AsyncGenerator<StepFeeds> {
  for (let i = 0; ; i++) yield await Promise.resolve(fed[i % fed.length]!);
}

const moved = (data: Float32Array): Float32Array => data.map((x) => 0.9 * x + 0.02);

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** Functions that come to 2³⁰ nodes once they are put in place of their calls: nothing to train. */
const BOMB = /(^|\/)function-/;

/** The models below a folder that somebody could want to train, by their paths in it. */
export function modelsIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".onnx") && !BOMB.test(name))
    .map((name) => name.replaceAll("\\", "/"))
    .sort();
}
