import type { NdArray } from "../../base/array.ts";
import { throwIfCancelled } from "../../base/cancel.ts";
import { LatheError, toLatheError } from "../../base/error.ts";
import { formatNumber } from "../../base/format.ts";
import type { Host } from "../../base/host.ts";
import { seededRandom } from "../../base/random.ts";
import type { Emit } from "../../contract/event.ts";
import type { Batch, SampleStream } from "../../data/batches.ts";
import type { Model } from "../../graph/model.ts";
import type { SessionOptions } from "../../runtime/session.ts";
import { augmentBatch } from "../../train/augment/augment.ts";
import { watchLoss } from "../../train/divergence.ts";
import { fallBack, keepGood, rateAfter } from "../../train/fallBack.ts";
import { startMeter } from "../../train/meter.ts";
import { extentOf, type RateAccount, type TrainPlan } from "../../train/plan.ts";
import { makeSaver, startProgress, type Progress, type Saver, type Saving } from "../../train/progress.ts";
import { rateAt } from "../../train/schedule.ts";
import { startingArray } from "../../train/slots.ts";
import { targetsOf } from "../../train/targets.ts";
import { startTrainer, withConstants, type Trainer } from "../../train/trainer.ts";
import { buildElastic, type ElasticNet } from "../../zoo/elastic.ts";
import type { ElasticSpace } from "../../zoo/elasticSpace.ts";
import type { StagedParams } from "../../zoo/staged.ts";
import { ANSWERS, buildElasticStep } from "./step.ts";
import { drawSubnet, smallestSubnet, subnetSpace } from "./subnets.ts";

export interface SupernetOptions {
  readonly space: ElasticSpace;
  readonly plan: TrainPlan & { readonly rate: number };
  /** Random subnets of each step, beside the largest and the smallest. */
  readonly random: number;
  /** Share of the largest's answers in the targets of the smaller subnets; the rest are the labels. */
  readonly distill: number;
  readonly training: SampleStream;
  readonly seed: number;
  readonly session: SessionOptions;
  readonly host: Host;
  readonly signal: AbortSignal;
  readonly emit: Emit;
  readonly saving?: Saving;
}

export interface TrainedSupernet {
  readonly net: ElasticNet;
  /** The supernet with its weights. */
  readonly model: Model;
  /** Mean loss of the largest subnet in each epoch. */
  readonly losses: readonly number[];
  /** Samples that every subnet of the sandwich has seen in all. */
  readonly samples: number;
  readonly rate: RateAccount;
}

/**
 * Trains a supernet by the sandwich rule: every step adds up the gradients of the largest subnet on the labels, and of the
 * smallest and some random ones on the labels and the largest's answers to the same batch (Yu & Huang 2019, arXiv
 * 1903.05134, where it is the answers alone; in short trainings these say too little at first). One session serves all. The same options give the same bytes, also after an interruption.
 * A training that diverges falls back as `train` has it.
 * @throws numeric where the loss diverges all the same; invalid-data, cancelled
 */
export async function trainSupernet(options: SupernetOptions): Promise<TrainedSupernet> {
  const { space, random, training, seed, session, host, signal, emit } = options;
  const plan = { ...options.plan, accumulate: 2 + random };
  const net = buildElastic(space, seed);
  const extent = extentOf({ ...plan, accumulate: 1 }, training.count, undefined);
  if (extent.batches === 0) {
    throw new LatheError("invalid-data", `There are "${training.count}" samples to train on, fewer than a batch.`, {
      hint: "Import more samples, or take smaller batches.",
    });
  }
  emit({ kind: "stage", name: "Building the supernet" });
  const smallest = smallestSubnet(space);
  const draw = seededRandom(seed, "shapes");
  const drawn = Array.from({ length: 3 }, () => drawSubnet(subnetSpace(space), draw));
  const heads = [{ loss: { kind: "cross-entropy" }, target: "probabilities" }] as const;
  const step = await buildElasticStep({
    net,
    subnets: [net.largest, smallest, ...drawn],
    plan: { ...plan, heads },
    batch: extent.batch,
    host,
    signal,
  });
  const trainer = await startTrainer(step, { ...session, host });
  const saver = makeSaver(options.saving, host, emit);
  try {
    const progress = (await saver.resume(trainer)) ?? startProgress();
    progress.rate ??= { rate: plan.rate, falls: [] };
    await runEpochs({ ...options, plan }, { net, smallest, trainer, saver, progress, extent });
    return {
      net,
      model: withConstants(net.model, trainer.arrays()),
      losses: progress.history.map((h) => h.loss),
      samples: extent.batches * extent.batch * plan.epochs,
      rate: progress.rate,
    };
  } finally {
    await trainer.close();
  }
}

interface Run {
  readonly net: ElasticNet;
  readonly smallest: StagedParams;
  readonly trainer: Trainer;
  readonly saver: Saver;
  readonly progress: Progress;
  readonly extent: { readonly batch: number; readonly batches: number };
}

