import { throwIfCancelled } from "../base/cancel.ts";
import { LatheError } from "../base/error.ts";
import type { Emit } from "../contract/event.ts";
import type { SampleStream } from "../data/batches.ts";
import type { Session } from "../runtime/session.ts";
import { probability, scoresOf, type Predictions } from "./accuracy.ts";
import { argmax } from "./outputError.ts";

export interface PredictOptions {
  /** Samples in a call, where the model does not fix it. */
  readonly batch: number;
  readonly signal?: AbortSignal;
  readonly emit?: Emit;
}

/**
 * What a classifier says of each sample, without judging it: labels are −1 where the data set has none. The model has
 * one input and its first output is [n, classes], logits or probabilities.
 * @throws unsupported for other models; invalid-data where outputs and classes differ; numeric for NaN.
 */
export async function predictSamples(
  session: Session,
  stream: SampleStream,
  { batch, signal, emit }: PredictOptions,
): Promise<Predictions> {
  const [output] = session.outputs;
  const fixed = session.inputs[0]?.dims[0];
  if (session.inputs.length !== 1 || output === undefined) {
    throw new LatheError(
      "unsupported",
      `Predictions need a model with one input and an output, this one has "${session.inputs.length}" inputs.`,
    );
  }
  const size = typeof fixed === "number" ? fixed : undefined;
  const indices = new Int32Array(stream.count);
  const labels = new Int32Array(stream.count).fill(-1);
  const predictions = new Int32Array(stream.count);
  const confidence = new Float32Array(stream.count);
  let at = 0;
  for await (const part of stream.batches(size ?? batch, signal, true)) {
    throwIfCancelled(signal);
    const n = part.indices.length;
    const scores = await scoresOf(session, part, { size, classes: stream.classes?.length });
    const width = scores.length / n;
    part.indices.forEach((index, i) => {
      const row = scores.subarray(i * width, (i + 1) * width);
      const best = argmax(row);
      indices[at] = index;
      labels[at] = part.labels?.[i] ?? -1;
      predictions[at] = best;
      confidence[at++] = probability(row, best);
    });
    emit?.({ kind: "progress", done: at, total: stream.count, unit: "samples" });
  }
  return { indices, labels, predictions, confidence };
}
