import { elementCount } from "../base/array.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import { LatheError, toLatheError } from "../base/error.ts";
import { formatBytes, formatNumber, formatPercent } from "../base/format.ts";
import type { Host } from "../base/host.ts";
import { seededRandom } from "../base/random.ts";
import type { Emit } from "../contract/event.ts";
import type { SampleStream } from "../data/batches.ts";
import type { Model } from "../graph/model.ts";
import { refuseNan } from "../graph/nanConstants.ts";
import { measureAccuracy } from "../measure/accuracy.ts";
import { withSession, type SessionOptions } from "../runtime/session.ts";
import { feedsOf } from "./batchFeeds.ts";
import { isLoweredOn } from "./device.ts";
import { watchLoss } from "./divergence.ts";
import { fallBack, keepGood, rateAfter } from "./fallBack.ts";
import { findRate } from "./findRate.ts";
import { fixedBatch, freeBatch, withInterfaceOf } from "./freeBatch.ts";
import { cpuLowering } from "./lowering.ts";
import { estimateMemory, largestBatch, mostMemory, type MemoryOptions } from "./memory.ts";
import { startMeter } from "./meter.ts";
import { averageShare, extentOf, type EpochResult, type Extent, type RateAccount, type TrainPlan } from "./plan.ts";
import { makeSaver, startProgress, type Progress, type Saver, type Saving } from "./progress.ts";
import { masksOf } from "./masks.ts";
import { rateAt } from "./schedule.ts";
import { startingArray } from "./slots.ts";
import { buildStep, type StepGraph } from "./stepGraph.ts";
import type { Teach } from "./teacher.ts";
import { startTrainer, withConstants, type Trainer } from "./trainer.ts";

export interface TrainOptions {
  /** Constants in memory. */
  readonly model: Model;
  readonly plan: TrainPlan;
  readonly training: SampleStream;
  /** Looked at after each epoch, where there are labels. */
  readonly validation?: SampleStream;
  readonly seed: number;
  readonly session: SessionOptions;
  readonly host: Host;
  readonly signal: AbortSignal;
  readonly emit: Emit;
  readonly saving?: Saving;
  /** Bytes that the process may take; where given, the memory is estimated before the start. */
  readonly memoryLimit?: number;
  /** Whether the graph is rewritten for the device; default true. Without it nothing but the speed changes. */
  readonly isLowered?: boolean;
  /** Targets that are not labels, for each batch as the model sees it. */
  readonly teach?: Teach;
  /** Masks (0 or 1 per element) of weights, kept through the training; they take the place of those that `keepZeros` finds. */
  readonly masks?: ReadonlyMap<string, Float32Array>;
  /**
   * Called before each update and may change the masks. What it does must follow from the state and the number of the
   * update alone, or a resumed training would end elsewhere.
   */
  readonly beforeUpdate?: (trainer: Trainer, at: UpdateAt) => void;
  /** Told after each epoch of all that count: those that a training has gone back behind do not. */
  readonly onEpoch?: (history: readonly EpochResult[]) => void;
}

/** Which update of a training comes next, from 0, and how many there are. */
export interface UpdateAt {
  readonly update: number;
  readonly of: number;
}

export interface TrainResult {
  /** In inference form. */
  readonly model: Model;
  readonly history: readonly EpochResult[];
  readonly extent: Extent;
  /** Elements of the weights that were trained. */
  readonly parameters: number;
  /** Epoch whose weights the model has. */
  readonly epoch: number;
  readonly rate: RateAccount;
}

/**
 * Trains a model on labelled samples. The same options give the same bytes on one machine; so does a training that was
 * stopped at any moment and started again with the same checkpoint. One that diverges goes back to its last good epoch with
 * a third of the learning rate, three times at most.
 * @throws numeric where a constant is NaN, or the loss is no longer finite or explodes all the same; invalid-data,
 *   invalid-recipe, unsupported, cancelled
 */
