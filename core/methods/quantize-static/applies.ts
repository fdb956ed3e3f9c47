import type { Applicability } from "../../contract/method.ts";
import type { Model, Node } from "../../graph/model.ts";
import { whyNotRunnable } from "../../graph/runnable.ts";
import { indexGraph } from "../../graph/uses.ts";
import { normalizeModel } from "../../transform/constants.ts";
import { upgradeOpset } from "../../transform/upgradeOpset.ts";
import { refuseQuantized } from "../floatModel.ts";
import { opOf } from "../../ops/registry.ts";

/** Whether a model has float layers with constant weights that eight-bit kernels could compute. */
export function applies(model: Model): Applicability {
  const { graph, opsets } = model;
  const foreign = whyNotRunnable(model);
  if (foreign !== undefined) {
    return { applies: false, reason: foreign, hint: "Calibration runs the model; export it with standard operators." };
  }
  const quantized = refuseQuantized(model);
  if (quantized !== undefined) return quantized;
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
  const inputs = graph.inputs.filter((v) => !index.initializer.has(v.name)).length;
  if (inputs !== 1) {
    return {
      applies: false,
      reason: `Calibration feeds one input and the model has "${inputs}".`,
      hint: "Use dynamic quantisation, which needs no calibration.",
    };
  }
  const upgrade = (opsets[""] ?? 0) < 13 ? upgradeOpset(normalizeModel(model)) : { model };
  if ("model" in upgrade) return { applies: true, notes: [] };
  if ((opsets[""] ?? 0) < 10) {
    return {
      applies: false,
      reason: `Eight-bit kernels need opset 10 or newer, and the model cannot be brought to it: ${upgrade.reason}.`,
      hint: "Export the model again with a newer opset.",
    };
  }
  const note = `Opset ${opsets[""] ?? "?"} has no per-channel form, so the pairs use onnxruntime's own domain.`;
  return { applies: true, notes: [note] };
}

const nameOf = (node: Node): string => node.name || (node.outputs[0] ?? "");
