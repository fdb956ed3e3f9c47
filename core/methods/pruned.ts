import type { SampleStream } from "../data/batches.ts";
import { drawSamples } from "../data/drawSamples.ts";
import { changedNodes } from "../graph/changes.ts";
import type { Model } from "../graph/model.ts";
import { countCosts } from "../measure/costs.ts";
import { findShapes, type FoundShapes } from "../measure/shapes.ts";
import { timeModels } from "../measure/timeModels.ts";
import { recalibrate } from "../train/recalibrate.ts";
import { settleModel } from "../train/settle.ts";
import { prepareModel } from "../transform/prepare.ts";
import { formatBytes, formatCount } from "../base/format.ts";
import type { ReportBlock, TableCell } from "../contract/report.ts";
import type { TrainingContext } from "./fineTune.ts";
import { reconstruct, type ReconstructOptions } from "./reconstruct.ts";

/** A model in the form that pruning works on: nothing left to decide at run time, batch norms kept. */
export async function openForPruning(
  model: Model,
  { host, signal }: Pick<TrainingContext, "host" | "signal">,
): Promise<{ readonly model: Model; readonly shapes: FoundShapes }> {
  const settled = await settleModel(model, { host, signal });
  const { model: ready } = prepareModel(settled, { keepBatchNorm: true });
  return { model: ready, shapes: await findShapes(ready, { host, signal }) };
}

/**
 * The model with batch norm statistics of what is left, where there are samples. Only those behind a change: what nothing
 * was removed from saw, when it was trained, more images than there are here, and other ones.
 * @param before the model that something was removed from
 */
export async function recalibrated(
  model: Model,
  context: TrainingContext,
  { before, samples }: { readonly before: Model; readonly samples: number },
): Promise<Model> {
  const stream = lookedAt(context, samples);
  if (stream === undefined) return model;
  const batch = Math.min(64, stream.count);
  const changed = new Set([...changedNodes(model, before)].map((node) => node.name));
  const batches = Math.max(1, Math.ceil(samples / batch));
  return recalibrate(model, { ...context, stream, batch, batches, isKept: (name) => !changed.has(name) });
}

/** What is made up for after a removal, and on how many samples. */
export interface Settling {
  /** "layers": those behind the removal are fitted to what they gave. */
  readonly compensate: string;
  readonly recalibrate: boolean;
  readonly samples: number;
}

/** Training samples to look at, the same for each step of a run; undefined where there are none. */
export function lookedAt({ split, seed }: TrainingContext, samples: number): SampleStream | undefined {
  const train = split?.("train");
  return train === undefined || train.count === 0 ? undefined : drawSamples(train, samples, seed);
}

/** What is left after a removal, its layers fitted or its statistics estimated anew, as far as there are samples. */
export async function settled(
  small: Model,
  removal: Pick<ReconstructOptions, "whole" | "shapes" | "left">,
  { compensate, recalibrate, samples, context }: Settling & { readonly context: TrainingContext },
): Promise<Model> {
  const stream = compensate === "layers" ? lookedAt(context, samples) : undefined;
  const fitted = stream && (await reconstruct(small, { ...removal, stream, context }));
  const model = fitted?.model ?? small;
  if (!recalibrate || fitted?.isComplete === true) return model;
  return recalibrated(model, context, { before: removal.whole, samples });
}

/** What a model costs. */
export interface PrunedFacts {
  readonly label: string;
  readonly macs: number;
  readonly parameters: number;
  /** Bytes of all constants. */
  readonly bytes: number;
  /** Median milliseconds of one call with one sample, all timed in turns. */
  readonly latency: number;
}

/** Counts and times models side by side. */
export async function factsOf(
  models: readonly { readonly label: string; readonly model: Model }[],
  { session, host, signal, seed }: TrainingContext,
): Promise<readonly PrunedFacts[]> {
  const latencies = await timeModels(
    models.map((m) => m.model),
    { session, batch: 1, seed, host, signal },
  );
  const facts: PrunedFacts[] = [];
  for (const [i, { label, model }] of models.entries()) {
    const { macs, parameters, weights } = countCosts(model, await findShapes(model, { host, signal }));
    facts.push({ label, macs, parameters, bytes: weights, latency: latencies[i] ?? 0 });
  }
  return facts;
}

/** Costs side by side; shares are of the first. */
export function costsBlock(facts: readonly PrunedFacts[], threads: number): ReportBlock {
  const [first] = facts;
  const cell = (text: string, value: number, whole: number | undefined): TableCell => ({
    text,
    value,
    ...(whole !== undefined && whole > 0 && value !== whole && { note: `${(value / whole).toFixed(2)} of before` }),
  });
  return {
    kind: "table",
    title: "What it costs",
    columns: [
      { title: "Model", align: "start" },
      { title: "MACs", align: "end" },
      { title: "Parameters", align: "end" },
      { title: "Weights", align: "end" },
      { title: `Latency, ${threads} ${threads === 1 ? "thread" : "threads"}`, unit: "ms", align: "end" },
      { title: "Speed", align: "end" },
    ],
    rows: facts.map(({ label, macs, parameters, bytes, latency }) => [
      { text: label },
      cell(formatCount(macs), macs, first?.macs),
      cell(formatCount(parameters), parameters, first?.parameters),
      cell(formatBytes(bytes), bytes, first?.bytes),
      { text: latency.toFixed(3), value: latency },
      { text: `${((first?.latency ?? 0) / latency).toFixed(2)}×`, value: (first?.latency ?? 0) / latency },
    ]),
  };
}

/**
 * Something that takes long or comes out different each time, as a measured choice does: computed once in a run, and read
 * again when the run goes on after an interruption. It has to be plain JSON.
 */
export async function remembered<T>(
  { work, host }: Pick<TrainingContext, "work" | "host">,
  name: string,
  compute: () => Promise<T>,
): Promise<T> {
  if (work === undefined) return compute();
  await host.files.makeFolder(work.folder);
  const path = host.files.join(work.folder, `${name}.json`);
  const kept = (await host.files.info(path)) === undefined ? undefined : parsed(await host.files.read(path));
  if (kept?.key === work.key) return kept.value as T;
  const value = await compute();
  const writer = await host.files.create(path);
  try {
    await writer.write(new TextEncoder().encode(JSON.stringify({ key: work.key, value })));
    await writer.commit();
  } catch (thrown) {
    await writer.discard();
    throw thrown;
  }
  return value;
}

/** What was kept; undefined where the file is damaged. */
function parsed(bytes: Uint8Array): { readonly key: string; readonly value: unknown } | undefined {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as { key: string; value: unknown };
  } catch {
    return undefined;
  }
}
