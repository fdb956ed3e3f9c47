import { describe, expect, it } from "vitest";
import { sharedData, sharedNote } from "../shared.ts";
import { differentiateFile, type Subject } from "./sharedModels.ts";

const EIGHT_BIT = "it computes with eight-bit numbers; start from the float model";

/** Every public model, what becomes of it, and what its random inputs need. */
const MODELS: readonly (readonly [file: string, told: string, subject?: Subject])[] = [
  ["cifar10-resnets/resnet20.onnx", "59 of 59 weights"],
  ["cifar10-resnets/resnet32.onnx", "95 of 95 weights"],
  ["dtln/model_1.onnx", "8 of 8 weights"],
  ["dtln/model_2.onnx", "12 of 12 weights"],
  // The one without is a factor of Resize.
  ["fastestdet/FastestDet.onnx", "140 of 141 weights"],
  ["ort-examples/mnist.onnx", "6 of 6 weights"],
  // The one without takes part in the arithmetic of shapes.
  ["ort-testdata/bert_toy_optimized.onnx", "95 of 96 weights", { sizes: { max_seq_len_in_batch: 8 } }],
  // Its LSTM stands three branches deep, each chosen by a shape that does not change.
  ["silero-vad/silero_vad_16k_op15.onnx", "15 of 15 weights", { loudness: 0.02 }],
  ["stm32/mobilenet_v2_0.35_128_tfs_channel_first.onnx", "113 of 113 weights"],
  ["stm32/yamnet_256_64x96_tl.onnx", "24 of 24 weights"],
  ["ort-testdata/tiny_gpt2_beamsearch.onnx", "no float weights"],
  [
    "hwacc-garage/ad_quantized_int8.onnx",
    `QLinearAdd "/decoder/decoder.4/Gemm_Add_quant": no gradient, because ${EIGHT_BIT}.`,
  ],
  [
    "hwacc-garage/ic_quantized_int8.onnx",
    `QLinearAdd "/classifier/Gemm_Add_quant": no gradient, because ${EIGHT_BIT}.`,
  ],
  [
    "hwacc-garage/ks_quantized_int8.onnx",
    `QLinearAdd "/classifier/Gemm_Add_quant": no gradient, because ${EIGHT_BIT}.`,
  ],
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

describe.skipIf(sharedData === undefined)(`public models end to end${sharedNote}`, () => {
  it.each(MODELS.map(([file, told, subject]) => ({ file, told, subject })))("$file: $told", async (row) => {
    const { file, told, subject } = row;
    const outcome = await differentiateFile(`${sharedData ?? ""}/models/${file}`, subject);
    expect(outcome.told).toBe(told);
    // A float32 difference along all weights at once, beside the kinks of a deep net.
    expect(outcome.error ?? 0).toBeLessThan(1e-2);
  });
});
