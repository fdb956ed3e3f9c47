import { elementCount, toFloat32, type NdArray } from "../base/array.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import { LatheError } from "../base/error.ts";
import type { SplitName } from "../contract/dataset.ts";
import type { Emit } from "../contract/event.ts";
import type { Accuracy } from "../contract/measurement.ts";
import type { Batch, SampleStream } from "../data/batches.ts";
import { checkFinite } from "../runtime/finite.ts";
import type { Session } from "../runtime/session.ts";
import { adaptFeeds } from "./feeds.ts";
import { argmax } from "./outputError.ts";
import { wilsonInterval } from "./statistics.ts";

export interface AccuracyOptions {
  readonly split: SplitName;
  readonly batch: number;
  readonly signal?: AbortSignal;
  readonly emit?: Emit;
}

/** What a model said of each sample, in the stream's order. */
export interface Predictions {
  readonly indices: Int32Array;
  readonly labels: Int32Array;
  readonly predictions: Int32Array;
  /** Probability of the predicted class. */
  readonly confidence: Float32Array;
}

export interface MeasuredAccuracy extends Predictions {
  readonly accuracy: Accuracy;
}

/**
 * Classification accuracy over a stream: top-1, top-5 where there are more than five classes, per class, and
 * what was predicted. The model has one input and its first output is [n, classes], logits or probabilities.
 * @throws invalid-data without labels or samples, or where outputs and classes differ; numeric for NaN.
 */
export async function measureAccuracy(
  session: Session,
  stream: SampleStream,
  options: AccuracyOptions,
): Promise<MeasuredAccuracy> {
  const { classes } = stream;
  const output = session.outputs[0];
  if (classes === undefined) {
    throw new LatheError("invalid-data", "The data set has no labels, so there is no accuracy to measure.", {
      hint: "Import the data with labels: class folders, labels.csv, or a label column.",
    });
  }
  if (stream.count === 0)
    throw new LatheError("invalid-data", `The ${options.split} split is empty, so there is no accuracy to measure.`);
  if (session.inputs.length !== 1 || output === undefined) {
    throw new LatheError(
      "unsupported",
      `Accuracy needs a model with one input and an output, this one has "${session.inputs.length}" inputs.`,
    );
  }
  const tally = startTally(stream.count, classes.length);
  const fixed = session.inputs[0]?.dims[0];
  const size = typeof fixed === "number" ? fixed : options.batch;
  let done = 0;
  for await (const batch of stream.batches(size, options.signal)) {
    throwIfCancelled(options.signal);
    const scores = await scoresOf(session, batch, {
      size: typeof fixed === "number" ? size : undefined,
      classes: classes.length,
    });
    tally.add(batch, scores);
    done += batch.indices.length;
    options.emit?.({ kind: "progress", done, total: stream.count, unit: "samples" });
  }
  return tally.finish(options.split, classes);
}

/**
 * Scores of a batch, row by row.
 * @param options the batch that the model fixes, where it does; the classes that it must have, where they are known
 */
export async function scoresOf(
  session: Session,
  { input, indices }: Pick<Batch, "input" | "indices">,
  { size, classes }: { readonly size: number | undefined; readonly classes: number | undefined },
): Promise<Float32Array> {
  const name = session.outputs[0]?.name ?? "";
  const n = indices.length;
  const feed = size === undefined || size === n ? input : pad(input, size);
  const results = await session.run(adaptFeeds(session.inputs, { [session.inputs[0]?.name ?? ""]: feed }), [name]);
  checkFinite(results, `Samples ${indices[0] ?? 0} to ${indices.at(-1) ?? 0}`);
  const output = results[name]!;
  const width = elementCount(output.dims) / (size ?? n);
  if (classes !== undefined && width !== classes) {
    throw new LatheError(
      "invalid-data",
      `The model's output "${name}" has "${width}" values per sample, but the data set has ${classes} classes.`,
      {
        hint: "Use the data set that the model was trained for, or a model with one output per class.",
        details: { output: output.dims, classes },
      },
    );
  }
  return toFloat32(output).subarray(0, n * width);
}

