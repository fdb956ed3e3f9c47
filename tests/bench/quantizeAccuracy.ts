import { nodeHost as host } from "../../core/app/nodeHost.ts";
import type { Json } from "../../core/base/json.ts";
import type { ProcessorAccuracy } from "../../core/contract/measurement.ts";
import type { Preprocessing } from "../../core/contract/preprocessing.ts";
import { sampleStream } from "../../core/data/batches.ts";
import { openDataset } from "../../core/data/open.ts";
import { DEFAULT_SPLIT_PLAN, planSplits } from "../../core/data/splits.ts";
import type { Model } from "../../core/graph/model.ts";
import { measureAccuracy } from "../../core/measure/accuracy.ts";
import { accuracyByProcessor } from "../../core/measure/processorAccuracy.ts";
import { findMethod } from "../../core/methods/catalogue.ts";
import { loadTensors, readModel } from "../../core/onnx/read.ts";
import { withSession } from "../../core/runtime/session.ts";

export interface ProcessorFigures {
  /** Fractions of the test images. */
  readonly float: number;
  readonly samples: number;
  /** With default settings, and with all eight bits whatever they sum to. */
  readonly int8: readonly ProcessorAccuracy[];
  readonly eightBits: readonly ProcessorAccuracy[];
}

/** Accuracy of a network and of its INT8 form on each kind of processor, on the test images. */
export async function accuracyByTarget(subject: {
  readonly model: string;
  readonly data: string;
  readonly preprocessing: Preprocessing;
}): Promise<ProcessorFigures> {
  const { preprocessing } = subject;
  const model = await loadTensors(await readModel(subject.model, host), host);
  const dataset = await openDataset(subject.data);
  try {
    const splits = planSplits(dataset, DEFAULT_SPLIT_PLAN);
    const test = sampleStream(dataset, { indices: splits.test, preprocessing });
    const options = { split: "test", batch: 64 } as const;
    const accuracyOf = (tried: Model) =>
      withSession(tried, { threads: 1, host }, (session) => measureAccuracy(session, test, options));
    const method = await findMethod("quantize-static");
    const quantized = async (params: Record<string, Json>): Promise<readonly ProcessorAccuracy[]> => {
      const { model: made } = await method.run({
        model,
        params,
        seed: 0,
        calibration: sampleStream(dataset, { indices: splits.calibration, preprocessing }),
        session: { threads: 1 },
        host,
        signal: new AbortController().signal,
        emit: () => undefined,
      });
      const own = await accuracyOf(made);
      const how = { ...options, session: { threads: 1 }, host };
      return (await accuracyByProcessor(made, { stream: test, own }, how)) ?? [];
    };
    const { accuracy } = await accuracyOf(model);
    return {
      float: accuracy.top1,
      samples: accuracy.samples,
      int8: await quantized({}),
      eightBits: await quantized({ reduceRange: "off" }),
    };
  } finally {
    await dataset.close();
  }
}

/** One line per setting: each processor's accuracy and its difference to float32. */
export function printProcessors({ float, samples, int8, eightBits }: ProcessorFigures): string[] {
  const line = (title: string, found: readonly ProcessorAccuracy[]): string =>
    `  ${title}: ${found.map((p) => `${p.processor} ${(p.top1 * 100).toFixed(1)} % (${((p.top1 - float) * 100).toFixed(1)}, ${p.how})`).join("; ")}`;
  return [
    `  accuracy on ${samples} test images, float32 ${(float * 100).toFixed(1)} %`,
    line("INT8, default", int8),
    line("INT8, eight bits everywhere", eightBits),
  ];
}
