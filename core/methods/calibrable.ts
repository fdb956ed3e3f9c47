import type { Applicability } from "../contract/method.ts";
import type { Model, Node } from "../graph/model.ts";
import { whyNotRunnable } from "../graph/runnable.ts";
import { indexGraph } from "../graph/uses.ts";
import { opOf } from "../ops/registry.ts";
import { normalizeModel } from "../transform/constants.ts";
import { upgradeOpset } from "../transform/upgradeOpset.ts";
import { refuseQuantized } from "./floatModel.ts";

/** Says no to models that cannot be calibrated for integer kernels; undefined for the others. */
export function refuseUncalibrable(model: Model): Applicability | undefined {
  const { graph, opsets } = model;
  const foreign = whyNotRunnable(model);
  if (foreign !== undefined) {
    return {
      applies: false,
      reason: foreign,
      hint: "Calibration runs the model; export it with standard operators.",
    };
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
  if (inputs === 1) return undefined;
  return {
    applies: false,
    reason: `Calibration feeds one input and the model has "${inputs}".`,
    hint: "Use dynamic quantisation, which needs no calibration.",
  };
}

/** Says yes to models that can be calibrated and brought to opset 13, which formats per layer need. */
export function takesFormats(model: Model): Applicability {
  const refused = refuseUncalibrable(model);
  if (refused !== undefined) return refused;
  const upgrade = (model.opsets[""] ?? 0) < 13 ? upgradeOpset(normalizeModel(model)) : { model };
  if ("model" in upgrade) return { applies: true, notes: [] };
  return {
    applies: false,
    reason: `Bits per layer need opset 13 or newer, and the model cannot be brought to it: ${upgrade.reason}.`,
    hint: "Export the model again with a newer opset.",
  };
}

const nameOf = (node: Node): string => node.name || (node.outputs[0] ?? "");
