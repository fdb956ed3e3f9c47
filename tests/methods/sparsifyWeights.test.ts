import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { hash } from "../../core/base/hash.ts";
import type { Json } from "../../core/base/json.ts";
import { tensorArray } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import { findMethod } from "../../core/methods/catalogue.ts";
import type { Findings } from "../../core/methods/sparsify-weights/findings.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { runLesson, trainedNet, type LessonOptions } from "./lesson.ts";

const ID = "sparsify-weights";
const FAST = { epochs: 3, batch: 32, rampEvery: 2, baselines: false };

let trained: Model;
beforeAll(async () => {
  trained = await trainedNet();
}, 60_000);

interface Ran {
  readonly model: Model;
  readonly findings: Findings;
  readonly warnings: readonly string[];
}

async function run(params: Readonly<Record<string, Json>>, options: LessonOptions = {}): Promise<Ran> {
  const { model, findings, warnings } = await runLesson(ID, params, { model: trained, ...options });
  return { model, findings: findings as unknown as Findings, warnings };
}

const bytesOf = (model: Model): string => hash(encodeModel(model));

const numbers = (model: Model, name: string): number[] =>
  Array.from(tensorArray(model.graph.initializers.find((t) => t.name === name)!).data as Float32Array, Number);

/** Sparsity of the layers that take part. */
const sparsityOf = ({ layers }: Findings): number => {
  const own = layers.filter((l) => l.reason === undefined);
  return own.reduce((sum, l) => sum + l.zeros, 0) / own.reduce((sum, l) => sum + l.elements, 0);
};