export async function train(asked: TrainOptions): Promise<TrainResult> {
  const { plan, host, emit, training, session, signal, seed } = asked;
  refuseNan(asked.model, "Training cannot start");
  emit({ kind: "stage", name: "Building the training graph", within: true });
  const freed = fixedBatch(asked.model) === plan.batch ? asked.model : await freeBatch(asked.model, { host, signal });
  const model = freed ?? asked.model;
  const options = { ...asked, model };
  const extent = extentOf(plan, training.count, fixedBatch(model));
  if (extent.batches === 0) {
    throw new LatheError("invalid-data", `There are "${training.count}" samples to train on, fewer than a batch.`, {
      hint: "Import more samples, or give the train split a larger share.",
    });
  }
  const masks = new Map([...(plan.keepZeros === false ? [] : masksOf(model)), ...(asked.masks ?? [])]);
  const build = graphBuilder({ ...options, masks });
  const graph = await build(extent.batch);
  if (options.memoryLimit !== undefined) await checkMemory(graph, extent.batch, { ...options, build });
  // What looks at the state before each update wants it here.
  const isResident = session.provider === "webgpu" && asked.beforeUpdate === undefined;
  const trainer = await startTrainer(graph, { ...session, host, seed, isResident });
  const saver = makeSaver(options.saving, host, emit);
  try {
    const masked = new Set(graph.slots.flatMap((s) => (s.kind === "mask" ? [s.of] : [])));
    const toStart = (): void => {
      trainer.restore(new Map(graph.slots.map((s) => [s.key, startingArray(s)])), 0);
      for (const [weight, mask] of masks) if (masked.has(weight)) trainer.setMask(weight, mask);
    };
    toStart();
    const resumed = await saver.resume(trainer);
    const progress = resumed ?? startProgress();
    if (resumed !== undefined) {
      const text = `Resuming in epoch ${progress.epoch + 1}, batch ${progress.batch + 1}.`;
      emit({ kind: "message", level: "info", text });
    }
    const run = { trainer, saver, extent, progress, toStart };
    if (progress.rate === undefined) {
      progress.rate = await findRate(options, run);
      // What was measured is not measured again.
      if (plan.rate === "auto") await saver.save(trainer, progress, true);
    }
    await runEpochs(options, run);
    await trainer.download();
    const weights = graph.slots.filter((s) => s.kind === "weight");
    const isBest = plan.keep === "best" && progress.best !== undefined;
    const trained = isBest ? withConstants(graph.inference, progress.bestArrays) : trainer.model(whichOf(plan));
    return {
      model: model === asked.model ? trained : withInterfaceOf(trained, asked.model),
      history: progress.history,
      extent,
      parameters: weights.reduce((sum, s) => sum + elementCount(s.dims), 0),
      epoch: isBest ? progress.best!.epoch : plan.epochs,
      rate: progress.rate,
    };
  } finally {
    await trainer.close();
  }
}

/** Makes the step's graph for a batch size, in the form that the device runs fast. */
function graphBuilder({ model, plan, host, signal, session, ...options }: TrainOptions): MemoryOptions["build"] {
  const { averageDecay, ...rest } = plan;
  const masked = [...(options.masks?.keys() ?? [])];
  const stepPlan = { ...rest, average: averageDecay !== undefined, ...(masked.length > 0 && { masked }) };
  const isLowered = options.isLowered !== false && isLoweredOn(session.provider ?? "cpu");
  return async (batch) => {
    const lowering = isLowered ? await cpuLowering(batch) : undefined;
    return buildStep(model, stepPlan, { host, signal, ...(lowering && { lowering }) });
  };
}

/** @throws limit-exceeded, naming the batch that would fit */
async function checkMemory(
  graph: StepGraph,
  batch: number,
  { memoryLimit: limit = Infinity, emit, ...options }: Pick<TrainOptions, "emit" | "memoryLimit"> & MemoryOptions,
): Promise<void> {
  // The exact figure takes as long as some steps, and is only wanted where it may matter.
  if (mostMemory(graph, batch) <= limit || fixedBatch(graph.inference) !== undefined) return;
  const [plan] = await estimateMemory([batch], options);
  if (plan === undefined) return;
  emit({ kind: "metric", name: "estimated-memory-bytes", value: plan.total });
  if (plan.total <= limit) return;
  const fitting = largestBatch(plan, limit);
  throw new LatheError(
    "limit-exceeded",
    `Training in batches of "${batch}" would take about ${formatBytes(plan.total)} of memory, and ${formatBytes(limit)} are free.`,
    {
      hint:
        fitting > 0
          ? `Take batches of ${fitting} or fewer; accumulate gradients to keep the effect of larger ones.`
          : "Not even one sample fits; take a smaller model or smaller inputs.",
      details: { ...plan },
    },
  );
}

interface Run {
  readonly trainer: Trainer;
  readonly saver: Saver;
  readonly extent: Extent;
  readonly progress: Progress;
  /** Puts the trainer where the training begins. */
  readonly toStart: () => void;
}

