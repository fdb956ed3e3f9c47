import type { Node } from "../../graph/model.ts";
import { floatAttribute } from "../../graph/attributes.ts";
import { channelMean } from "./batchNorm.ts";
import { int64, scalar } from "./constants.ts";
import type { Dims } from "./macros.ts";
import { BLOCKED, type Stage } from "./stage.ts";

const same = (a: Dims, b: Dims): boolean => a !== undefined && a.join() === b?.join();

/** Relu: part of the convolution before it, where there is one to be part of. */
export function lowerActivation(stage: Stage, node: Node): boolean {
  const [x = ""] = node.inputs;
  const output = node.outputs[0] ?? "";
  if (!stage.isBlocked(x)) return false;
  stage.note(output, stage.dims(x));
  const pending = stage.takePending(x);
  const made =
    pending === undefined
      ? stage.op(node.op, [stage.blocked(x)], node.attributes)
      : stage.writePending({ ...pending, attributes: { ...pending.attributes, activation: node.op } });
  stage.setBlocked(output, made);
  return true;
}

/** a + b: the sum that a convolution starts from, where one of the two is a convolution that only this reads. */
export function lowerAdd(stage: Stage, node: Node): boolean {
  const [a = "", b = ""] = node.inputs;
  const output = node.outputs[0] ?? "";
  const dims = stage.dims(a);
  if (!same(dims, stage.dims(b)) || !(stage.isBlocked(a) || stage.isBlocked(b))) return false;
  if (dims?.length !== 4 || dims[1]! % stage.block !== 0) return false;
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
    stage.setPending(output, { ...pending, sum: stage.blocked(other) });
    return true;
  }
  stage.setBlocked(output, stage.op("Add", [stage.blocked(a), stage.blocked(b)]));
  return true;
}

/** Any number above zero times this is at least one. */
const STEEP = 2 ** 127;

/** dx = dy where y > 0: HardSigmoid makes the mask in one pass, which no comparison does. */
export function lowerActivationGradient(stage: Stage, node: Node): boolean {
  const [dy = "", y = ""] = node.inputs;
  const output = node.outputs[0] ?? "";
  const dims = stage.dims(y);
  stage.note(dy, dims);
  stage.note(output, dims);
  const mask = stage.op("HardSigmoid", [stage.blocked(y)], { alpha: floatAttribute(STEEP), beta: floatAttribute(0) });
  stage.setBlocked(output, stage.op("Mul", [stage.blocked(dy), mask]));
  return true;
}

/** Sum over batch and pixels: the gradient of a bias. */
export function lowerChannelSum(stage: Stage, node: Node): boolean {
  const [dy = ""] = node.inputs;
  const like = node.attributes["like"];
  const dims = like?.kind === "string" ? stage.dims(new TextDecoder().decode(like.value)) : undefined;
  const [n, c, h, w] = dims as readonly [number, number, number, number];
  stage.note(dy, dims);
  const mean = channelMean(stage, stage.blocked(dy), [n, c]);
  stage.op("Mul", [mean, scalar(stage, n * h * w)], {}, { as: node.outputs[0] ?? "" });
  return true;
}

/** The mean over each picture is the same in both layouts. */
export function lowerGlobalPool(stage: Stage, node: Node): boolean {
  const [x = ""] = node.inputs;
  const dims = stage.dims(x);
  if (!stage.isBlocked(x) || dims?.length !== 4) return false;
  const pooled = stage.op("GlobalAveragePool", [stage.blocked(x)], {}, { domain: BLOCKED });
  const output = node.outputs[0] ?? "";
  stage.note(output, [dims[0]!, dims[1]!, 1, 1]);
  stage.op("Reshape", [pooled, int64(stage, [dims[0]!, dims[1]!, 1, 1])], {}, { as: output });
  return true;
}