async function runEpochs(options: SupernetOptions, run: Run): Promise<void> {
  const { plan, emit, host } = options;
  const { trainer, saver, progress, extent } = run;
  const total = extent.batches * plan.epochs;
  let meter = startMeter(emit, host.clock, { total, done: progress.updates });
  const toStart = (): void => trainer.restore(new Map(trainer.graph.slots.map((s) => [s.key, startingArray(s)])), 0);
  while (progress.epoch < plan.epochs) {
    emit({ kind: "stage", name: `Supernet, epoch ${progress.epoch + 1} of ${plan.epochs}` });
    try {
      await runBatches(options, run, (loss, rate) => {
        meter.batch({ loss, rate, samples: extent.batch, done: progress.updates });
      });
    } catch (thrown) {
      if (toLatheError(thrown).code === "cancelled") await saver.save(trainer, progress, true);
      fallBack(thrown, { trainer, progress, toStart, emit });
      meter = startMeter(emit, host.clock, { total, done: progress.updates });
      await saver.save(trainer, progress, true);
      continue;
    }
    const loss = progress.sum / extent.batches;
    const rate = rateAfter(progress.rate!) * rateAt(plan.schedule, progress.updates - 1, total);
    progress.history.push({ epoch: progress.epoch + 1, loss, rate });
    emit({
      kind: "message",
      level: "info",
      text: `Epoch ${progress.epoch + 1}: loss ${formatNumber(loss)} of the largest subnet.`,
    });
    [progress.epoch, progress.batch, progress.sum] = [progress.epoch + 1, 0, 0];
    keepGood(trainer, progress);
    await saver.save(trainer, progress, true);
  }
}

async function runBatches(
  options: SupernetOptions,
  run: Run,
  report: (loss: number, rate: number) => void,
): Promise<void> {
  const { plan, training, seed, signal } = options;
  const { trainer, saver, progress, extent } = run;
  const total = extent.batches * plan.epochs;
  const order = seededRandom(seed, `order/${progress.epoch}`).shuffle(Array.from(training.indices));
  const left = Int32Array.from(order.slice(progress.batch * extent.batch, extent.batches * extent.batch));
  if (left.length === 0) return;
  for await (const batch of training.select(left).batches(extent.batch, signal, true)) {
    throwIfCancelled(signal);
    augmentBatch(batch, plan.augment ?? {}, { seed, epoch: progress.epoch, preprocessing: training.preprocessing });
    const rate = rateAfter(progress.rate!) * rateAt(plan.schedule, progress.updates, total);
    const loss = await sandwich(options, run, { batch, rate });
    progress.batch++;
    progress.watch = watchLoss(progress.watch, loss, {
      epoch: progress.epoch + 1,
      batch: progress.batch,
      rate,
      isClipped: plan.clip !== undefined,
      state: trainer.state,
    });
    progress.updates++;
    progress.sum += loss;
    progress.pending = trainer.pending;
    report(loss, rate);
    if (progress.batch < extent.batches) await saver.save(trainer, progress, false);
  }
}

/** One update: the largest on the labels, the others on its answers. Gives the largest's loss. */
async function sandwich(
  { space, random, distill, seed }: SupernetOptions,
  { net, smallest, trainer, progress, extent }: Run,
  { batch, rate }: { readonly batch: Batch; readonly rate: number },
): Promise<number> {
  const [head] = trainer.graph.heads;
  const labels = targetsOf(head!, batch);
  const source = seededRandom(seed, `subnets/${progress.updates}`);
  const drawn = Array.from({ length: random }, () => drawSubnet(subnetSpace(space), source));
  const settings = { rate, step: progress.updates + 1 };
  const train = async (subnet: StagedParams, target: NdArray): Promise<number> => {
    const bounds = net.bounds(subnet, extent.batch);
    return (await trainer.step({ input: batch.input, [head!.target]: target, ...bounds }, settings)).loss;
  };
  const loss = await train(net.largest, labels);
  const answers = distill > 0 ? blend(labels, softmax(trainer.state().get(ANSWERS)!), distill) : labels;
  for (const subnet of [smallest, ...drawn]) await train(subnet, answers);
  return loss;
}

function blend(labels: NdArray, answers: NdArray, share: number): NdArray {
  const [a, b] = [labels.data as Float32Array, answers.data as Float32Array];
  return { ...labels, data: b.map((x, i) => share * x + (1 - share) * a[i]!) };
}

/** Row by row, into an array of its own. */
function softmax({ dims, data }: NdArray): NdArray {
  const logits = data as Float32Array;
  const width = dims[1]!;
  const shares = new Float32Array(logits.length);
  for (let row = 0; row < logits.length; row += width) {
    let most = -Infinity;
    for (let i = row; i < row + width; i++) most = Math.max(most, logits[i]!);
    let sum = 0;
    for (let i = row; i < row + width; i++) sum += shares[i] = Math.exp(logits[i]! - most);
    for (let i = row; i < row + width; i++) shares[i] = shares[i]! / sum;
  }
  return { type: "float32", dims, data: shares };
}
