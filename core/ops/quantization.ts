import { scaled } from "./channels/quantization.ts";
import { defineOps, free, type OpDeclaration } from "./declare.ts";
import type { Gradient } from "./gradient.ts";
import { dequantizeGradient, quantizeGradient } from "./gradients/quantization.ts";

const quantized = { role: "float", reason: "it is quantised already" } as const;

/** The ONNX op and onnxruntime's own of that name, which takes 16 bits and float16 scales. */
const inBothDomains = (op: string, gradient: Gradient): readonly OpDeclaration[] =>
  ["", "com.microsoft"].flatMap((domain) =>
    defineOps([op], { domain, since: 1, gradient, channels: scaled, quantize: quantized, cost: free }),
  );

/** Ops that compute with eight-bit numbers inside; those with weights are declared with their families. */
const INTEGER_OPS = [
  "QLinearAdd",
  "QLinearMul",
  "QLinearConcat",
  "QLinearSigmoid",
  "QLinearSoftmax",
  "QLinearLeakyRelu",
  "QLinearAveragePool",
  "QLinearGlobalAveragePool",
  "QLinearReduceMean",
  "QLinearWhere",
];

export const quantizationOps = [
  ...defineOps(INTEGER_OPS, {
    domain: "com.microsoft",
    since: 1,
    gradient: { unsupported: "it computes with eight-bit numbers; start from the float model" },
    channels: { unknown: "computes with eight-bit numbers" },
    quantize: quantized,
    cost: free,
  }),
  ...inBothDomains("QuantizeLinear", quantizeGradient),
  ...inBothDomains("DequantizeLinear", dequantizeGradient),
  ...defineOps(["DynamicQuantizeLinear"], {
    domain: "",
    since: 11,
    gradient: { unsupported: "its scale follows the data; use QuantizeLinear with a scale of its own" },
    channels: scaled,
    quantize: quantized,
    cost: free,
  }),
];
