import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { nodeHost as host } from "../../core/app/nodeHost.ts";
import { float32, toFloat32, type NdArray } from "../../core/base/array.ts";
import type { Json } from "../../core/base/json.ts";
import { whyNotRunnable } from "../../core/graph/runnable.ts";
import type { Model } from "../../core/graph/model.ts";
import { argmax } from "../../core/measure/outputError.ts";
import { findMethod } from "../../core/methods/catalogue.ts";
import type { Findings } from "../../core/methods/quantize-static/findings.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { loadTensors, readModel } from "../../core/onnx/read.ts";
import { withSession } from "../../core/runtime/session.ts";
import { sharedData, sharedNote } from "../shared.ts";
import { executedOps, noise, runModel, sqnrOf } from "../transform/fixtures.ts";
import { streamOf } from "../transform/quantize.ts";

const shared = (...parts: readonly string[]): string => join(sharedData ?? "", ...parts);
const open = async (...parts: readonly string[]): Promise<Model> =>
  loadTensors(await readModel(shared("models", ...parts), host), host);

async function quantize(
  model: Model,
  samples: NdArray,
  params: Record<string, Json> = {},
): Promise<{ readonly model: Model; readonly found: Findings }> {
  const method = await findMethod("quantize-static");
  const { model: made, findings } = await method.run({
    model,
    params,
    seed: 1,
    calibration: streamOf(samples),
    session: { threads: 1 },
    host,
    signal: new AbortController().signal,
    emit: () => undefined,
  });
  return { model: made, found: findings as unknown as Findings };
}

const PIXELS = 3072;
const MEAN = [0.485, 0.456, 0.406];
const STD = [0.229, 0.224, 0.225];

/** CIFAR-10 images as the ResNets want them, and their labels. */
async function cifar(file: string, count: number): Promise<{ images: NdArray; labels: Uint8Array }> {
  const bytes = await readFile(shared("datasets", "cifar10-5k", file));
  const images = new Float32Array(count * PIXELS);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    labels[i] = bytes[i * (PIXELS + 1)]!;
    for (let k = 0; k < PIXELS; k++) {
      const channel = Math.floor(k / 1024);
      images[i * PIXELS + k] = (bytes[i * (PIXELS + 1) + 1 + k]! / 255 - MEAN[channel]!) / STD[channel]!;
    }
  }
  return { images: float32([count, 3, 32, 32], images), labels };
}

async function accuracyOf(model: Model, { images, labels }: { images: NdArray; labels: Uint8Array }): Promise<number> {
  return withSession(model, { host }, async (session) => {
    let correct = 0;
    for await (const { input, indices } of streamOf(images).batches(100)) {
      const outputs = await session.run({ [session.inputs[0]!.name]: input });
      const scores = toFloat32(outputs[session.outputs[0]!.name]!);
      const width = scores.length / indices.length;
      indices.forEach((index, row) => {
        if (argmax(scores.subarray(row * width, (row + 1) * width)) === labels[index]) correct++;
      });
    }
    return correct / labels.length;
  });
}

describe.skipIf(sharedData === undefined)(`ResNets on CIFAR-10${sharedNote}`, () => {
  it.each([
    ["resnet20.onnx", 0.915],
    ["resnet32.onnx", 0.928],
  ])("%s keeps its accuracy in eight bits and shrinks to a third", async (file, known) => {
    const float = await open("cifar10-resnets", file);
    const test = await cifar("test_batch.bin", 1000);
    const before = await accuracyOf(float, test);
    expect(before).toBeCloseTo(known, 2);
    const train = await cifar("train_batch.bin", 512);
    const choices: readonly Record<string, Json>[] = [
      {},
      { range: "percentile" },
      { range: "entropy" },
      { range: "mse", biasCorrection: true },
    ];
    for (const params of choices) {
      const { model, found } = await quantize(float, train.images, { ...params, portability: false, samples: 512 });
      const after = await accuracyOf(model, test);
      expect(before - after, JSON.stringify(params)).toBeLessThanOrEqual(0.004 + 1e-9);
      expect(encodeModel(model).byteLength / encodeModel(float).byteLength).toBeLessThanOrEqual(0.3);
      // The shortcuts make zeros by subtracting a slice from itself.
      expect(found.kept.map((k) => k.op)).toEqual(["Sub", "Sub"]);
      const executed = await executedOps(model);
      expect(executed["QLinearConv"]).toBe(float.graph.nodes.filter((n) => n.op === "Conv").length);
      expect(executed["QLinearAdd"]).toBe(float.graph.nodes.filter((n) => n.op === "Add").length);
      expect(executed["Relu"] ?? 0).toBe(0);
    }
  });
});

