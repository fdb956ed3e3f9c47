import { nodeHost as host } from "../../core/app/nodeHost.ts";
import { toFloat32, type NdArray } from "../../core/base/array.ts";
import type { SampleStream } from "../../core/data/batches.ts";
import type { Model } from "../../core/graph/model.ts";
import { argmax } from "../../core/measure/outputError.ts";
import type { MethodContext, TrialLog } from "../../core/methods/define.ts";
import type { Trial } from "../../core/contract/trial.ts";
import { withSession } from "../../core/runtime/session.ts";
import { streamOf } from "../transform/quantize.ts";

/** Samples with these labels. */
export function labelled(samples: NdArray, labels: Int32Array, classes: number): SampleStream {
  const plain = streamOf(samples);
  const size = (samples.data as Float32Array).length / plain.count;
  return {
    ...plain,
    classes: Array.from({ length: classes }, (_, c) => `class ${c}`),
    select: (indices) => {
      const data = new Float32Array(indices.length * size);
      indices.forEach((from, i) =>
        data.set((samples.data as Float32Array).subarray(from * size, (from + 1) * size), i * size),
      );
      return labelled(
        { ...samples, dims: [indices.length, ...samples.dims.slice(1)], data },
        indices.map((i) => labels[i]!),
        classes,
      );
    },
    batches: async function* (rows, signal) {
      for await (const batch of plain.batches(rows, signal)) {
        yield {
          ...batch,
          input: { ...batch.input, data: (batch.input.data as Float32Array).slice() },
          labels: batch.indices.map((i) => labels[i]!),
        };
      }
    },
  };
}

/** Samples labelled with what a model says of them, so that its accuracy is 1 and a worse model's is its agreement. */
export async function labelledBy(model: Model, samples: NdArray): Promise<SampleStream> {
  const outputs = await withSession(model, { host }, (session) => session.run({ x: samples }));
  const scores = toFloat32(Object.values(outputs)[0]!);
  const rows = samples.dims[0]!;
  const width = scores.length / rows;
  const labels = Int32Array.from({ length: rows }, (_, i) => argmax(scores.subarray(i * width, (i + 1) * width)));
  return labelled(samples, labels, width);
}

/** What a method is given in a project, without one. */
export function contextOf<P>(
  model: Model,
  params: P,
  parts: Partial<MethodContext<P>> & { readonly samples?: SampleStream },
): MethodContext<P> {
  const { samples, ...rest } = parts;
  return {
    model,
    params,
    seed: 1,
    calibration: samples,
    ...(samples && { split: () => samples }),
    session: { threads: 1 },
    host,
    signal: new AbortController().signal,
    emit: () => undefined,
    ...rest,
  };
}

/** A log of trials that can fail after so many. */
export function trialLog(done: Trial[] = [], failAfter = Infinity): TrialLog & { readonly done: Trial[] } {
  return {
    done,
    add: (trial) => {
      if (done.length >= failAfter) return Promise.reject(new Error("The process died."));
      done.push(trial);
      return Promise.resolve();
    },
  };
}
