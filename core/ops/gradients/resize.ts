import { intsOf, stringOf } from "../../graph/attributes.ts";
import type { Graph, Node } from "../../graph/model.ts";
import { axisOf, castTo, constantNumbers, factsOf, intVector, scalar } from "../constants.ts";
import type { GradientRule, GraphWriter } from "../gradient.ts";
import { throughMatrix, unitMatrix } from "./axisMap.ts";
import { noGradientFor } from "./refuse.ts";
import { axesFrom, sizeOf, sizeVector } from "./sizes.ts";

/**
 * Resampling is linear and goes axis by axis. What the op does along one axis is found by resizing the unit matrix
 * with the same settings, so every mode of the runtime is met exactly. Enlarging by whole factors to the nearest is a
 * sum over tiles instead.
 */
export const resizeGradient: GradientRule = (write, { node, dy: [dy], needs, graph }) => {
  if (dy === undefined || !needs(0)) return [];
  const policy = stringOf(node, "keep_aspect_ratio_policy", "stretch");
  if (policy !== "stretch") throw noGradientFor(node, `keep_aspect_ratio_policy "${policy}"`);
  const axes = resizedAxes(write, node, graph);
  const factors = tileFactors(write, node, { axes, graph });
  if (factors !== undefined) return [sumTiles(write, dy, factors)];
  const rank = factsOf(write, node.inputs[0] ?? "").dims.length;
  let gradient = dy;
  for (const axis of axes)
    gradient = throughMatrix(write, gradient, { matrix: matrixOf(write, node, axis), axis, rank });
  return [gradient];
};

/** The axes that `scales`, `sizes` and `roi` speak of, in their order. */
function namedAxes(write: GraphWriter, node: Node): readonly number[] {
  const rank = factsOf(write, node.inputs[0] ?? "").dims.length;
  return intsOf(node, "axes")?.map((axis) => axisOf(axis, rank)) ?? axesFrom(0, rank);
}

const isCropping = (node: Node): boolean =>
  stringOf(node, "coordinate_transformation_mode", "half_pixel") === "tf_crop_and_resize";

const hasScales = (node: Node): boolean => (node.inputs[2] ?? "") !== "" && (node.inputs[3] ?? "") === "";

/** The axes along which something changes. */
function resizedAxes(write: GraphWriter, node: Node, graph: Graph): readonly number[] {
  const [x = "", , scales = ""] = node.inputs;
  const [before, after] = [factsOf(write, x).dims, factsOf(write, node.outputs[0] ?? "").dims];
  const known = hasScales(node) ? constantNumbers(graph, scales) : undefined;
  return namedAxes(write, node).filter((axis, at) => {
    const isSame = before[axis] === after[axis] && before[axis] !== "?";
    // Images may be cropped to the size that they have; batch and channels are not.
    if (isCropping(node)) return !(isSame && axis < 2);
    if (!hasScales(node)) return !isSame;
    // A scale of 1.1 that rounds to the same size still moves the samples.
    return known === undefined ? !(isSame && axis < 2) : known[at] !== 1;
  });
}

/** Whole factors per axis by which each element is repeated, or undefined where it is not as simple as that. */
function tileFactors(
  write: GraphWriter,
  node: Node,
  { axes, graph }: { readonly axes: readonly number[]; readonly graph: Graph },
): readonly number[] | undefined {
  const [x = "", , scales = ""] = node.inputs;
  const [before, after] = [factsOf(write, x).dims, factsOf(write, node.outputs[0] ?? "").dims];
  if (before.length < 3 || axes.some((axis) => axis < 2) || !repeats(node)) return undefined;
  const known = hasScales(node) ? constantNumbers(graph, scales) : undefined;
  const named = namedAxes(write, node);
  const factors = axesFrom(2, before.length).map((axis) => {
    if (!axes.includes(axis)) return 1;
    if (hasScales(node)) return known?.[named.indexOf(axis)] ?? 0;
    const [n, m] = [before[axis], after[axis]];
    return typeof n === "number" && typeof m === "number" ? m / n : 0;
  });
  return factors.every((f) => f >= 1 && Number.isInteger(f)) ? factors : undefined;
}

/** Whether every element is repeated equally often when the size grows by a whole factor. */
function repeats(node: Node): boolean {
  if (stringOf(node, "mode", "nearest") !== "nearest") return false;
  const rounding = stringOf(node, "nearest_mode", "round_prefer_floor");
  switch (stringOf(node, "coordinate_transformation_mode", "half_pixel")) {
    case "asymmetric":
      return rounding === "floor";
    case "half_pixel":
    case "half_pixel_symmetric":
    case "pytorch_half_pixel":
      return rounding.startsWith("round");
    default:
      return false;
  }
}

/** The sum over tiles: their mean times their size. */
function sumTiles(write: GraphWriter, dy: string, factors: readonly number[]): string {
  const count = factors.reduce((all, f) => all * f, 1);
  if (count === 1) return dy;
  const mean = write.op("AveragePool", [dy], { kernel_shape: factors, strides: factors });
  return write.op("Mul", [mean, scalar(write, count, dy)]);
}

/** R [m, n] of one axis: the rows of the unit matrix [1, 1, n, n], resized. */
function matrixOf(write: GraphWriter, node: Node, axis: number): string {
  const [x = "", roi = "", scales = ""] = node.inputs;
  const { type } = factsOf(write, x);
  const named = namedAxes(write, node);
  const unit = write.op("Unsqueeze", [unitMatrix(write, sizeOf(write, x, axis), "float32"), intVector(write, [0, 1])]);
  const pick = (list: string, at: number): string => write.op("Gather", [list, intVector(write, [at])]);
  const floats = (numbers: readonly number[], like: string): string => {
    const made = write.constant({ type: "float32", dims: [numbers.length], data: Float32Array.from(numbers) });
    const wanted = like === "" ? "float32" : factsOf(write, like).type;
    return wanted === "float32" ? made : castTo(write, made, wanted);
  };
  const at = named.indexOf(axis);
  const inputs = [unit, "", "", ""];
  if (isCropping(node)) {
    const [start, end] = [pick(roi, at), pick(roi, at + named.length)];
    const [zero, one] = [floats([0], roi), floats([1], roi)];
    inputs[1] = write.op("Concat", [zero, zero, start, zero, one, one, end, one], { axis: 0 });
  }
  if (hasScales(node)) {
    inputs[2] = write.op("Concat", [floats([1, 1], ""), pick(scales, at), floats([1], "")], { axis: 0 });
    inputs.pop();
  } else {
    const [wide, narrow] = [sizeOf(write, x, axis), sizeOf(write, node.outputs[0] ?? "", axis)];
    inputs[3] = sizeVector(write, [1, 1, narrow, wide]);
  }
  const attributes = Object.fromEntries(
    Object.entries(node.attributes).filter(([name]) => name !== "axes" && name !== "extrapolation_value"),
  );
  const resized = write.op("Resize", inputs, attributes);
  const matrix = write.op("Squeeze", [resized, intVector(write, [0, 1])]);
  return type === "float32" ? matrix : castTo(write, matrix, type);
}
