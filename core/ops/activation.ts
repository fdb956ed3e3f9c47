import * as rules from "./gradients/activation.ts";
import { defineOp, defineOps, free, unwritten } from "./declare.ts";

const noKernel = { role: "float", reason: "onnxruntime has no eight-bit kernel for this activation" } as const;

export const activationOps = [
  defineOp({
    domain: "",
    op: "Relu",
    since: 1,
    gradient: rules.reluGradient,
    quantize: { role: "clamp" },
    cost: free,
    homogeneous: true,
    nonNegative: true,
  }),
  defineOp({ domain: "", op: "Clip", since: 1, gradient: unwritten, quantize: { role: "clamp" }, cost: free }),
  defineOp({
    domain: "",
    op: "LeakyRelu",
    since: 1,
    gradient: unwritten,
    quantize: { role: "transform" },
    cost: free,
    homogeneous: true,
  }),
  defineOp({
    domain: "",
    op: "PRelu",
    since: 1,
    gradient: unwritten,
    quantize: noKernel,
    cost: free,
    homogeneous: true,
  }),
  defineOp({
    domain: "",
    op: "Sigmoid",
    since: 1,
    gradient: unwritten,
    quantize: { role: "transform", range: [0, 1] },
    cost: free,
    nonNegative: true,
  }),
  defineOp({
    domain: "",
    op: "Softmax",
    since: 1,
    gradient: rules.softmaxGradient,
    quantize: { role: "transform", range: [0, 1] },
    cost: free,
    nonNegative: true,
  }),
  ...defineOps(
    ["Elu", "Selu", "Celu", "Gelu", "HardSwish", "Mish", "Swish", "Tanh", "Erf", "ThresholdedRelu", "Softsign"],
    { domain: "", since: 1, gradient: unwritten, quantize: noKernel, cost: free },
  ),
  defineOp({
    domain: "",
    op: "LogSoftmax",
    since: 1,
    gradient: rules.logSoftmaxGradient,
    quantize: noKernel,
    cost: free,
  }),
  ...defineOps(["HardSigmoid", "Softplus"], {
    domain: "",
    since: 1,
    gradient: unwritten,
    quantize: noKernel,
    cost: free,
    nonNegative: true,
  }),
  ...defineOps(["Gelu", "FastGelu", "QuickGelu", "BiasGelu"], {
    domain: "com.microsoft",
    since: 1,
    gradient: unwritten,
    quantize: noKernel,
    cost: free,
  }),
];
