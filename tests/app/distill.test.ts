import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runMethod } from "../../core/app/runMethod.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { tensorArray } from "../../core/graph/build.ts";
import type { DistillFindings } from "../../core/methods/distillFindings.ts";
import { loadTensors, readModel } from "../../core/onnx/read.ts";
import { quietWork, tinyProject } from "./fixtures.ts";

test("a variant teaches another, and its answers wait in the project for the next one", async () => {
  const { project } = await tinyProject();
  try {
    const base = { seed: 1, threads: 1 };
    const training = { epochs: 4, batch: 16, rate: 0.1 };
    const trained = { method: "train", params: training, ...base };
    await runMethod(project, trained, { ...quietWork(), from: "tiny", name: "grown" });
    const params = { ...training, teacher: "grown", baseline: false };
    const distil = { method: "distill-logits", params, ...base };
    const first = await runMethod(project, distil, { ...quietWork(), from: "tiny" });
    const grown = project.store.variants().find((v) => v.name === "grown")!;
    expect(first.recipe!.params["teacher"]).toBe(grown.model.sha256);
    const answersOf = (findings: unknown): DistillFindings["answers"] => (findings as DistillFindings).answers;
    expect(answersOf(first.findings)).toMatchObject({ found: 0, asked: 1 });
    const cache = join(project.store.folder, "cache");
    expect(readdirSync(cache).length).toBe(1);
    const longer = { ...distil, params: { ...params, epochs: 6 } };
    const second = await runMethod(project, longer, { ...quietWork(), from: "tiny" });
    expect(answersOf(second.findings)).toMatchObject({ found: 1, asked: 0 });
    const work = join(project.store.folder, "work");
    expect(existsSync(work) ? readdirSync(work) : []).toEqual([]);
  } finally {
    project.store.close();
  }
});

test("zeros stay from variant to variant", async () => {
  const { project } = await tinyProject();
  try {
    const base = { seed: 1, threads: 1 };
    const params = { epochs: 2, batch: 16, sparsity: 0.5, keepEnds: false, baselines: false, rampEvery: 1 };
    const sparse = await runMethod(
      project,
      { method: "sparsify-weights", params, ...base },
      { ...quietWork(), from: "tiny", name: "sparse" },
    );
    const tuned = await runMethod(
      project,
      { method: "train", params: { epochs: 2, batch: 16 }, ...base },
      { ...quietWork(), from: "sparse", name: "tuned" },
    );
    const small = await runMethod(
      project,
      { method: "quantize-static", params: {}, ...base },
      { ...quietWork(), from: "tuned" },
    );
    const zerosOf = async ({ model }: typeof sparse): Promise<number> => {
      const read = await loadTensors(await readModel(project.store.artifacts.path(model), nodeHost), nodeHost);
      const weights = read.graph.initializers.filter((t) => t.dims.length >= 2);
      return weights.reduce((sum, t) => {
        const numbers = Array.from(tensorArray(t).data as Float32Array, Number);
        return sum + numbers.filter((x) => x === 0).length;
      }, 0);
    };
    expect(await zerosOf(sparse)).toBe(48);
    expect(await zerosOf(tuned)).toBe(48);
    expect(await zerosOf(small)).toBeGreaterThanOrEqual(48);
  } finally {
    project.store.close();
  }
});
