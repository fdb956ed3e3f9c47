import { float32 } from "../../base/array.ts";
import { intsOf, stringOf } from "../../graph/attributes.ts";
import type { Graph, Node } from "../../graph/model.ts";
import { constantNumbers } from "../../ops/constants.ts";
import { spreadOut } from "./convolution.ts";
import { inMemory, isImage, type Dims, type ImageDims } from "./shapes.ts";
import { BLOCKED, type Stage } from "./stage.ts";
import { blockedWeight, turnedWeight } from "./weights.ts";

/**
 * The strides of a pool that takes every s-th pixel, as residual nets without weights in their shortcuts have it;
 * undefined for any other.
 */
export function picking(node: Node, x: Dims, block: number): readonly [number, number] | undefined {
  const [sh = 1, sw = 1] = intsOf(node, "strides") ?? [];
  const isPoint = intsOf(node, "kernel_shape")?.every((k) => k === 1) === true;
  const isPadded = intsOf(node, "pads")?.some((p) => p !== 0) === true;
  if (!isPoint || isPadded || !isImage(x, block) || (node.outputs[1] ?? "") !== "") return undefined;
  return x[2] % sh === 0 && x[3] % sw === 0 ? [sh, sw] : undefined;
}

export function lowerPick(stage: Stage, node: Node): boolean {
  const [x = ""] = node.inputs;
  const dims = stage.dims(x);
  const strides = picking(node, dims, stage.block);
  if (strides === undefined || !isImage(dims, stage.block)) return false;
  const output = node.outputs[0] ?? "";
  stage.note(output, [dims[0], dims[1], dims[2] / strides[0], dims[3] / strides[1]]);
  stage.setBlocked(
    output,
    stage.op("MaxPool", [stage.blocked(x)], { kernel_shape: [1, 1], strides }, { domain: BLOCKED }),
  );
  return true;
}

export function lowerPickGradient(stage: Stage, node: Node): boolean {
  const [dy = ""] = node.inputs;
  const dims = stage.dims(stringOf(node, "like", "")) as ImageDims;
  const [sh = 1, sw = 1] = intsOf(node, "strides") ?? [];
  const small = [dims[0], dims[1], dims[2] / sh, dims[3] / sw] as const;
  stage.note(dy, small);
  stage.note(node.outputs[0] ?? "", dims);
  const parts = { from: inMemory(stage, small), strides: [sh, sw] as const, to: inMemory(stage, dims) };
  stage.setBlocked(node.outputs[0] ?? "", spreadOut(stage, stage.blocked(dy), parts));
  return true;
}

/** How many channels of zeros a Pad puts before and behind, where that is all it does. */
export function channelPads(node: Node, graph: Graph, x: Dims): readonly [number, number] | undefined {
  const [, pads = "", value = "", axes = ""] = node.inputs;
  const numbers = constantNumbers(graph, pads);
  const isZero = value === "" || constantNumbers(graph, value)?.[0] === 0;
  if (numbers?.length !== 8 || axes !== "" || !isZero || stringOf(node, "mode", "constant") !== "constant")
    return undefined;
  const [before, behind] = [numbers[1]!, numbers[5]!];
  const isAll = numbers.every((n, i) => n === 0 || (i % 4 === 1 && n > 0));
  return isAll && x !== undefined && (x[1]! + before + behind) % 4 === 0 ? [before, behind] : undefined;
}

/** Channels that move are a 1×1 convolution with ones: what comes before it or after it may become part of it. */
export function lowerChannelPad(stage: Stage, node: Node): boolean {
  const [x = ""] = node.inputs;
  const dims = stage.dims(x);
  const pads = channelPads(node, stage.graph, dims);
  if (pads === undefined || !isImage(dims, stage.block)) return false;
  const output = node.outputs[0] ?? "";
  const wide = [dims[0], dims[1] + pads[0] + pads[1], dims[2], dims[3]] as const;
  stage.note(output, wide);
  const { weight, sizes } = moving(stage, { from: dims, to: wide, before: pads[0] });
  stage.setPending(output, {
    inputs: [stage.blocked(x), blockedWeight(stage, weight, sizes)],
    attributes: { kernel_shape: [1, 1] },
  });
  return true;
}

export function lowerChannelPadGradient(stage: Stage, node: Node): boolean {
  const [dy = ""] = node.inputs;
  const [before = 0, behind = 0] = intsOf(node, "channels") ?? [];
  const output = node.outputs[0] ?? "";
  const dims = stage.dims(stringOf(node, "like", "")) as ImageDims;
  const wide = [dims[0], dims[1] + before + behind, dims[2], dims[3]] as const;
  stage.note(dy, wide);
  stage.note(output, dims);
  const { weight, sizes } = moving(stage, { from: dims, to: wide, before });
  stage.setPending(output, {
    inputs: [stage.blocked(dy), turnedWeight(stage, weight, sizes)],
    attributes: { kernel_shape: [1, 1] },
  });
  return true;
}

/** The weight [O, I, 1, 1] that puts channel i at i + before. */
function moving(
  stage: Stage,
  { from, to, before }: { readonly from: ImageDims; readonly to: ImageDims; readonly before: number },
): { readonly weight: string; readonly sizes: readonly [number, number, number, number] } {
  const [inputs, outputs] = [inMemory(stage, from)[1], inMemory(stage, to)[1]];
  const data = new Float32Array(outputs * inputs);
  for (let i = 0; i < from[1]; i++) data[(i + before) * inputs + i] = 1;
  const sizes = [outputs, inputs, 1, 1] as const;
  return { weight: stage.constant(float32(sizes, data)), sizes };
}
