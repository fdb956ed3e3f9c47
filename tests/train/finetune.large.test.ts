import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { loadTensors, readModel } from "../../core/onnx/read.ts";
import { feedsLike, findShapes } from "../../core/measure/shapes.ts";
import { withSession } from "../../core/runtime/session.ts";
import { buildStep } from "../../core/train/stepGraph.ts";
import { startTrainer } from "../../core/train/trainer.ts";
import { sharedData, sharedNote } from "../shared.ts";

interface Subject {
  readonly file: string;
  readonly weights: number;
  /** Running statistics; none where batch norm was folded at export. */
  readonly statistics: number;
  readonly rate?: number;
}

/** The public models that can be trained. */
const SUBJECTS: readonly Subject[] = [
  { file: "cifar10-resnets/resnet20.onnx", weights: 59, statistics: 38 },
  { file: "cifar10-resnets/resnet32.onnx", weights: 95, statistics: 62 },
  { file: "dtln/model_1.onnx", weights: 8, statistics: 0 },
  { file: "dtln/model_2.onnx", weights: 12, statistics: 0 },
  { file: "fastestdet/FastestDet.onnx", weights: 140, statistics: 0, rate: 1e-5 },
  { file: "ort-examples/mnist.onnx", weights: 6, statistics: 0 },
  { file: "ort-testdata/bert_toy_optimized.onnx", weights: 91, statistics: 0 },
  { file: "silero-vad/silero_vad_16k_op15.onnx", weights: 15, statistics: 0 },
  { file: "stm32/mobilenet_v2_0.35_128_tfs_channel_first.onnx", weights: 113, statistics: 14, rate: 1e-5 },
  { file: "stm32/yamnet_256_64x96_tl.onnx", weights: 24, statistics: 0 },
];

/** Those that cannot be trained, and what Lathe says about it. */
const REFUSED: readonly (readonly [file: string, says: RegExp])[] = [
  ...["ad", "ic", "ks"].map(
    (name) =>
      [
        `hwacc-garage/${name}_quantized_int8.onnx`,
        /^QLinearAdd .*: no gradient, because it computes with eight-bit/,
      ] as const,
  ),
  // One op is the whole model: it searches, and its decoder is inside.
  ["ort-testdata/tiny_gpt2_beamsearch.onnx", /BeamSearch node/],
  // Ops of other tools that ONNX Runtime has no kernels for.
  ...["TFC_1W1A", "TFC_1W2A"].map((name) => [`qonnx/${name}.onnx`, /cannot load .*BipolarQuant/] as const),
  ...["TFC_2W2A", "kwsmlp_w3a3", "qkeras_jettagging", "unsw_nb15-mlp-w2a2"].map(
    (name) => [`qonnx/${name}.onnx`, /cannot load .*Quant/] as const,
  ),
];

const STEPS = 10;

describe.skipIf(sharedData === undefined)(`fine-tuning public models${sharedNote}`, () => {
  it.each(SUBJECTS)("$file learns $weights weights, and what is exported computes the same", async (subject) => {
    const path = `${sharedData ?? ""}/models/${subject.file}`;
    const model = await loadTensors(await readModel(path, nodeHost), nodeHost);
    const shapes = await findShapes(model, { host: nodeHost });
    const output = model.graph.outputs.find((o) => shapes.values.get(o.name)?.type === "float32")!.name;
    const plan = {
      heads: [{ output, loss: { kind: "mse" } }],
      optimizer: { kind: "adam" },
      // Two samples are no statistics to normalise with.
      freezeStatistics: true,
    } as const;
    const step = await buildStep(model, plan, { host: nodeHost });
    const counts = { weight: 0, statistic: 0, optimizer: 0, average: 0, gradient: 0, mask: 0, dense: 0, score: 0 };
    for (const slot of step.slots) counts[slot.kind]++;
    expect(counts.weight).toBe(subject.weights);
    const trainer = await startTrainer(step, { host: nodeHost, threads: 2 });
    try {
      const names = step.inference.graph.inputs.map((i) => i.name);
      const feeds = feedsLike(shapes, names, { batch: 2, seed: 1 });
      const [head] = step.heads;
      const before = await withSession(model, { host: nodeHost }, (s) => s.run(feeds, [output]));
      const start = before[output]!.data as Float32Array;
      const target = { ...before[output]!, data: start.map((x) => 0.9 * x + 0.02) };
      const losses: number[] = [];
      for (let i = 1; i <= STEPS; i++) {
        const rate = (subject.rate ?? 1e-4) * (1 - i / (STEPS + 1));
        losses.push((await trainer.step({ ...feeds, [head!.target]: target }, { rate, step: i })).loss);
      }
      expect(losses.every(Number.isFinite), losses.join(" ")).toBe(true);
      expect(losses.at(-1)!, losses.join(" ")).toBeLessThan(losses[0]!);

      const exported = encodeModel(trainer.model());
      const after = await withSession(exported, { host: nodeHost }, (s) => s.run(feeds, [output]));
      const reached = mse(after[output]!.data as Float32Array, target.data);
      expect(reached).toBeLessThan(losses[0]!);
      const again = await buildStep(trainer.model(), plan, { host: nodeHost });
      expect(again.slots.map((s) => s.key)).toEqual(step.slots.map((s) => s.key));
    } finally {
      await trainer.close();
    }
  });

  it.each(SUBJECTS.filter((s) => s.statistics > 0))(
    "$file has $statistics running statistics to train",
    async ({ file, statistics }) => {
      const model = await loadTensors(await readModel(`${sharedData ?? ""}/models/${file}`, nodeHost), nodeHost);
      const plan = { heads: [{ loss: { kind: "mse" } }], optimizer: { kind: "sgd" } } as const;
      const { slots } = await buildStep(model, plan, { host: nodeHost });
      expect(slots.filter((s) => s.kind === "statistic").length).toBe(statistics);
    },
  );
});

describe.skipIf(sharedData === undefined)(`public models that cannot be fine-tuned${sharedNote}`, () => {
  it.each(REFUSED)("%s", async (file, says) => {
    const model = await loadTensors(await readModel(`${sharedData ?? ""}/models/${file}`, nodeHost), nodeHost);
    const plan = { heads: [{ loss: { kind: "mse" } }], optimizer: { kind: "sgd" } } as const;
    await expect(buildStep(model, plan, { host: nodeHost })).rejects.toThrow(says);
  });

  it("are with the others all that there are", () => {
    const folder = `${sharedData ?? ""}/models`;
    const found = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".onnx"));
    const known = [...SUBJECTS.map((s) => s.file), ...REFUSED.map(([file]) => file)];
    expect(found.map((name) => name.replaceAll("\\", "/")).sort()).toEqual(known.toSorted());
  });
});

const mse = (a: Float32Array, b: Float32Array): number => a.reduce((sum, x, i) => sum + (x - b[i]!) ** 2, 0) / a.length;
