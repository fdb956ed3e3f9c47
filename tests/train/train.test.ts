import { mkdtemp, rm, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LatheError } from "../../core/base/error.ts";
import { floatTensor, intTensor, node, value } from "../../core/graph/build.ts";
import type { Model, Value } from "../../core/graph/model.ts";
import type { TrainPlan } from "../../core/train/plan.ts";
import { smallNet } from "./models.ts";
import { stripes } from "./pictures.ts";
import { run } from "./run.ts";

describe("training", () => {
  it("learns, and gives the model back in inference form", async () => {
    const { history, model, parameters } = await run({ epochs: 8 });
    const untouched = smallNet({ classes: 4 });
    expect(history.map((h) => h.epoch)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(history.at(-1)!.loss).toBeLessThan(history[0]!.loss / 2);
    expect(history.at(-1)!.accuracy).toBeGreaterThan(0.9);
    expect(model.graph.nodes.map((n) => n.op)).toEqual(untouched.graph.nodes.map((n) => n.op));
    expect(model.graph.nodes.every((n) => n.outputs.length === 1)).toBe(true);
    expect(model.graph.inputs).toEqual(untouched.graph.inputs);
    expect(parameters).toBe(8 * 9 + 16 + 16 * 8 * 9 + 32 + 64 + 4);
    const changed = model.graph.initializers.filter((t, i) => t.data !== untouched.graph.initializers[i]!.data);
    expect(changed.length).toBe(model.graph.initializers.length);
  });

  it("gives the same bytes for the same seed, and others for another", async () => {
    const augment = { crop: 1, flip: true, brightness: 0.2, erase: 0.3 };
    const [one, two, other] = [await run({ augment }), await run({ augment }), await run({ augment }, { seed: 2 })];
    expect(two.bytes).toBe(one.bytes);
    expect(other.bytes).not.toBe(one.bytes);
  });

  it("leaves frozen layers as they are, running statistics included", async () => {
    const { model } = await run({ freeze: ["layer0.*"], epochs: 1 });
    const before = smallNet({ classes: 4 }).graph.initializers;
    for (const [i, tensor] of model.graph.initializers.entries()) {
      expect(tensor.name).toBe(before[i]!.name);
      const isSame = JSON.stringify(tensor.data) === JSON.stringify(before[i]!.data);
      expect(isSame, tensor.name).toBe(tensor.name.startsWith("layer0."));
    }
  });

  it("trains nets without batch norm", async () => {
    const { history } = await run({ rate: 0.05, epochs: 4 }, { model: smallNet({ classes: 4, batchNorm: false }) });
    expect(history.at(-1)!.loss).toBeLessThan(history[0]!.loss);
  });

  it("trains a model exported for one sample in whole batches, and gives it back for one sample", async () => {
    const free = smallNet({ classes: 4 });
    const fixed = (v: Value, dims: readonly number[]): Value => value(v.name, "float32", dims);
    const one: Model = {
      ...free,
      graph: {
        ...free.graph,
        inputs: free.graph.inputs.map((v) => fixed(v, [1, 1, 8, 8])),
        outputs: free.graph.outputs.map((v) => fixed(v, [1, 4])),
        nodes: free.graph.nodes.map((n) =>
          n.op === "Flatten" ? node("Reshape", [[n.inputs[0]!, "rows"], n.outputs]) : n,
        ),
        initializers: [...free.graph.initializers, intTensor("rows", [2], [1, -1])],
      },
    };
    const { model, history, extent } = await run({ epochs: 8 }, { model: one });
    expect(extent.batch).toBe(32);
    expect(history.at(-1)!.accuracy).toBeGreaterThan(0.9);
    expect(model.graph.inputs).toEqual(one.graph.inputs);
    expect(model.graph.outputs).toEqual(one.graph.outputs);
  });

  it("keeps the fixed batch of a model that cannot do without", async () => {
    const free = smallNet({ classes: 4 });
    const bound: Model = {
      ...free,
      graph: {
        ...free.graph,
        inputs: [value("image", "float32", [16, 1, 8, 8])],
        outputs: [value("logits", "float32", [16, 4])],
        nodes: [
          ...free.graph.nodes.map((n) => (n.op === "Gemm" ? { ...n, outputs: ["scores"] } : n)),
          node("Add", [["scores", "bound"], ["logits"]]),
        ],
        initializers: [...free.graph.initializers, floatTensor("bound", [16, 1], new Float32Array(16))],
      },
    };
    const { extent } = await run({ epochs: 1, freeze: ["bound"] }, { model: bound });
    expect(extent).toEqual({ batch: 16, batches: 16, updates: 16 });
  });

  it("keeps the most accurate epoch where asked to", async () => {
    const { history, epoch } = await run({ keep: "best", epochs: 3, rate: 0.02 });
    const best = Math.max(...history.map((h) => h.accuracy!));
    expect(history.find((h) => h.epoch === epoch)!.accuracy).toBe(best);
  });

  it("trains on mixed samples and averages the weights", async () => {
    const { history } = await run({
      epochs: 6,
      averageDecay: 0.9,
      augment: { mixup: 0.2, cutmix: 1 },
      heads: [{ loss: { kind: "cross-entropy" }, target: "probabilities" }],
    });
    expect(history.at(-1)!.accuracy).toBeGreaterThan(0.8);
  });

  it("reports batches, losses, rates, speed, time left and memory", async () => {
    const { events } = await run();
    const names = new Set(events.flatMap((e) => (e.kind === "metric" ? [e.name] : [])));
    expect([...names].sort()).toEqual(
      ["accuracy", "epoch-loss", "images-per-second", "learning-rate", "loss", "memory-bytes", "seconds-left"].sort(),
    );
    expect(events.findLast((e) => e.kind === "progress")).toEqual({
      kind: "progress",
      done: 16,
      total: 16,
      unit: "batches",
    });
    expect(events.flatMap((e) => (e.kind === "stage" ? [e.name] : []))).toEqual([
      "Building the training graph",
      "Epoch 1 of 2",
      "Epoch 2 of 2",
    ]);
  });

  it("names the weight that was NaN before it began", async () => {
    const model = smallNet({ classes: 4 });
    const [first, ...others] = model.graph.initializers;
    const bytes = new Uint8Array(first!.dims.reduce((p, d) => p * d, 4));
    new DataView(bytes.buffer).setFloat32(8, NaN, true);
    const initializers = [{ ...first!, data: { kind: "bytes" as const, bytes } }, ...others];
    await expect(run({}, { model: { ...model, graph: { ...model.graph, initializers } } })).rejects.toMatchObject({
      code: "numeric",
      message: `Training cannot start: the constant "${first!.name}" holds "NaN" (1 of ${bytes.length / 4} elements, the first at index 2).`,
    });
  });

  it("says before the start that the memory will not do, and what batch would fit", async () => {
    const failure = (await run({}, { memoryLimit: 1e6 }).catch((e: unknown) => e)) as LatheError;
    expect(failure.code).toBe("limit-exceeded");
    expect(failure.message).toMatch(
      /^Training in batches of "32" would take about 1\d\d MiB of memory, and 977 KiB are free\.$/,
    );
    expect(failure.hint).toBe("Not even one sample fits; take a smaller model or smaller inputs.");
    const { total, perSample } = failure.details as { total: number; perSample: number };
    const less = (await run({}, { memoryLimit: total - 2.5 * perSample }).catch((e: unknown) => e)) as LatheError;
    expect(less.hint).toBe("Take batches of 29 or fewer; accumulate gradients to keep the effect of larger ones.");
    const { events } = await run({}, { memoryLimit: total });
    expect(events).toContainEqual({ kind: "metric", name: "estimated-memory-bytes", value: total });
  });

  it("refuses to train where nothing is left to train", async () => {
    await expect(run({ freeze: ["*"] })).rejects.toThrow("Nothing is left to train: no weight reaches the loss.");
    await expect(run({}, { training: stripes(0) })).rejects.toThrow('There are "0" samples to train on');
  });
});

describe("a training that was stopped", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "lathe-train-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const plans: readonly (readonly [string, Partial<TrainPlan>])[] = [
    ["SGD", { augment: { crop: 1, flip: true } }],
    [
      "AdamW with averages and the best epoch kept",
      { optimizer: { kind: "adamw" }, rate: 0.01, averageDecay: 0.9, keep: "best" },
    ],
    ["accumulated gradients", { accumulate: 3, batch: 16 }],
  ];
  it.each(plans)("ends with the same bytes as one that was not: %s", async (_, plan) => {
    const whole = await run(plan);
    for (const stopAt of [1, 11]) {
      const saving = { path: join(folder, `checkpoint-${stopAt}`), key: "k" };
      const controller = new AbortController();
      let steps = 0;
      const counting = stripes(256);
      const training = {
        ...counting,
        select: (indices: Int32Array) => {
          const stream = counting.select(indices);
          async function* counted(...args: Parameters<typeof stream.batches>) {
            for await (const batch of stream.batches(...args)) {
              if (steps++ === stopAt) controller.abort();
              yield batch;
            }
          }
          return { ...stream, batches: counted };
        },
      };
      await expect(run(plan, { saving, training, signal: controller.signal })).rejects.toThrow("Cancelled.");
      const resumed = await run(plan, { saving });
      expect(resumed.bytes).toBe(whole.bytes);
      expect(resumed.history).toEqual(whole.history);
      expect(resumed.events.some((e) => e.kind === "message" && e.text.startsWith("Resuming in epoch"))).toBe(true);
    }
  });

  it("does not go on from a damaged checkpoint or that of another training", async () => {
    const path = join(folder, "checkpoint");
    await run({ epochs: 1 }, { saving: { path, key: "one" } });
    await expect(run({ epochs: 1 }, { saving: { path, key: "two" } })).rejects.toThrow(
      `The checkpoint "${path}" is of another training.`,
    );
    const bytes = await readFile(path);
    bytes[bytes.length - 200]! ^= 1;
    await writeFile(path, bytes);
    await expect(run({ epochs: 1 }, { saving: { path, key: "one" } })).rejects.toThrow(
      `The checkpoint "${path}" is damaged.`,
    );
  });
});