async function runEpochs(options: TrainOptions, run: Run): Promise<void> {
  const { plan, emit, host } = options;
  const { trainer, saver, extent, progress } = run;
  const total = extent.batches * plan.epochs;
  const done = (): number => progress.epoch * extent.batches + progress.batch;
  let meter = startMeter(emit, host.clock, { total, done: done() });
  while (progress.epoch < plan.epochs) {
    emit({ kind: "stage", name: `Epoch ${progress.epoch + 1} of ${plan.epochs}`, within: true });
    try {
      await runBatches(options, run, (facts) => meter.batch({ ...facts, done: done() }));
      await endEpoch(options, run);
    } catch (thrown) {
      // Stopped between two batches: what has been done is worth keeping.
      if (toLatheError(thrown).code === "cancelled") await saver.save(trainer, progress, true);
      fallBack(thrown, { ...run, emit });
      meter = startMeter(emit, host.clock, { total, done: done() });
    }
    await saver.save(trainer, progress, true);
  }
}

type Report = (facts: { readonly loss: number; readonly rate: number; readonly samples: number }) => void;

async function runBatches(
  options: TrainOptions,
  { trainer, saver, extent, progress }: Run,
  report: Report,
): Promise<void> {
  const { plan, training, seed, signal } = options;
  const order = seededRandom(seed, `order/${progress.epoch}`).shuffle(Array.from(training.indices));
  const left = Int32Array.from(order.slice(progress.batch * extent.batch, extent.batches * extent.batch));
  if (left.length === 0) return;
  for await (const batch of training.select(left).batches(extent.batch, signal, true)) {
    throwIfCancelled(signal);
    const rate = rateAfter(progress.rate!) * rateAt(plan.schedule, progress.updates, extent.updates);
    if (trainer.pending === 0) options.beforeUpdate?.(trainer, { update: progress.updates, of: extent.updates });
    const feeds = await feedsOf(options, trainer, { batch, at: progress });
    const result = await trainer.step(feeds, {
      rate,
      step: progress.updates + 1,
      ...(plan.averageDecay !== undefined && { keep: averageShare(plan.averageDecay, progress.updates) }),
    });
    progress.batch++;
    // What is no longer finite is named in the error.
    if (!Number.isFinite(result.loss)) await trainer.download();
    progress.watch = watchLoss(progress.watch, result.loss, {
      epoch: progress.epoch + 1,
      batch: progress.batch,
      rate,
      isClipped: plan.clip !== undefined,
      state: trainer.state,
    });
    progress.sum += result.loss;
    progress.pending = trainer.pending;
    if (result.isUpdate) progress.updates++;
    report({ loss: result.loss, rate, samples: extent.batch });
    if (progress.batch < extent.batches) await saver.save(trainer, progress, false);
  }
}

async function endEpoch(options: TrainOptions, { trainer, extent, progress }: Run): Promise<void> {
  const { plan, emit } = options;
  await trainer.download();
  const accuracy = await accuracyOf(options, trainer);
  const epoch = progress.epoch + 1;
  const loss = progress.sum / extent.batches;
  const rate = rateAfter(progress.rate!) * rateAt(plan.schedule, Math.max(0, progress.updates - 1), extent.updates);
  progress.history.push({ epoch, loss, rate, ...(accuracy !== undefined && { accuracy }) });
  emit({ kind: "metric", name: "epoch-loss", value: loss });
  const scored = accuracy === undefined ? "" : `, ${formatPercent(accuracy)} of the validation samples right`;
  emit({ kind: "message", level: "info", text: `Epoch ${epoch}: loss ${formatNumber(loss)}${scored}.` });
  if (accuracy !== undefined) emit({ kind: "metric", name: "accuracy", value: accuracy });
  if (plan.keep === "best" && accuracy !== undefined && accuracy > (progress.best?.accuracy ?? -1)) {
    progress.best = { epoch, accuracy };
    progress.bestArrays = trainer.arrays(whichOf(plan));
  }
  [progress.epoch, progress.batch, progress.sum] = [epoch, 0, 0];
  keepGood(trainer, progress);
  options.onEpoch?.(progress.history);
}

/** Top-1 on the validation samples, of the model as it would be given back. */
async function accuracyOf(options: TrainOptions, trainer: Trainer): Promise<number | undefined> {
  const { validation, plan, session, host, signal } = options;
  if (validation?.classes === undefined || validation.count === 0) return undefined;
  const model = trainer.model(whichOf(plan));
  return withSession(model, { ...session, host }, async (open) => {
    const measured = await measureAccuracy(open, validation, { split: "validation", batch: plan.batch, signal });
    return measured.accuracy.top1;
  });
}

const whichOf = ({ averageDecay }: TrainPlan): "current" | "average" =>
  averageDecay === undefined ? "current" : "average";
