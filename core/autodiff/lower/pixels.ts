import { stringOf } from "../../graph/attributes.ts";
import type { Node } from "../../graph/model.ts";
import { pixelProduct } from "./batchNorm.ts";
import { cutTo, int64, padTo, reshape, scalar } from "./constants.ts";
import { filledUp, gateOf, inMemory, isImage, type ImageDims } from "./shapes.ts";
import { BLOCKED, type Stage } from "./stage.ts";

/** The mean over each picture is the same in both layouts. */
export function lowerGlobalPool(stage: Stage, node: Node): boolean {
  const [x = ""] = node.inputs;
  const dims = stage.dims(x);
  if (!stage.isBlocked(x) || !isImage(dims, stage.block)) return false;
  const [n, c] = dims;
  const full = filledUp(c, stage.block);
  const output = node.outputs[0] ?? "";
  stage.note(output, [n, c, 1, 1]);
  const pooled = stage.op("GlobalAveragePool", [stage.blocked(x)], {}, { domain: BLOCKED });
  const cut = cutTo(stage, reshape(stage, pooled, [n, full]), { from: [n, full], to: [n, c] });
  stage.op("Reshape", [cut, int64(stage, [n, c, 1, 1])], {}, { as: output });
  return true;
}

/** Macro: every pixel gets its share of dy [n, c, 1, 1]. */
export function lowerGlobalPoolGradient(stage: Stage, node: Node): boolean {
  const [dy = ""] = node.inputs;
  const output = node.outputs[0] ?? "";
  const dims = stage.dims(stringOf(node, "like", "")) as ImageDims;
  stage.note(output, dims);
  const [n, c, h, w] = inMemory(stage, dims);
  const b = stage.block;
  const share = stage.op("Mul", [stage.plain(dy), scalar(stage, 1 / (h * w))]);
  const filled = padTo(stage, share, { from: [n, dims[1], 1, 1], to: [n, c, 1, 1] });
  const spread = stage.op("Expand", [
    reshape(stage, filled, [(n * c) / b, 1, b]),
    int64(stage, [(n * c) / b, h * w, b]),
  ]);
  stage.setBlocked(output, reshape(stage, spread, [n, c, h, w]));
  return true;
}

/** Data [n, c, h, w] times a gate [n, c, 1, 1] as a depthwise convolution with every channel of every image for itself. */
export function lowerGate(stage: Stage, node: Node): boolean {
  const [a = "", b = ""] = node.inputs;
  const found = gateOf([stage.dims(a), stage.dims(b)], stage.block);
  if (found === undefined) return false;
  const [data, gate] = found === 1 ? [a, b] : [b, a];
  const dims = stage.dims(data) as ImageDims;
  stage.note(node.outputs[0] ?? "", dims);
  stage.setBlocked(node.outputs[0] ?? "", gated(stage, [data, gate], dims));
  return true;
}

function gated(stage: Stage, [data, gate]: readonly [string, string], dims: ImageDims): string {
  const [n, c, h, w] = inMemory(stage, dims);
  const factor = padTo(stage, stage.plain(gate), { from: [n, dims[1], 1, 1], to: [n, c, 1, 1] });
  const made = stage.op(
    "Conv",
    [reshape(stage, stage.blocked(data), [1, n * c, h, w]), reshape(stage, factor, [n * c, 1, 1, 1])],
    { kernel_shape: [1, 1], group: n * c },
    { domain: BLOCKED },
  );
  return reshape(stage, made, [n, c, h, w]);
}

/** Macro of a gate's product: dData = dy·gate, dGate = Σ dy·data over the pixels. */
export function lowerGateGradient(stage: Stage, node: Node): boolean {
  const [dy = "", data = "", gate = ""] = node.inputs;
  const [dData = "", dGate = ""] = node.outputs;
  const dims = stage.dims(data) as ImageDims;
  stage.note(dy, dims);
  const sizes = inMemory(stage, dims);
  const [n, c] = dims;
  if (dData !== "") {
    stage.note(dData, dims);
    stage.setBlocked(dData, gated(stage, [dy, gate], dims));
  }
  if (dGate !== "") {
    const sums = pixelProduct(stage, [stage.blocked(dy), stage.blocked(data)], sizes);
    const cut = cutTo(stage, reshape(stage, sums, [n, sizes[1]]), { from: [n, sizes[1]], to: [n, c] });
    stage.op("Reshape", [cut, int64(stage, [n, c, 1, 1])], {}, { as: dGate });
  }
  return true;
}
