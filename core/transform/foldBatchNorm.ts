import { floatOf, intOf } from "../graph/attributes.ts";
import { floatTensor, withoutHoles } from "../graph/build.ts";
import { editGraph, type GraphEdit } from "../graph/edit.ts";
import type { Model, Node } from "../graph/model.ts";
import { opOf } from "../ops/registry.ts";
import { axisLayout, floatConstant, scaleAlong } from "./constants.ts";

export interface FoldResult {
  readonly model: Model;
  /** Names of the batch normalisations that are gone. */
  readonly folded: readonly string[];
}

/**
 * Folds each batch normalisation in inference form into the linear op before it:
 * w' = w·γ/√(σ²+ε) and b' = (b − μ)·γ/√(σ²+ε) + β, per output channel (ONNX BatchNormalization).
 * Folds only where that op's result feeds nothing else. The result is equal up to rounding.
 * @param model normalised, constants in memory
 */
export function foldBatchNorm(model: Model): FoldResult {
  const folded: string[] = [];
  const graph = editGraph(model.graph, (edit) => {
    for (const node of model.graph.nodes) {
      if (node.op === "BatchNormalization" && node.domain === "" && fold(edit, node, model)) folded.push(node.name);
    }
  });
  return { model: folded.length === 0 ? model : Object.freeze({ ...model, graph }), folded };
}

function fold(edit: GraphEdit, norm: Node, { opsets }: Model): boolean {
  const { index } = edit;
  const [input = "", ...constants] = norm.inputs;
  const [gamma, beta, mean, variance] = constants.map((name) => floatConstant(index, name)?.data);
  const before = index.producer.get(input);
  if (!gamma || !beta || !mean || !variance || before === undefined) return false;
  if (intOf(norm, "training_mode", 0) !== 0 || norm.outputs.slice(1).some((o) => o !== "")) return false;
  if (index.usesOf(input).length !== 1 || index.isOutput(input)) return false;
  const linear = opOf(before, opsets)?.linear;
  const weight = floatConstant(index, before.inputs[linear?.weight ?? -1]);
  if (linear?.bias === undefined || weight === undefined || floatOf(before, "beta", 1) !== 1) return false;
  const biasName = before.inputs[linear.bias] ?? "";
  const bias = floatConstant(index, biasName);
  if (biasName !== "" && (bias?.data.length !== gamma.length || bias.dims.at(-1) !== gamma.length)) return false;
  const layout = axisLayout(weight.dims, linear.outputAxis(before, weight.dims.length));
  if (layout.size !== gamma.length) return false;

  const epsilon = floatOf(norm, "epsilon", 1e-5);
  const factor = Float64Array.from(gamma, (g, c) => g / Math.sqrt(variance[c]! + epsilon));
  const shift = Float32Array.from(beta, (b, c) => ((bias?.data[c] ?? 0) - mean[c]!) * factor[c]! + b);
  const weightName = edit.fresh(`${before.name}.weight_folded`);
  const shiftName = edit.fresh(`${before.name}.bias_folded`);
  edit.setInitializer(floatTensor(weightName, weight.dims, scaleAlong(weight.data, layout, factor)));
  edit.setInitializer(floatTensor(shiftName, [gamma.length], shift));
  const inputs = [...before.inputs];
  inputs[linear.weight] = weightName;
  inputs[linear.bias] = shiftName;
  edit.replace(before, Object.freeze({ ...before, inputs: withoutHoles(inputs), outputs: [norm.outputs[0] ?? ""] }));
  edit.replace(norm);
  return true;
}
