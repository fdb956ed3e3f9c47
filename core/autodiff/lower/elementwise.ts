import { floatAttribute, floatsAttribute, type PlainAttribute } from "../../graph/attributes.ts";
import type { Node } from "../../graph/model.ts";
import { channelMean } from "./batchNorm.ts";
import { cutTo, filled, scalar } from "./constants.ts";
import { clipBounds, filledUp, inMemory, isImage, sameSizes } from "./shapes.ts";
import type { Pending, Stage } from "./stage.ts";

/** Attributes that make an activation part of a blocked convolution; undefined where its kernels have no such activation. */
function fused(stage: Stage, node: Node): Readonly<Record<string, PlainAttribute>> | undefined {
  if (node.op === "Relu") return { activation: "Relu" };
  const bounds = node.op === "Clip" ? clipBounds(node, stage.graph) : undefined;
  return bounds && { activation: "Clip", activation_params: floatsAttribute(bounds) };
}

/** An activation: part of the convolution before it, where there is one to be part of. */
export function lowerActivation(stage: Stage, node: Node): boolean {
  const [x = ""] = node.inputs;
  const output = node.outputs[0] ?? "";
  if (!stage.isBlocked(x)) return false;
  stage.note(output, stage.dims(x));
  const attributes = fused(stage, node);
  const pending = attributes === undefined ? undefined : stage.takePending(x);
  const made =
    pending === undefined
      ? stage.op(node.op, [stage.blocked(x), ...node.inputs.slice(1).map(stage.plain)], node.attributes)
      : stage.writePending({ ...pending, attributes: { ...pending.attributes, ...attributes } });
  stage.setBlocked(output, made);
  return true;
}

/** a + b: the sum that a convolution starts from, where one of the two is a convolution that only this reads. */
export function lowerAdd(stage: Stage, node: Node): boolean {
  const [a = "", b = ""] = node.inputs;
  const output = node.outputs[0] ?? "";
  const dims = stage.dims(a);
  if (!sameSizes(dims, stage.dims(b)) || !(stage.isBlocked(a) || stage.isBlocked(b))) return false;
  if (!isImage(dims, stage.block)) return false;
  stage.note(output, dims);
  for (const [value, other] of [
    [b, a],
    [a, b],
  ] as const) {
    const pending = a === b ? undefined : stage.takePending(value);
    if (pending === undefined) continue;
    if (pending.sum !== undefined) {
      stage.setBlocked(value, stage.writePending(pending));
      continue;
    }
    stage.setPending(output, summed(stage, pending, { node, other, channels: filledUp(dims[1], stage.block) }));
    return true;
  }
  stage.setBlocked(output, stage.op("Add", [stage.blocked(a), stage.blocked(b)]));
  return true;
}

/**
 * The sum of a convolution and another value. The runtime adds in the memory of the operand that it starts from; what is
 * read again later it copies first, on one core. Then the other value passes a convolution of its own, which adds to the
 * first one's result.
 */
function summed(
  stage: Stage,
  pending: Pending,
  { node, other, channels }: { readonly node: Node; readonly other: string; readonly channels: number },
): Pending {
  const held = stage.blocked(other);
  if (!stage.isReadAfter(node, other)) return { ...pending, sum: held };
  return {
    inputs: [held, filled(stage, [channels, 1, 1, 1], 1)],
    attributes: { kernel_shape: [1, 1], group: channels },
    sum: stage.writePending(pending),
  };
}

/** a·b of the same sizes. */
export function lowerProduct(stage: Stage, node: Node): boolean {
  const [a = "", b = ""] = node.inputs;
  const dims = stage.dims(a);
  if (!sameSizes(dims, stage.dims(b)) || !(stage.isBlocked(a) || stage.isBlocked(b))) return false;
  if (!isImage(dims, stage.block)) return false;
  stage.note(node.outputs[0] ?? "", dims);
  stage.setBlocked(node.outputs[0] ?? "", stage.op("Mul", [stage.blocked(a), stage.blocked(b)]));
  return true;
}

/** Macro: dy·b, where only b's sizes are known. */
export function lowerProductGradient(stage: Stage, node: Node): boolean {
  stage.setBlocked(node.outputs[0] ?? "", stage.op("Mul", gradientAndOutput(stage, node)));
  return true;
}

/** dx = dy·(y − y²) */
export function lowerSigmoidGradient(stage: Stage, node: Node): boolean {
  const [gradient, y] = gradientAndOutput(stage, node);
  const slope = stage.op("Sub", [y, stage.op("Mul", [y, y])]);
  stage.setBlocked(node.outputs[0] ?? "", stage.op("Mul", [gradient, slope]));
  return true;
}

