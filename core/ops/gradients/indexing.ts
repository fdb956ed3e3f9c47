import { intOf } from "../../graph/attributes.ts";
import { axisOf, castTo, factsOf, intVector, shapeOf, zerosLike } from "../constants.ts";
import type { GraphWriter } from "../gradient.ts";
import { unary } from "./forms.ts";

/** dx[… index …] += dy */
export const gatherGradient = unary((write, { node, x, dy }) => {
  const { dims } = factsOf(write, x);
  const axis = axisOf(intOf(node, "axis", 0), dims.length);
  const index = node.inputs[1] ?? "";
  return addRows(write, { x, index, dy, axis });
});

/**
 * Adds slices of `dy` into zeros shaped like `x`, at positions of one axis.
 * ScatterElements and not ScatterND: the latter's kernel on the CPU adds in several threads at once and loses
 * sums of repeated indices (onnxruntime issue 18048).
 */
function addRows(
  write: GraphWriter,
  parts: { readonly x: string; readonly index: string; readonly dy: string; readonly axis: number },
): string {
  const { x, index, dy, axis } = parts;
  const { dims } = factsOf(write, x);
  const after = dims.length - axis - 1;
  const list = write.op("Reshape", [index, intVector(write, [-1])]);
  const slices = write.op("Reshape", [dy, slicedShape(write, x, axis)]);
  if (write.opset < 16) return addByProduct(write, { x, list, slices, axis });
  const column = after === 0 ? list : write.op("Reshape", [list, intVector(write, [-1, ...ones(after)])]);
  const positions = write.op("Expand", [column, write.op("Shape", [slices])]);
  return write.op("ScatterElements", [zerosLike(write, x), positions, slices], { axis, reduction: "add" });
}

/** The shape of `x` as it is when its slices along an axis are laid side by side: any number of them. */
function slicedShape(write: GraphWriter, x: string, axis: number): string {
  const { dims } = factsOf(write, x);
  // A 0 says: as it is there already.
  const front = [...Array.from({ length: axis }, () => 0), -1];
  const rest = dims.slice(axis + 1);
  if (rest.every((d) => typeof d === "number")) return intVector(write, [...front, ...rest]);
  const sizes = write.op("Slice", [
    write.op("Shape", [x]),
    intVector(write, [axis + 1]),
    intVector(write, [dims.length]),
  ]);
  return write.op("Concat", [intVector(write, front), sizes], { axis: 0 });
}

/** The same before scatters could add (opset 16): a product with a matrix of zeros and ones. */
function addByProduct(
  write: GraphWriter,
  parts: { readonly x: string; readonly list: string; readonly slices: string; readonly axis: number },
): string {
  const { x, list, slices, axis } = parts;
  const { type, dims } = factsOf(write, x);
  const depth = write.op("Gather", [shapeOf(write, x), intVector(write, [axis])], { axis: 0 });
  const values = write.constant({ type: "float32", dims: [2], data: Float32Array.of(0, 1) });
  const hot = write.op("OneHot", [list, depth, values]);
  const selection = type === "float32" ? hot : castTo(write, hot, type);
  const axes = dims.map((_, i) => i);
  // The axis goes last, is multiplied away, and comes back.
  const perm = [...axes.filter((i) => i !== axis), axis];
  const product = write.op("MatMul", [write.op("Transpose", [slices], { perm }), selection]);
  return write.op("Transpose", [product], { perm: axes.map((i) => perm.indexOf(i)) });
}

const ones = (count: number): number[] => Array.from({ length: count }, () => 1);
