import type { Applicability } from "../../contract/method.ts";
import type { Model, Node } from "../../graph/model.ts";
import { indexGraph } from "../../graph/uses.ts";
import { opOf } from "../../ops/registry.ts";

const QUANTIZED = /^(QLinear|QGemm|QAttention|ConvInteger|MatMulInteger|DequantizeLinear|MatMulNBits)/;

/** Whether a model has float layers with constant weights that eight-bit kernels could compute. */
export function applies(model: Model): Applicability {
  const { graph, opsets } = model;
  const quantized = graph.nodes.find((n) => QUANTIZED.test(n.op));
  if (quantized !== undefined) {
    return {
      applies: false,
      reason: `The model is quantised already: ${quantized.op} "${nameOf(quantized)}".`,
      hint: "Start from the float variant.",
    };
  }
  const layers = graph.nodes.filter((n) => opOf(n, opsets)?.quantize.role === "multiply");
  const index = indexGraph(graph);
  const half = layers.find((n) => n.inputs.some((i) => index.initializer.get(i)?.type === "float16"));
  if (half !== undefined) {
    return {
      applies: false,
      reason: `The weights are float16: ${half.op} "${nameOf(half)}".`,
      hint: "Start from the float32 variant.",
    };
  }
  if (layers.length === 0) {
    return {
      applies: false,
      reason: "The model has no convolution or matrix multiplication that eight-bit kernels compute.",
      hint: "Recurrent models gain more from dynamic quantisation.",
    };
  }
  if (graph.inputs.filter((v) => !index.initializer.has(v.name)).length !== 1) {
    return {
      applies: false,
      reason: `Calibration feeds one input and the model has "${graph.inputs.length}".`,
      hint: "Use dynamic quantisation, which needs no calibration.",
    };
  }
  const notes =
    (opsets[""] ?? 0) < 13
      ? [`Opset ${opsets[""] ?? "?"} has no per-channel form, so the pairs use onnxruntime's own domain.`]
      : [];
  return { applies: true, notes };
}

const nameOf = (node: Node): string => node.name || (node.outputs[0] ?? "");
