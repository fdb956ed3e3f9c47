import { intOf } from "../graph/attributes.ts";
import type { Node } from "../graph/model.ts";
import { convolution as coupled, transposedConvolution } from "./channels/convolution.ts";
import { defineOp, product, type Cost, type LinearMap } from "./declare.ts";
import type { Gradient } from "./gradient.ts";
import { convGradient, convTransposeGradient } from "./gradients/convolution.ts";

const integers: Gradient = { unsupported: "it computes with whole numbers" };

/** Output elements × weights that feed one of them. Weight [O, I/groups, ...kernel]. */
function convolutionCost(weight: number): Cost {
  return ({ inputs, outputs }) => product(outputs[0] ?? []) * product((inputs[weight] ?? []).slice(1));
}

const convolution: LinearMap = {
  data: 0,
  weight: 1,
  bias: 2,
  outputAxis: () => 0,
  // A grouped convolution (other than depthwise) has no one axis over all input channels.
  inputAxis: (node: Node, dims) => (groups(node) === 1 ? 1 : isDepthwise(node, dims) ? 0 : undefined),
  dataAxis: () => 1,
};

const groups = (node: Node): number => intOf(node, "group", 1);

/** One input and one output channel per group: weight [C, 1, ...kernel] with C groups. */
export function isDepthwise(node: Node, weightDims: readonly number[]): boolean {
  return groups(node) > 1 && groups(node) === weightDims[0] && weightDims[1] === 1;
}

export const convolutionOps = [
  defineOp({
    domain: "",
    op: "Conv",
    since: 1,
    gradient: convGradient,
    channels: coupled,
    quantize: { role: "multiply", floatOutput: false },
    cost: convolutionCost(1),
    linear: convolution,
  }),
  defineOp({
    domain: "",
    op: "ConvTranspose",
    since: 1,
    gradient: convTransposeGradient,
    channels: transposedConvolution,
    quantize: { role: "float", reason: "onnxruntime has no eight-bit ConvTranspose on the CPU" },
    // Weight [I, O/groups, ...kernel]: every input element meets O/groups · kernel weights.
    cost: ({ inputs }) => product(inputs[0] ?? []) * product((inputs[1] ?? []).slice(1)),
    linear: {
      ...convolution,
      outputAxis: () => 1,
      inputAxis: (node) => (groups(node) === 1 ? 0 : undefined),
    },
  }),
  defineOp({
    domain: "",
    op: "QLinearConv",
    since: 10,
    gradient: integers,
    channels: { unknown: "computes with whole numbers" },
    quantize: { role: "float", reason: "it is quantised already" },
    cost: convolutionCost(3),
  }),
  defineOp({
    domain: "",
    op: "ConvInteger",
    since: 10,
    gradient: integers,
    channels: { unknown: "computes with whole numbers" },
    quantize: { role: "float", reason: "it is quantised already" },
    cost: convolutionCost(1),
  }),
];