/** Repeats nothing: missing samples of the last batch are zeros, and their outputs are dropped. */
function pad(input: NdArray, size: number): NdArray {
  const { data, dims, type } = input;
  if (!ArrayBuffer.isView(data)) return input;
  const Kind = data.constructor as new (length: number) => Float32Array;
  const whole = new Kind((data.length / (dims[0] ?? 1)) * size);
  whole.set(data as Float32Array);
  return { type, dims: [size, ...dims.slice(1)], data: whole };
}

interface Tally {
  add(batch: Batch, scores: Float32Array): void;
  finish(split: SplitName, classes: readonly string[]): MeasuredAccuracy;
}

function startTally(count: number, classes: number): Tally {
  const indices = new Int32Array(count);
  const labels = new Int32Array(count);
  const predictions = new Int32Array(count);
  const confidence = new Float32Array(count);
  let at = 0;
  let within5 = 0;
  return {
    add: (batch, scores) => {
      batch.indices.forEach((index, i) => {
        const row = scores.subarray(i * classes, (i + 1) * classes);
        const label = batch.labels?.[i] ?? -1;
        if (label < 0 || label >= classes) {
          throw new LatheError(
            "invalid-data",
            `Sample ${index} has the label "${label}", but there are ${classes} classes.`,
          );
        }
        const best = argmax(row);
        if (rankOf(row, label) < 5) within5++;
        indices[at] = index;
        labels[at] = label;
        predictions[at] = best;
        confidence[at++] = probability(row, best);
      });
    },
    finish: (split, names) => {
      const perClass = names.map((label) => ({ label, samples: 0, correct: 0 }));
      let correct = 0;
      for (let i = 0; i < at; i++) {
        const entry = perClass[labels[i]!]!;
        entry.samples++;
        if (predictions[i] !== labels[i]) continue;
        entry.correct++;
        correct++;
      }
      const accuracy: Accuracy = {
        split,
        samples: at,
        top1: correct / at,
        top1Interval: wilsonInterval(correct, at),
        ...(classes > 5 && { top5: within5 / at }),
        perClass,
      };
      return { accuracy, indices, labels, predictions, confidence };
    },
  };
}

/** How many classes come before this one, equals in the order of their numbers, as `argmax` has it. */
function rankOf(row: Float32Array, label: number): number {
  const own = row[label]!;
  let before = 0;
  for (let i = 0; i < row.length; i++) if (row[i]! > own || (row[i] === own && i < label)) before++;
  return before;
}

/** Softmax of the row at one place; rows that are probabilities already stay as they are. */
export function probability(row: Float32Array, at: number): number {
  let sum = 0;
  let least = Infinity;
  for (const x of row) {
    sum += x;
    if (x < least) least = x;
  }
  if (least >= 0 && Math.abs(sum - 1) < 1e-3) return row[at]!;
  let exponentials = 0;
  for (const x of row) exponentials += Math.exp(x - row[at]!);
  return 1 / exponentials;
}

/**
 * Where two models differ on the same samples. `gained`: the baseline was wrong and this one is right.
 * @param baseline id of its variant and what it predicted
 * @throws invalid-argument where the samples are not the same
 */
export function compareWithBaseline(
  baseline: Predictions & { readonly variant: string },
  own: Predictions,
): NonNullable<Accuracy["against"]> {
  const n = own.indices.length;
  if (baseline.indices.length !== n || own.indices.some((index, i) => index !== baseline.indices[i])) {
    throw new LatheError("invalid-argument", `The baseline "${baseline.variant}" was measured on other samples.`, {
      hint: "Measure both on the same split.",
    });
  }
  const indices: number[] = [];
  let gained = 0;
  let lost = 0;
  for (let i = 0; i < n; i++) {
    if (own.predictions[i] === baseline.predictions[i]) continue;
    indices.push(own.indices[i]!);
    if (own.predictions[i] === own.labels[i]) gained++;
    else if (baseline.predictions[i] === own.labels[i]) lost++;
  }
  return { variant: baseline.variant, disagree: indices.length, gained, lost, indices };
}