/** Any float above zero times this is at least one, but for the smallest. */
const STEEP = 2 ** 126;

/** dx = dy where y > 0: HardSigmoid makes the mask in one pass, which no comparison does. */
export function lowerReluGradient(stage: Stage, node: Node): boolean {
  const [gradient, y] = gradientAndOutput(stage, node);
  const mask = stage.op("HardSigmoid", [y], { alpha: floatAttribute(STEEP), beta: floatAttribute(0) });
  stage.setBlocked(node.outputs[0] ?? "", stage.op("Mul", [gradient, mask]));
  return true;
}

/** dx = dy where 0 < y < bound. */
export function lowerClipGradient(stage: Stage, node: Node): boolean {
  const [gradient, y] = gradientAndOutput(stage, node);
  const bounds = node.attributes["bounds"];
  const [, high = 0] = bounds?.kind === "floats" ? bounds.value : [];
  const channels = filledUp(stage.dims(node.inputs[1] ?? "")![1]!, stage.block);
  const mask = insideMask(stage, y, { high, channels });
  stage.setBlocked(node.outputs[0] ?? "", stage.op("Mul", [gradient, mask]));
  return true;
}

/**
 * 1 where 0 < y < high, else 0, for y from 0 to high: less than −2⁹⁰ where y reaches the bound, else 0, and then 2⁶⁰·y
 * more, cut to [0, 1]. Two passes over memory.
 */
function insideMask(
  stage: Stage,
  y: string,
  { high, channels }: { readonly high: number; readonly channels: number },
): string {
  const factor = (x: number): string => filled(stage, [channels, 1, 1, 1], x);
  const clipped = (low: number): Pending["attributes"] => ({
    kernel_shape: [1, 1],
    group: channels,
    activation: "Clip",
    activation_params: floatsAttribute([low, low === 0 ? 1 : 0]),
  });
  const above = stage.writePending({
    inputs: [y, factor(-(2 ** 120)), filled(stage, [channels], 2 ** 120 * floatBelow(high))],
    attributes: clipped(-(2 ** 100)),
  });
  return stage.writePending({ inputs: [y, factor(2 ** 60)], attributes: clipped(0), sum: above });
}

/** The greatest float32 below a positive one. */
function floatBelow(x: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, x);
  view.setUint32(0, view.getUint32(0) - 1);
  return view.getFloat32(0);
}

/** y = x·h with h = HardSigmoid(x; 1/6, 1/2): dx = dy·(h + x/6 where 0 < h < 1). */
export function lowerHardSwishGradient(stage: Stage, node: Node): boolean {
  const [gradient, x] = gradientAndOutput(stage, node);
  const channels = filledUp(stage.dims(node.inputs[1] ?? "")![1]!, stage.block);
  const h = stage.op("HardSigmoid", [x], { alpha: floatAttribute(1 / 6), beta: floatAttribute(0.5) });
  const inner = stage.op("Mul", [x, insideMask(stage, h, { high: 1, channels })]);
  const slope = stage.writePending({
    inputs: [inner, filled(stage, [channels, 1, 1, 1], 1 / 6)],
    attributes: { kernel_shape: [1, 1], group: channels },
    sum: h,
  });
  stage.setBlocked(node.outputs[0] ?? "", stage.op("Mul", [gradient, slope]));
  return true;
}

/** Both inputs of a gradient macro, in blocked layout; the second is a value of the forward pass. */
function gradientAndOutput(stage: Stage, node: Node): readonly [string, string] {
  const [dy = "", y = ""] = node.inputs;
  const dims = stage.dims(y);
  stage.note(dy, dims);
  stage.note(node.outputs[0] ?? "", dims);
  return [stage.blocked(dy), stage.blocked(y)];
}

/** Sum over batch and pixels: the gradient of a bias. */
export function lowerChannelSum(stage: Stage, node: Node): boolean {
  const [dy = ""] = node.inputs;
  const like = node.attributes["like"];
  const dims = like?.kind === "string" ? stage.dims(new TextDecoder().decode(like.value)) : undefined;
  const [n, c, h, w] = dims as readonly [number, number, number, number];
  stage.note(dy, dims);
  const sizes = inMemory(stage, [n, c, h, w]);
  const mean = cutTo(stage, channelMean(stage, stage.blocked(dy), { sizes }), { from: [sizes[1]], to: [c] });
  stage.op("Mul", [mean, scalar(stage, n * h * w)], {}, { as: node.outputs[0] ?? "" });
  return true;
}
