import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { sampleStream } from "../../core/data/batches.ts";
import { openDataset } from "../../core/data/open.ts";
import type { Model } from "../../core/graph/model.ts";
import { measureAccuracy } from "../../core/measure/accuracy.ts";
import { findMethod } from "../../core/methods/catalogue.ts";
import type { Findings } from "../../core/methods/sparsify-weights/findings.ts";
import { loadTensors, readModel } from "../../core/onnx/read.ts";
import { withSession } from "../../core/runtime/session.ts";
import { sharedData, sharedNote } from "../shared.ts";
import { runLesson } from "./lesson.ts";
import { CIFAR } from "../cifar.ts";

/** Public models of float weights, with layers that take part in half a sparsity, and in 2:4. */
const MODELS: readonly (readonly [file: string, free: number, groups: number])[] = [
  ["cifar10-resnets/resnet20.onnx", 18, 18],
  ["dtln/model_2.onnx", 5, 5],
  ["ort-examples/mnist.onnx", 1, 1],
  ["stm32/mobilenet_v2_0.35_128_tfs_channel_first.onnx", 51, 34],
  ["ort-testdata/bert_toy_optimized.onnx", 32, 27],
];

const read = async (file: string): Promise<Model> =>
  loadTensors(await readModel(join(sharedData!, "models", file), nodeHost), nodeHost);

async function sparse(model: Model, pattern: string): Promise<{ readonly model: Model; readonly findings: Findings }> {
  const params = { epochs: 0, schedule: "one-shot", sparsity: 0.5, pattern, baselines: false };
  const made = await runLesson("sparsify-weights", params, { model, split: undefined as never });
  return { model: made.model, findings: made.findings as unknown as Findings };
}

describe.skipIf(sharedData === undefined)(`public models made sparse${sharedNote}`, () => {
  it.each(MODELS)("%s: %i layers freely, %i in groups, and loads again", async (file, free, groups) => {
    const model = await read(file);
    expect((await findMethod("sparsify-weights")).applies(model).applies).toBe(true);
    for (const [pattern, layers] of [
      ["unstructured", free],
      ["2:4", groups],
    ] as const) {
      const made = await sparse(model, pattern);
      const own = made.findings.layers.filter((l) => l.reason === undefined);
      expect(own.length, pattern).toBe(layers);
      const zeros = own.reduce((sum, l) => sum + l.zeros, 0);
      expect(Math.abs(zeros / own.reduce((sum, l) => sum + l.elements, 0) - 0.5)).toBeLessThan(0.01);
      expect(made.findings.sizes.after.bitmap).toBeLessThan(made.findings.sizes.before.bitmap);
    }
  });

  it("ResNet-20 loses little with half of its weights, and more by chance", async () => {
    const dataset = await openDataset(join(sharedData!, "datasets", "cifar10-5k", "test_batch.bin"));
    const model = await read("cifar10-resnets/resnet20.onnx");
    const indices = Int32Array.from({ length: 500 }, (_, i) => i);
    const stream = sampleStream(dataset, { indices, preprocessing: CIFAR });
    const right = (of: Model): Promise<number> =>
      withSession(of, { host: nodeHost, threads: 2 }, async (open) => {
        const { accuracy } = await measureAccuracy(open, stream, { split: "test", batch: 100 });
        return accuracy.top1;
      });
    const params = { epochs: 0, schedule: "one-shot", sparsity: 0.5, baselines: false };
    const found: number[] = [];
    for (const criterion of ["magnitude", "random"]) {
      const made = await runLesson("sparsify-weights", { ...params, criterion }, { model, split: undefined as never });
      found.push(await right(made.model));
    }
    const before = await right(model);
    await dataset.close();
    expect(before).toBeGreaterThan(0.9);
    expect(before - found[0]!).toBeLessThan(0.03);
    expect(found[1]!).toBeLessThan(0.5);
  });
});
