import { subgraphsOf } from "../../graph/attributes.ts";
import { removeDeadNodes } from "../../graph/edit.ts";
import type { Model, Node, Value } from "../../graph/model.ts";
import { capturesOf } from "../../graph/uses.ts";
import type { ValueFacts } from "../../ops/gradient.ts";
import { batchNormLowering } from "./batchNorm.ts";
import { lowerConv, lowerInputGradient, lowerWeightGradient } from "./convolution.ts";
import {
  lowerActivation,
  lowerAdd,
  lowerChannelSum,
  lowerClipGradient,
  lowerHardSwishGradient,
  lowerProduct,
  lowerProductGradient,
  lowerReluGradient,
  lowerSigmoidGradient,
} from "./elementwise.ts";
import { lowerGate, lowerGateGradient, lowerGlobalPool, lowerGlobalPoolGradient } from "./pixels.ts";
import { CONTRIBUTED, turnProducts } from "./products.ts";
import { MACRO } from "./rules.ts";
import type { CpuTarget } from "./shapes.ts";
import { lowerChannelPad, lowerChannelPadGradient, lowerPick, lowerPickGradient } from "./shortcut.ts";
import { lowerSingleInputGradient, lowerSinglePixel, lowerSingleWeightGradient } from "./single.ts";
import { BLOCKED, startStage, type Stage } from "./stage.ts";

type Lowering = (stage: Stage, node: Node) => boolean;

/**
 * Rewrites a training graph for onnxruntime's CPU kernels. Convolutions, forward and backward, become direct
 * convolutions in the blocked layout (domain com.microsoft.nchwc), and values stay in it between them; a batch
 * normalisation becomes one pass over memory forward and a few backward, with residual sums and activations as part
 * of it. Everything else stays as it is. Results differ by rounding.
 * @param model differentiated with `cpuRules` of the same target, batch normalisations still whole
 * @param facts of the values of the forward pass
 */
export function lowerForCpu(
  model: Model,
  target: CpuTarget & { readonly facts: (value: string) => ValueFacts | undefined },
): Model {
  const { graph } = model;
  const stage = startStage(graph, target, { opset: model.opsets[""] ?? 0, facts: target.facts });
  const norm = batchNormLowering();
  const lowerings: Readonly<Record<string, Lowering>> = {
    Conv: (...call) => lowerSinglePixel(...call) || lowerConv(...call),
    BatchNormalization: norm.forward,
    Relu: lowerActivation,
    Clip: lowerActivation,
    HardSwish: lowerActivation,
    Add: lowerAdd,
    Sigmoid: lowerActivation,
    Mul: (...call) => lowerGate(...call) || lowerProduct(...call),
    MaxPool: lowerPick,
    Pad: lowerChannelPad,
    GlobalAveragePool: lowerGlobalPool,
    [`${MACRO}.ConvInputGradient`]: lowerInputGradient,
    [`${MACRO}.ConvWeightGradient`]: lowerWeightGradient,
    [`${MACRO}.SingleInputGradient`]: lowerSingleInputGradient,
    [`${MACRO}.SingleWeightGradient`]: lowerSingleWeightGradient,
    [`${MACRO}.ChannelSum`]: lowerChannelSum,
    [`${MACRO}.NormGradient`]: norm.backward,
    [`${MACRO}.ReluGradient`]: lowerReluGradient,
    [`${MACRO}.SigmoidGradient`]: lowerSigmoidGradient,
    [`${MACRO}.Product`]: lowerProductGradient,
    [`${MACRO}.ClipGradient`]: lowerClipGradient,
    [`${MACRO}.HardSwishGradient`]: lowerHardSwishGradient,
    [`${MACRO}.GlobalPoolGradient`]: lowerGlobalPoolGradient,
    [`${MACRO}.PickGradient`]: lowerPickGradient,
    [`${MACRO}.ChannelPadGradient`]: lowerChannelPadGradient,
    [`${MACRO}.GateGradient`]: lowerGateGradient,
  };
  for (const node of graph.nodes) {
    const lower = lowerings[node.domain === "" ? node.op : `${node.domain}.${node.op}`];
    if (lower?.(stage, node) === true) continue;
    for (const input of node.inputs) stage.plain(input);
    for (const body of subgraphsOf(node)) for (const name of capturesOf(body)) stage.plain(name);
    stage.push(node);
  }
  norm.finish(stage);
  for (const output of graph.outputs) stage.plain(output.name);
  const lowered = {
    ...graph,
    inputs: graph.inputs.map((input) => sized(input, target)),
    nodes: stage.nodes,
    initializers: [...graph.initializers, ...stage.initializers],
  };
  const nodes = turnProducts(lowered, target.facts);
  return Object.freeze({
    ...model,
    opsets: { ...model.opsets, [BLOCKED]: 1, [CONTRIBUTED]: 1 },
    graph: removeDeadNodes({ ...lowered, nodes }),
  });
}

/**
 * An input with the batch's size in place of its symbol: the runtime writes a result over an operand only where it knows
 * that their sizes are equal, and else copies.
 */
function sized(
  input: Value,
  { batch, facts }: { readonly batch: number; readonly facts: (value: string) => ValueFacts | undefined },
): Value {
  const { type } = input;
  if (type?.kind !== "tensor" || type.dims === undefined || facts(input.name)?.dims[0] !== "batch") return input;
  return { ...input, type: { ...type, dims: [{ ...type.dims[0], size: batch }, ...type.dims.slice(1)] } };
}