interface Public {
  readonly path: readonly [string, string];
  readonly shape: readonly number[];
  readonly scale?: number;
  /** Least signal to noise of the first output, in dB. */
  readonly sqnr: number;
  readonly layers: number;
}

describe.skipIf(sharedData === undefined)(`public models${sharedNote}`, () => {
  it.each<Public>([
    { path: ["ort-examples", "mnist.onnx"], shape: [16, 1, 28, 28], scale: 100, sqnr: 20, layers: 3 },
    { path: ["fastestdet", "FastestDet.onnx"], shape: [3, 3, 352, 352], scale: 0.3, sqnr: 5, layers: 60 },
    {
      path: ["stm32", "mobilenet_v2_0.35_128_tfs_channel_first.onnx"],
      shape: [16, 3, 128, 128],
      scale: 0.5,
      sqnr: 8,
      layers: 53,
    },
    { path: ["stm32", "yamnet_256_64x96_tl.onnx"], shape: [16, 1, 64, 96], sqnr: 8, layers: 12 },
  ])("$path.1 quantises, loads and stays close", async ({ path, shape, scale = 1, sqnr, layers }) => {
    const float = await open(...path);
    const samples = noise(shape, 3, scale);
    const { model, found } = await quantize(float, samples, { portability: false });
    expect(found.layers.length).toBeGreaterThanOrEqual(layers);
    const [input] = model.graph.inputs;
    const fixed = input?.type?.kind === "tensor" ? input.type.dims?.[0]?.size : undefined;
    const count = typeof fixed === "number" ? fixed : shape[0]!;
    const size = samples.data.length / shape[0]!;
    const x = float32([count, ...shape.slice(1)], (samples.data as Float32Array).slice(0, count * size));
    const feeds = { [input!.name]: x };
    const plain: Model = {
      ...float,
      graph: { ...float.graph, inputs: float.graph.inputs.slice(0, 1) },
      irVersion: Math.max(4, float.irVersion),
    };
    const [before, after] = [await runModel(plain, feeds), await runModel(model, feeds)];
    const [output] = Object.keys(before);
    expect(Object.keys(after)).toEqual(Object.keys(before));
    expect(after[output!]!.dims).toEqual(before[output!]!.dims);
    expect(sqnrOf(toFloat32(before[output!]!), toFloat32(after[output!]!))).toBeGreaterThan(sqnr);
    expect(encodeModel(model).byteLength).toBeLessThan(encodeModel(float).byteLength * 0.5);
  });

  it.each<[string, string, string, string]>([
    [
      "hwacc-garage",
      "ic_quantized_int8.onnx",
      'The model is quantised already: QLinearConv "/input_layer/input_layer.0/Conv_quant".',
      "Start from the float variant.",
    ],
    [
      "qonnx",
      "TFC_1W2A.onnx",
      'onnxruntime does not know BipolarQuant, Quant of domain "onnx.brevitas" (8 nodes).',
      "Calibration runs the model; export it with standard operators.",
    ],
    [
      "qonnx",
      "qkeras_jettagging.onnx",
      'onnxruntime does not know Quant of domain "finn.custom_op.general" (11 nodes).',
      "Calibration runs the model; export it with standard operators.",
    ],
    [
      "dtln",
      "model_1.onnx",
      'Calibration feeds one input and the model has "2".',
      "Use dynamic quantisation, which needs no calibration.",
    ],
    [
      "ort-testdata",
      "tiny_gpt2_beamsearch.onnx",
      "The model has no convolution or matrix multiplication that eight-bit kernels compute.",
      "Recurrent models gain more from dynamic quantisation.",
    ],
  ])("%s/%s is refused with a reason", async (folder, file, ...[reason, hint]) => {
    const method = await findMethod("quantize-static");
    expect(method.applies(await open(folder, file))).toEqual({ applies: false, reason, hint });
  });

  it("says of a model in half precision that it starts from the wrong variant", async () => {
    const half = await findMethod("convert-fp16");
    const float = await open("cifar10-resnets", "resnet20.onnx");
    const { model } = await half.run({
      model: float,
      params: {},
      seed: 1,
      calibration: undefined,
      session: { threads: 1 },
      host,
      signal: new AbortController().signal,
      emit: () => undefined,
    });
    expect(whyNotRunnable(model)).toBeUndefined();
    const answer = (await findMethod("quantize-static")).applies(model);
    expect(answer).toMatchObject({
      applies: false,
      reason: expect.stringMatching(/^The weights are float16: Conv "/) as string,
      hint: "Start from the float32 variant.",
    });
  });
});