describe("sparse weights", () => {
  it.each([
    ["magnitude", "one-shot", "global"],
    ["magnitude", "cubic", "lamp"],
    ["magnitude", "rewind", "erk"],
    ["movement", "cubic", "global"],
    ["snip", "one-shot", "global"],
    ["wanda", "one-shot", "uniform"],
    ["random", "cubic", "uniform"],
  ])("by %s, %s and %s reach the sparsity and still know the stripes", async (criterion, schedule, scope) => {
    const { findings, model } = await run({ ...FAST, criterion, schedule, scope, sparsity: 0.6 });
    expect(sparsityOf(findings)).toBeCloseTo(0.6, 2);
    const dense = findings.layers.filter((l) => l.reason !== undefined);
    expect(dense.map((l) => `${l.node}: ${l.reason ?? ""}`)).toEqual([
      "layer0.conv: the first layer",
      "logits: the last layer",
    ]);
    expect(dense.every((l) => l.zeros === 0)).toBe(true);
    const zeros = numbers(model, "layer1.weight").filter((w) => w === 0).length;
    expect(zeros).toBe(findings.layers.find((l) => l.weight === "layer1.weight")!.zeros);
    const [own, before] = findings.scores!.scores;
    expect(own!.accuracy).toBeGreaterThan(0.8);
    expect(before!.label).toBe("before");
    expect(before!.difference!.value).toBeCloseTo(own!.accuracy - before!.accuracy, 12);
  });

  it("of 2:4 keep two of four input channels after training", async () => {
    for (const schedule of ["cubic", "one-shot"]) {
      const { model, findings } = await run({ ...FAST, schedule, pattern: "2:4" });
      const weights = numbers(model, "layer2.weight");
      for (let o = 0; o < 16; o++) {
        for (let group = 0; group < 4; group++) {
          for (let place = 0; place < 9; place++) {
            const four = [0, 1, 2, 3].map((i) => weights[(o * 16 + 4 * group + i) * 9 + place]!);
            expect(four.filter((w) => w !== 0).length).toBe(2);
          }
        }
      }
      expect(sparsityOf(findings)).toBe(0.5);
    }
  });

  it("say what they have to beat, what they weigh, and that they are not faster", async () => {
    const { findings, model } = await run({ ...FAST, baselines: true, sparsity: 0.9 });
    const { scores, sizes, gate } = findings;
    expect(scores!.scores.map((s) => s.label)).toEqual([
      "this result",
      "before",
      "random mask, as sparse and trained as long",
      "dense, trained as long",
    ]);
    expect(sizes.after.file).toBe(encodeModel(model).byteLength);
    expect(sizes.after.bitmapDeflated).toBeLessThan(0.6 * sizes.before.bitmapDeflated);
    expect(sizes.after.deflated).toBeLessThan(sizes.before.deflated);
    expect(gate.reasons.join()).toMatch(/ONNX Runtime (multiplies by zeros|has no kernels)/);
    const method = await findMethod(ID);
    const blocks = method.report(findings, { sparsity: 0.9 });
    expect(blocks[0]).toMatchObject({
      kind: "callout",
      text: expect.stringMatching(/^The sparse model runs at \d\.\d\d× the speed of the dense one/) as string,
    });
    const tables = blocks.flatMap((b) => (b.kind === "table" ? [b.title] : []));
    expect(tables).toEqual(["Accuracy on 128 validation samples", "What it takes to store or send", "Layers"]);
  });

  it("go back to what they were and train again, as a lottery ticket", async () => {
    const params = { ...FAST, schedule: "rewind", rounds: 2, rewindEpochs: 1, sparsity: 0.75 };
    const { findings } = await run(params);
    expect(findings.epochs).toBe(10);
    expect(sparsityOf(findings)).toBeCloseTo(0.75, 2);
    // Untrained layers are what they were before, where the mask leaves them.
    const rewound = await run({ ...params, rounds: 1, rewindEpochs: 0, rate: 1e-12, weightDecay: 0 });
    const kept = numbers(rewound.model, "layer1.weight").filter((w) => w !== 0);
    const start = new Set(numbers(trained, "layer1.weight"));
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.every((w) => start.has(w))).toBe(true);
  });

  it("give the same bytes for the same seed, and go on to them after an interruption", async () => {
    const params = { ...FAST, sparsity: 0.7, criterion: "movement", baselines: true };
    const whole = await run(params);
    expect(bytesOf((await run(params)).model)).toBe(bytesOf(whole.model));
    const folder = await mkdtemp(join(tmpdir(), "lathe-sparse-"));
    try {
      const work = { folder, key: "k" };
      for (const stage of ["Epoch 2 of 3", "Baseline: random mask"]) {
        const control = new AbortController();
        const stopped = run(params, {
          work,
          signal: control.signal,
          emit: (e) => e.kind === "stage" && e.name === stage && control.abort(),
        });
        await expect(stopped).rejects.toThrow("Cancelled");
      }
      const resumed = await run(params, { work });
      expect(bytesOf(resumed.model)).toBe(bytesOf(whole.model));
      expect(resumed.findings.scores).toEqual(whole.findings.scores);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("learn from a teacher where one is named", async () => {
    const params = { ...FAST, sparsity: 0.8, teacher: "t", teacherWeight: 1 };
    const asked: string[] = [];
    const { findings } = await run(params, {
      open: (sha256) => {
        asked.push(sha256);
        return Promise.resolve(trained);
      },
    });
    expect(asked).toEqual(["t"]);
    expect(findings.scores!.scores[0]!.accuracy).toBeGreaterThan(0.8);
  });

  it.each<[string, Readonly<Record<string, Json>>, string]>([
    ["an unknown pattern", { pattern: "4:2" }, 'There is no sparsity pattern "4:2".'],
    ["a pattern that fits nowhere", { pattern: "2:5" }, 'No layer is left for the pattern "2:5".'],
    [
      "movement without training",
      { criterion: "movement", schedule: "one-shot" },
      'The criterion "movement" cannot rank weights for the schedule "one-shot".',
    ],
    [
      "LAMP by movement",
      { criterion: "movement", scope: "lamp" },
      'The scope "lamp" compares squares, and movement can be negative.',
    ],
    ["a schedule without epochs", { epochs: 0 }, 'The schedule "cubic" needs training, and the epochs are "0".'],
  ])("refuse %s", async (_, params, message) => {
    await expect(run(params)).rejects.toThrow(message);
  });
});

describe("zeros", () => {
  let sparse: Model;
  beforeAll(async () => {
    sparse = (await run({ ...FAST, sparsity: 0.85 })).model;
  }, 60_000);

  /** Places of zeros in each weight with many of them, whatever its type; a type that rounds may add some. */
  function zerosIn(model: Model): Map<string, Set<number>> {
    const found = new Map<string, Set<number>>();
    for (const constant of model.graph.initializers) {
      if (constant.dims.length < 2) continue;
      const data = tensorArray(constant).data as Float32Array;
      const zeros = new Set(Array.from(data, Number).flatMap((x, i) => (x === 0 ? [i] : [])));
      if (zeros.size > 0.5 * data.length) found.set(`${constant.dims.join("×")} ${data.length}`, zeros);
    }
    return found;
  }

  it.each<[string, Readonly<Record<string, Json>>]>([
    ["quantize-static", {}],
    ["quantize-dynamic", {}],
    ["convert-fp16", {}],
    ["train", { epochs: 1, batch: 32 }],
  ])("survive %s", async (id, params) => {
    const before = zerosIn(sparse);
    expect(before.size).toBe(2);
    const after = zerosIn((await runLesson(id, params, { model: sparse })).model);
    for (const [name, zeros] of before) {
      const kept = after.get(name);
      expect(kept, name).toBeDefined();
      expect([...zeros].every((i) => kept!.has(i))).toBe(true);
      expect(kept!.size - zeros.size).toBeLessThan(0.05 * zeros.size);
    }
  });
});
