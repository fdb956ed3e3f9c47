import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import type { Json } from "../../core/base/json.ts";
import { findMethod } from "../../core/methods/catalogue.ts";
import { sampleStream } from "../../core/data/batches.ts";
import { openDataset } from "../../core/data/open.ts";
import { planSplits } from "../../core/data/splits.ts";
import { loadTensors, readModel } from "../../core/onnx/read.ts";
import { CIFAR } from "../cifar.ts";
import { sharedData, sharedNote } from "../shared.ts";
import { smallNet } from "../train/models.ts";
import { runLesson, trainedNet, type LessonOptions } from "./lesson.ts";

const TRAINING = [
  "train",
  "prune-channels",
  "prune-layers",
  "sparsify-weights",
  "quantize-aware-train",
  "distill-logits",
  "distill-features",
] as const;

interface Kept {
  readonly trainings?: readonly { readonly title: string; readonly rate: number; readonly falls: readonly unknown[] }[];
}

it.each(TRAINING)("%s measures its rate unless one is given, and keeps that of older recipes", async (id) => {
  const method = await findMethod(id);
  const teacher: Record<string, Json> = id.startsWith("distill") ? { teacher: "t" } : {};
  expect(method.parse(teacher)["rate"]).toBe("auto");
  const fixed = id === "train" ? 0.05 : 0.02;
  expect(method.parse(method.upgrade(teacher, 1))["rate"]).toBe(fixed);
  expect(method.parse(method.upgrade({ ...teacher, rate: 0.7 }, 1))["rate"]).toBe(0.7);
  expect(method.upgrade({ ...teacher, rate: "auto" }, method.info.version)["rate"]).toBe("auto");
  expect(() => method.parse({ ...teacher, rate: "fast" })).toThrow('rate: is "auto" or a number above 0');
});

it.each(TRAINING)("%s counts the test in its estimate", async (id) => {
  const method = await findMethod(id);
  const seconds = (params: Record<string, string | number>): number =>
    method.estimate(smallNet({ widths: [64, 128] }), { ...params, batch: 64 }, 10_000).seconds;
  expect(seconds({ rate: "auto" })).toBeGreaterThan(seconds({ rate: 0.02 }));
  if (!id.startsWith("distill") && id !== "train" && id !== "quantize-aware-train") {
    expect(seconds({ rate: "auto", epochs: 0 })).toBe(seconds({ rate: 0.02, epochs: 0 }));
  }
});

it("shows the course of the test and the rate that followed from it", async () => {
  const params = { epochs: 2, batch: 32 };
  const { findings, warnings } = await runLesson("train", params);
  const [training] = (findings as Kept).trainings!;
  expect(training).toMatchObject({ title: "Training", falls: [] });
  expect(warnings).toEqual([]);
  const method = await findMethod("train");
  const blocks = method.report(findings, method.parse(params));
  const chart = blocks.find((b) => b.kind === "lines" && b.title === "Learning rate test");
  expect(chart).toMatchObject({
    x: { scale: "log" },
    series: [{ label: "Training" }, { label: `Chosen: ${training!.rate}` }],
  });
  const mark = chart?.kind === "lines" ? chart.series[1]!.points : [];
  expect(mark.map(([x]) => x)).toEqual([training!.rate, training!.rate]);
});

it("measures the rate of each training of a run, baselines included", async () => {
  const { findings } = await runLesson("prune-channels", { epochs: 1, batch: 32, remove: 0.3, multiple: 1 });
  expect((findings as Kept).trainings!.map((t) => t.title)).toEqual([
    "Training what is left",
    "Baseline: the whole model",
    "Baseline: narrower everywhere",
    "Baseline: random channels",
  ]);
});

it("says nothing of a given rate that was not too high, and warns of one that was", async () => {
  const params = { epochs: 2, batch: 32, rate: 0.05 };
  const calm = await runLesson("train", params);
  expect(calm.findings).not.toHaveProperty("trainings");
  const method = await findMethod("train");
  expect(method.report(calm.findings, method.parse(params)).some((b) => "title" in b && /rate/i.test(b.title))).toBe(
    false,
  );
  const wild = { epochs: 2, batch: 32, rate: 30 };
  const { findings, warnings } = await runLesson("train", wild, { model: smallNet({ classes: 4, batchNorm: false }) });
  expect((findings as Kept).trainings).toHaveLength(1);
  const warning = warnings.find((w) => w.includes("Diverged"));
  expect(warning).toMatch(
    /^Training: Diverged in epoch 1, batch \d+, at a learning rate of 30; went back to the start with a third of it\./,
  );
  expect(warning).toMatch(/The learning rate was [\d.]+ in the end; give a lower one from the start\.$/);
  const table = method
    .report(findings, method.parse(wild))
    .find((b) => b.kind === "table" && b.title === "Learning rates");
  expect(table).toBeDefined();
});

it("trains with frozen statistics at a tenth of what was measured before", async () => {
  const params = { epochs: 2, batch: 32, samples: 64, frozenShare: 0.5 };
  const { findings } = await runLesson("quantize-aware-train", params, { model: await trainedNet() });
  const { history, trainings } = findings as unknown as Kept & {
    readonly history: readonly { readonly rate: number }[];
  };
  expect(trainings!.map((t) => t.title)).toEqual(["Training with the rounding"]);
  expect(history[1]!.rate).toBeLessThanOrEqual(trainings![0]!.rate / 10);
});

describe.skipIf(sharedData === undefined)(`a transformer with default settings${sharedNote}`, () => {
  it.each(["prune-channels", "sparsify-weights"])("%s ends well, where a rate of 0.02 diverges", async (id) => {
    const model = await loadTensors(await readModel(join(sharedData!, "cases", "vit-mini.onnx"), nodeHost), nodeHost);
    const dataset = await openDataset(join(sharedData!, "datasets", "cifar10-5k"));
    try {
      const plan = planSplits(dataset, { seed: 0, given: true, train: 1, validation: 0, test: 0, calibration: 64 });
      const few = { ...plan, train: plan.train.subarray(0, 1024), validation: plan.test.subarray(0, 128) };
      const split: LessonOptions["split"] = (name) =>
        sampleStream(dataset, { indices: few[name], preprocessing: CIFAR });
      const data = { model, split, calibration: split("calibration"), session: { threads: 2 } };
      const { findings } = await runLesson(id, {}, data);
      const { trainings, history } = findings as unknown as Kept & { readonly history: readonly { loss: number }[] };
      expect(trainings!.length).toBeGreaterThan(1);
      for (const { rate, falls } of trainings!) {
        expect(falls).toEqual([]);
        expect(rate).toBeLessThan(0.01);
      }
      expect(history.at(-1)!.loss).toBeLessThan(history[0]!.loss);
      const given = await runLesson(id, { rate: 0.02, epochs: 1, baselines: false }, data);
      expect(given.warnings.join()).toContain("at a learning rate of 0.02; went back to the start with a third of it");
    } finally {
      await dataset.close();
    }
  });
});
