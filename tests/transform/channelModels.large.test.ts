import { describe, expect, it } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { whyNotRunnable } from "../../core/graph/runnable.ts";
import { loadTensors, readModel } from "../../core/onnx/read.ts";
import { findNet } from "../../core/zoo/catalogue.ts";
import { sharedData, sharedNote } from "../shared.ts";
import { SMALL } from "../zoo/small.ts";
import { comparePruned, randomChoice, subjectOf, type Subject } from "./channelNets.ts";

/** Float32 sums in another order; the largest output counts as 1. */
const EXACT = 1e-5;

async function prove(subject: Subject): Promise<string> {
  const { groups } = subject.found;
  const free = groups.filter((g) => g.keptBecause === undefined);
  const told = `${free.length} of ${groups.length} groups`;
  const choice = randomChoice(subject, 3);
  if (choice.size === 0) return told;
  const { gap, peak, elements } = await comparePruned(subject, choice);
  expect(elements[1]).toBeLessThan(elements[0]);
  expect(peak).toBeGreaterThan(0);
  expect(gap).toBeLessThanOrEqual(EXACT * Math.max(peak, 1e-6));
  return told;
}

describe("nets of the zoo without half of their channels", () => {
  it.each(SMALL.map(([id, input, params = {}]) => ({ id, input, params })))(
    "$id at $input computes what it does with zeros there",
    async ({ id, input, params }) => {
      const told = await prove(await subjectOf(findNet(id).build({ input, classes: 5, params, seed: 1 })));
      // The classifier's outputs are those of the model, and nothing else has to stay.
      expect(told).toMatch(/^(\d+) of \d+ groups$/);
      const [free, all] = told.split(" of ").map((part) => Number.parseInt(part, 10));
      expect(free).toBe(all! - 1);
    },
  );
});

/** Every public model and what of it can be pruned, or why it cannot. */
const MODELS: readonly (readonly [file: string, told: string, sizes?: Readonly<Record<string, number>>])[] = [
  ["cifar10-resnets/resnet20.onnx", "12 of 13 groups"],
  ["cifar10-resnets/resnet32.onnx", "18 of 19 groups"],
  // Its states are inputs and outputs of the model.
  ["dtln/model_1.onnx", "0 of 5 groups"],
  ["dtln/model_2.onnx", "1 of 8 groups"],
  // Channel shuffles that pick halves by their number.
  ["fastestdet/FastestDet.onnx", "37 of 65 groups"],
  ["ort-examples/mnist.onnx", "2 of 3 groups"],
  ["ort-testdata/bert_toy_optimized.onnx", "23 of 25 groups", { max_seq_len_in_batch: 8 }],
  ["silero-vad/silero_vad_16k_op15.onnx", "5 of 5 groups"],
  ["stm32/mobilenet_v2_0.35_128_tfs_channel_first.onnx", "25 of 26 groups"],
  ["stm32/yamnet_256_64x96_tl.onnx", "6 of 7 groups"],
  // Whole layers are quantised ops, of which nothing is known.
  ["hwacc-garage/ad_quantized_int8.onnx", "0 of 0 groups"],
  ["hwacc-garage/ic_quantized_int8.onnx", "0 of 0 groups"],
  ["hwacc-garage/ks_quantized_int8.onnx", "0 of 0 groups"],
  ["qonnx/TFC_1W1A.onnx", 'onnxruntime does not know BipolarQuant of domain "onnx.brevitas" (8 nodes).'],
  ["qonnx/TFC_1W2A.onnx", 'onnxruntime does not know BipolarQuant, Quant of domain "onnx.brevitas" (8 nodes).'],
  ["qonnx/TFC_2W2A.onnx", 'onnxruntime does not know Quant of domain "onnx.brevitas" (8 nodes).'],
  ["qonnx/kwsmlp_w3a3.onnx", 'onnxruntime does not know Quant of domain "onnx.brevitas" (8 nodes).'],
  ["qonnx/qkeras_jettagging.onnx", 'onnxruntime does not know Quant of domain "finn.custom_op.general" (11 nodes).'],
  [
    "qonnx/unsw_nb15-mlp-w2a2.onnx",
    'onnxruntime does not know BipolarQuant, Quant of domain "onnx.brevitas" (8 nodes).',
  ],
];

describe.skipIf(sharedData === undefined)(`public models${sharedNote}`, () => {
  it.each(MODELS.map(([file, told, sizes]) => ({ file, told, sizes })))("$file: $told", async (row) => {
    const { file, told, sizes } = row;
    const model = await loadTensors(await readModel(`${sharedData ?? ""}/models/${file}`, nodeHost), nodeHost);
    const reason = whyNotRunnable(model);
    expect(reason ?? (await prove(await subjectOf(model, sizes === undefined ? {} : { sizes })))).toBe(told);
  });

  it("lists the groups of ResNet-20 with the padding of its shortcuts", async () => {
    const path = `${sharedData ?? ""}/models/cifar10-resnets/resnet20.onnx`;
    const { found } = await subjectOf(await loadTensors(await readModel(path, nodeHost), nodeHost));
    const widths = found.groups.map(({ name, units }) => `${name.replace(/^\/(layer\d\/)?/, "")} ${units.length}`);
    expect(widths).toEqual([
      "conv1/Conv 16",
      ...[0, 1, 2].map((i) => `layer1.${i}/conv1/Conv 16`),
      "layer2.0/conv1/Conv 32",
      "layer2.0/conv2/Conv 16",
      ...[1, 2].map((i) => `layer2.${i}/conv1/Conv 32`),
      "layer3.0/conv1/Conv 64",
      "layer3.0/conv2/Conv 32",
      ...[1, 2].map((i) => `layer3.${i}/conv1/Conv 64`),
      "linear/Gemm 10",
    ]);
    // The 16 channels of the first stage stand in the middle of the 64 of the last one.
    const members = found.groups[0]!.members.filter((m) => m.tensor === "linear.weight");
    expect(members[0]?.indexes.flat()).toEqual(Array.from({ length: 16 }, (_, i) => 24 + i));
  });
});
