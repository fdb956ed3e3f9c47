import { intOf, intsOf, stringOf } from "../../graph/attributes.ts";
import type { Node } from "../../graph/model.ts";
import { int64, reshape } from "./constants.ts";
import type { Dims } from "./shapes.ts";
import type { Stage } from "./stage.ts";

/** Whether a convolution is a product of matrices: 1×1 over a single pixel, as in squeeze-and-excitation. */
export function isSinglePixel(node: Node, [x, w]: readonly [Dims, Dims]): boolean {
  const isPlain = intOf(node, "group", 1) === 1 && stringOf(node, "auto_pad", "NOTSET") === "NOTSET";
  const isPadded = intsOf(node, "pads")?.some((p) => p !== 0) === true;
  const isOne = (dims: Dims): boolean => dims?.length === 4 && dims[2] === 1 && dims[3] === 1;
  return isPlain && !isPadded && isOne(x) && isOne(w);
}

/** y = x·wᵀ + b: the runtime's convolution would multiply image by image. */
export function lowerSinglePixel(stage: Stage, node: Node): boolean {
  const [x = "", w = "", bias = ""] = node.inputs;
  const sizes = [stage.dims(x), stage.dims(w)] as const;
  if (!isSinglePixel(node, sizes)) return false;
  const [n, o] = [sizes[0]![0]!, sizes[1]![0]!];
  const output = node.outputs[0] ?? "";
  const operands = [flat(stage, x), flat(stage, w), ...(bias === "" ? [] : [stage.plain(bias)])];
  stage.note(output, [n, o, 1, 1]);
  toPixels(stage, stage.op("Gemm", operands, { transB: 1 }), { as: output, dims: [n, o, 1, 1] });
  return true;
}

/** Macro: dx = dy·w */
export function lowerSingleInputGradient(stage: Stage, node: Node): boolean {
  const [dy = "", w = ""] = node.inputs;
  const like = stage.dims(stringOf(node, "like", ""))!;
  stage.note(dy, [like[0]!, stage.dims(w)![0]!, 1, 1]);
  const made = stage.op("Gemm", [flat(stage, dy), flat(stage, w)]);
  stage.note(node.outputs[0] ?? "", like);
  toPixels(stage, made, { as: node.outputs[0] ?? "", dims: like });
  return true;
}

/** Macro: dw = dyᵀ·x */
export function lowerSingleWeightGradient(stage: Stage, node: Node): boolean {
  const [dy = "", x = ""] = node.inputs;
  const like = stage.dims(stringOf(node, "like", ""))!;
  stage.note(dy, [stage.dims(x)![0]!, like[0]!, 1, 1]);
  const made = stage.op("Gemm", [flat(stage, dy), flat(stage, x)], { transA: 1 });
  toPixels(stage, made, { as: node.outputs[0] ?? "", dims: like });
  return true;
}

const flat = (stage: Stage, value: string): string =>
  reshape(stage, stage.plain(value), stage.dims(value)!.slice(0, 2));

const toPixels = (
  stage: Stage,
  value: string,
  { as, dims }: { readonly as: string; readonly dims: readonly number[] },
): string => stage.op("Reshape", [value, int64(stage, dims)], {}, { as });
