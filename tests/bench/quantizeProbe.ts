import { performance } from "node:perf_hooks";
import { nodeHost } from "../../core/app/nodeHost.ts";
import type { Preprocessing } from "../../core/contract/preprocessing.ts";
import { sampleStream } from "../../core/data/batches.ts";
import { openDataset } from "../../core/data/open.ts";
import { planSplits } from "../../core/data/splits.ts";
import { findMethod } from "../../core/methods/catalogue.ts";
import { loadTensors, readModel } from "../../core/onnx/read.ts";
import { writeModel } from "../../core/onnx/write.ts";
import { answer } from "../../core/runtime/child.ts";
import { readPeak, resetPeak } from "../../core/runtime/peakMemory.ts";
import { withSession } from "../../core/runtime/session.ts";

export interface QuantizeTask {
  readonly model: string;
  readonly data: string;
  readonly preprocessing: Preprocessing;
  readonly samples: number;
  readonly batch: number;
  readonly threads: number;
  readonly range: "min-max" | "percentile";
  /** Where the quantised model goes; without it the model is merely run over the samples. */
  readonly out?: string;
}

export interface QuantizeTimes {
  /** Milliseconds from the first sample read to the model written, or to the last sample run. */
  readonly milliseconds: number;
  /** Bytes: highest resident size of the process from then on. */
  readonly peak: number;
}

answer(async (task: QuantizeTask): Promise<QuantizeTimes> => {
  const host = nodeHost;
  const model = await loadTensors(await readModel(task.model, host), host);
  const dataset = await openDataset(task.data);
  const splits = planSplits(dataset, {
    seed: 0,
    given: true,
    train: 1,
    validation: 0,
    test: 0,
    calibration: task.samples,
  });
  const { preprocessing } = task;
  const stream = sampleStream(dataset, { indices: splits.calibration, preprocessing });
  resetPeak();
  let start = performance.now();
  if (task.out === undefined) {
    await withSession(model, { threads: task.threads, host }, async (session) => {
      const name = session.inputs[0]!.name;
      for await (const batch of stream.batches(task.batch)) await session.run({ [name]: batch.input });
    });
  } else {
    const method = await findMethod("quantize-static");
    const { samples, batch, range } = task;
    const result = await method.run({
      model,
      params: method.parse({ samples, batch, range, portability: false }),
      seed: 0,
      calibration: stream,
      session: { threads: task.threads },
      host,
      signal: new AbortController().signal,
      // What comes before, the gate, takes the same time whatever the data.
      emit: (event) => {
        if (event.kind === "stage" && event.name === "Calibrate") start = performance.now();
      },
    });
    await writeModel(result.model, task.out, { host });
  }
  const milliseconds = performance.now() - start;
  const peak = readPeak();
  await dataset.close();
  return { milliseconds, peak };
});
