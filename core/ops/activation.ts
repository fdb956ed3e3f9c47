import { elementwise, follows } from "./channels/elementwise.ts";
import { normalizedAlong } from "./channels/normalization.ts";
import { defineOp, free, type OpDeclaration } from "./declare.ts";
import type { Gradient } from "./gradient.ts";
import * as rules from "./gradients/activation.ts";
import { erfGradient } from "./gradients/elementwise.ts";

type Traits = Partial<
  Pick<OpDeclaration, "domain" | "since" | "channels" | "quantize" | "homogeneous" | "nonNegative">
>;

/** An activation that stays in float, unless its traits say otherwise. */
const activation = (op: string, gradient: Gradient, traits: Traits = {}): OpDeclaration =>
  defineOp({
    domain: "",
    op,
    since: 1,
    gradient,
    channels: follows,
    quantize: { role: "float", reason: "onnxruntime has no eight-bit kernel for this activation" },
    cost: free,
    ...traits,
  });

const probability = { quantize: { role: "transform", range: [0, 1] }, nonNegative: true } as const;
const softmax = { channels: normalizedAlong } as const;
const prelu = { ...elementwise, roles: { 1: "weight" } } as const;
const contributed = { domain: "com.microsoft" } as const;
const biased = { ...contributed, channels: { ...elementwise, roles: { 1: "bias" } } } as const;

export const activationOps = [
  activation("Relu", rules.reluGradient, { quantize: { role: "clamp" }, homogeneous: true, nonNegative: true }),
  activation("Clip", rules.clipGradient, { quantize: { role: "clamp" } }),
  activation("LeakyRelu", rules.leakyReluGradient, { quantize: { role: "transform" }, homogeneous: true }),
  activation("PRelu", rules.preluGradient, { channels: prelu, homogeneous: true }),
  activation("Sigmoid", rules.sigmoidGradient, probability),
  activation("Softmax", rules.softmaxGradient, { ...probability, ...softmax }),
  activation("LogSoftmax", rules.logSoftmaxGradient, softmax),
  activation("Hardmax", "stops", softmax),
  activation("Elu", rules.eluGradient),
  activation("Selu", rules.seluGradient),
  activation("Celu", rules.celuGradient),
  activation("Gelu", rules.geluGradient),
  activation("HardSwish", rules.hardSwishGradient),
  activation("Mish", rules.mishGradient),
  activation("Swish", rules.swishGradient),
  activation("Tanh", rules.tanhGradient),
  activation("Erf", erfGradient),
  activation("ThresholdedRelu", rules.thresholdedReluGradient),
  activation("Shrink", rules.shrinkGradient, { since: 9 }),
  activation("Softsign", rules.softsignGradient),
  activation("HardSigmoid", rules.hardSigmoidGradient, { nonNegative: true }),
  activation("Softplus", rules.softplusGradient, { nonNegative: true }),
  activation("Gelu", rules.geluGradient, contributed),
  activation("QuickGelu", rules.quickGeluGradient, contributed),
  activation("BiasGelu", rules.biasGeluGradient, biased),
  activation("FastGelu", rules.fastGeluGradient, biased),
];
