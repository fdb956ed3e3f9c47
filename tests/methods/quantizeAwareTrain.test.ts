import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Json } from "../../core/base/json.ts";
import { constantBytes } from "../../core/measure/weights.ts";
import { findMethod } from "../../core/methods/catalogue.ts";
import type { Findings } from "../../core/methods/quantize-aware-train/findings.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { executedOps } from "../transform/fixtures.ts";
import { runLesson, trainedNet, type Lesson, type LessonOptions } from "./lesson.ts";

const teacher = await trainedNet();
const method = await findMethod("quantize-aware-train");

async function aware(params: Record<string, Json> = {}, options: LessonOptions = {}) {
  const result: Lesson = await runLesson(
    "quantize-aware-train",
    { samples: 128, epochs: 3, batch: 32, rate: 0.02, ...params },
    { model: teacher, ...options },
  );
  return { ...result, found: result.findings as unknown as Findings };
}

const accuracyOf = ({ scores }: Findings, label: string): number =>
  scores!.scores.find((s) => s.label.startsWith(label))!.accuracy;

describe("quantisation-aware training", () => {
  it("recovers what two bits everywhere lose after training", async () => {
    const { found } = await aware({ weightBits: 2, activationBits: 2, wideEdges: false, epochs: 6 });
    expect(accuracyOf(found, "Float")).toBeGreaterThan(0.98);
    expect(accuracyOf(found, "Post-training")).toBeLessThan(0.97);
    expect(accuracyOf(found, "Quantisation-aware")).toBeGreaterThan(accuracyOf(found, "Post-training") + 0.02);
    expect(accuracyOf(found, "Quantisation-aware")).toBeCloseTo(accuracyOf(found, "Simulation"), 1);
  });

  it("runs two-bit weights in integer kernels, batch norms folded", async () => {
    const { model, found } = await aware({ weightBits: 2, wideEdges: false });
    const ops = await executedOps(model);
    expect(ops["QLinearConv"]).toBe(3);
    expect([ops["Conv"], ops["BatchNormalization"]]).toEqual([undefined, undefined]);
    expect(found.execution.agreement).toBeGreaterThan(0.95);
    expect(found.layers.every((l) => l.format === "w2a8")).toBe(true);
    expect(found.layers.some((l) => Math.abs(l.stepChange - 1) > 1e-3)).toBe(true);
  });

  it.each<Record<string, Json>>([
    { batchNorm: "fold" },
    { batchNorm: "train", frozenShare: 1 },
    { batchNorm: "train", frozenShare: 0 },
    { estimator: "straight-through" },
    { activationBits: 4 },
    { activationBits: 32 },
  ])("gives what was simulated: %j", async (params) => {
    const { found, warnings } = await aware({ weightBits: 3, epochs: 2, ...params });
    expect(found.execution.agreement).toBeGreaterThan(0.95);
    expect(accuracyOf(found, "Quantisation-aware")).toBeGreaterThan(0.8);
    expect(found.history.map((h) => h.epoch)).toEqual([1, 2]);
    expect(found.frozen).toBe(
      params["batchNorm"] === "fold" ? 0 : Math.round(2 * Number(params["frozenShare"] ?? 0.3)),
    );
    const isStill = found.layers.every((l) => l.stepChange === 1);
    expect(isStill).toBe(params["estimator"] === "straight-through");
    expect(warnings.some((w) => w.includes("for which this runtime has no kernel"))).toBe(
      params["activationBits"] === 4,
    );
  });

  it("writes weights alone where activations stay in float", async () => {
    const { model, found } = await aware({ weightBits: 4, activationBits: 32, wideEdges: false, epochs: 1 });
    expect(new Set(found.layers.map((l) => l.format))).toEqual(new Set(["w4"]));
    const ops = await executedOps(model);
    expect([ops["QLinearConv"], ops["QuantizeLinear"]]).toEqual([undefined, undefined]);
    expect(constantBytes(model)).toBeLessThan(constantBytes(teacher) / 3);
  });

  it("takes bits for single layers", async () => {
    const { found } = await aware({ weightBits: 4, epochs: 1 });
    const names = found.layers.map((l) => l.node);
    expect(found.layers.map((l) => l.format)).toEqual([
      "w8a8",
      ...Array<string>(names.length - 2).fill("w4a8"),
      "w8a8",
    ]);
    const { found: own } = await aware({ weightBits: 4, epochs: 1, layers: ["*=w6a8", `${names[1]!}=w2a4`] });
    expect(own.layers.map((l) => l.format)).toEqual(["w6a8", "w2a4", ...Array<string>(names.length - 2).fill("w6a8")]);
    await expect(aware({ layers: ["nothing=w4a8"] })).rejects.toThrow('No node is called "nothing".');
  });

  it("reports training, the baseline and the layers", async () => {
    const { findings } = await aware({ epochs: 1 });
    const blocks = method.report(findings, method.parse({}));
    expect(blocks.map((b) => b.kind)).toEqual(["facts", "table", "lines", "table"]);
    expect(JSON.stringify(blocks)).toContain("Post-training, same bits");
    expect(JSON.stringify(blocks)).not.toMatch(/NaN|undefined|Infinity/);
  });

  it.each([
    [{ weightBits: 5 }, "weightBits"],
    [{ activationBits: 16 }, "activationBits"],
    [{ epochs: 0 }, "epochs"],
    [{ layers: ["conv=int8"] }, "layers.0"],
    [{ layers: ["=w4a8"] }, "layers.0"],
    [{ frozenShare: 2 }, "frozenShare"],
    [{ rate: -1 }, "rate"],
  ])("rejects the parameters %j", (params, name) => {
    expect(() => method.parse(params)).toThrow(name);
  });
});

describe("quantisation-aware training that is interrupted", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "lathe-aware-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it.each(["Epoch 2 of 2", "Epoch 1 of 1"])("goes on to the same bytes: at %s", async (stage) => {
    const params = { weightBits: 3, epochs: 3, frozenShare: 0.3 };
    const whole = await aware(params);
    const work = { folder, key: "aware" };
    const control = new AbortController();
    const stopped = aware(params, {
      work,
      signal: control.signal,
      emit: (event) => {
        if (event.kind === "stage" && event.name === stage) control.abort();
      },
    });
    await expect(stopped).rejects.toMatchObject({ code: "cancelled" });
    const resumed = await aware(params, { work });
    expect(resumed.events.some((e) => e.kind === "message" && e.text.startsWith("Resuming"))).toBe(true);
    expect(encodeModel(resumed.model)).toEqual(encodeModel(whole.model));
    expect(resumed.found.history).toEqual(whole.found.history);
  });
});
