import { intOf, stringOf } from "../../graph/attributes.ts";
import type { Node } from "../../graph/model.ts";
import {
  axisOf,
  castTo,
  constantNumbers,
  rankOf,
  factsOf,
  intVector,
  reshapeLike,
  scalarOf,
  shapeOf,
  zerosLike,
} from "../constants.ts";
import type { GradientRule, GraphWriter } from "../gradient.ts";
import { unary } from "./forms.ts";
import { noGradientFor } from "./refuse.ts";
import { sizeOf } from "./sizes.ts";
import { wholeNumbers, type Whole } from "./wholes.ts";

/** dx[… index …] += dy; one slice, at a place that is known, is padded instead: far cheaper than a scatter. */
export const gatherGradient = unary((write, { node, x, dy, graph }) => {
  const { dims } = factsOf(write, x);
  const axis = axisOf(intOf(node, "axis", 0), dims.length);
  const index = node.inputs[1] ?? "";
  const known = constantNumbers(graph, index);
  if (known?.length === 1) return padSlice(write, { x, index, dy, axis }, known[0]!);
  return addRows(write, { x, index, dy, axis });
});

/** dx[index along the axis] += dy, element by element */
export const gatherElementsGradient = unary((write, { node, x, dy }) => {
  if (write.opset < 16) throw noGradientFor(node, `opset "${write.opset}"; 16 is the first whose scatters add`);
  const [, index = ""] = node.inputs;
  const attributes = { axis: intOf(node, "axis", 0), reduction: "add" };
  return write.op("ScatterElements", [zerosLike(write, x), index, dy], attributes);
});

/** The same with rows of x, each named by a tuple: its position among all rows is the tuple in mixed radix. */
export const gatherNdGradient = unary((write, { node, x, dy }) => {
  const [, index = ""] = node.inputs;
  const batch = intOf(node, "batch_dims", 0);
  const depth = factsOf(write, index).dims.at(-1);
  if (typeof depth !== "number") throw noGradientFor(node, "tuples of unknown length");
  if (write.opset < 16) throw noGradientFor(node, `opset "${write.opset}"; 16 is the first whose scatters add`);
  const rows = rowsOf(write, { x, index, batch, depth });
  const count = write.op("Shape", [rows]);
  const slices = write.op("Reshape", [dy, write.op("Concat", [count, intVector(write, [-1])], { axis: 0 })]);
  const width = write.op("Gather", [write.op("Shape", [slices]), intVector(write, [1])]);
  const flat = write.op("Concat", [intVector(write, [-1]), width], { axis: 0 });
  const zeros = write.op("Reshape", [zerosLike(write, x), flat]);
  const column = write.op("Unsqueeze", [rows, intVector(write, [1])]);
  const positions = write.op("Expand", [column, write.op("Shape", [slices])]);
  const sum = write.op("ScatterElements", [zeros, positions, slices], { axis: 0, reduction: "add" });
  return reshapeLike(write, sum, x);
});

interface Tuples {
  readonly x: string;
  readonly index: string;
  readonly batch: number;
  readonly depth: number;
}

/** The positions that tuples name among the rows of x, when its batch and indexed axes are one, as a vector. */
function rowsOf(write: GraphWriter, { x, index, batch, depth }: Tuples): string {
  const shape = shapeOf(write, x);
  const size = (axis: number): string => write.op("Gather", [shape, intVector(write, [axis])]);
  const last = intVector(write, [-1]);
  // Horner: position = (…(i₀·d₁ + i₁)·d₂ + …), where a negative i counts from the end.
  let position: string | undefined;
  for (let k = 0; k < depth; k++) {
    const i = write.op("Gather", [index, scalarOf(write, k, "int64")], { axis: -1 });
    const d = size(batch + k);
    const wrapped = write.op("Where", [write.op("Less", [i, scalarOf(write, 0, "int64")]), write.op("Add", [i, d]), i]);
    position = position === undefined ? wrapped : write.op("Add", [write.op("Mul", [position, d]), wrapped]);
  }
  if (batch === 0) return write.op("Reshape", [position!, last]);
  // The samples of a batch lie one after the other.
  const first = intVector(write, [0]);
  const [front, own] = [
    write.op("Slice", [shape, first, intVector(write, [batch])]),
    write.op("Slice", [shape, intVector(write, [batch]), intVector(write, [batch + depth])]),
  ];
  const [samples, perSample] = [front, own].map((sizes) => write.op("ReduceProd", [sizes], { keepdims: 0 }));
  const range = write.op("Range", [scalarOf(write, 0, "int64"), samples!, scalarOf(write, 1, "int64")]);
  const offsets = write.op("Unsqueeze", [write.op("Mul", [range, perSample!]), intVector(write, [1])]);
  const bySample = write.op("Concat", [write.op("Unsqueeze", [samples!, first]), last], { axis: 0 });
  return write.op("Reshape", [write.op("Add", [write.op("Reshape", [position!, bySample]), offsets]), last]);
}

/** Where it overwrites, the data's gradient is 0 there; what was written has the gradient of its place. */
const scatterGradient =
  (gather: "GatherElements" | "GatherND"): GradientRule =>
  (write, { node, dy: [dy], needs }) => {
    if (dy === undefined) return [];
    const [, index = "", updates = ""] = node.inputs;
    const reduction = stringOf(node, "reduction", "none");
    if (gather === "GatherElements" && (reduction === "max" || reduction === "min")) {
      return scatteredExtreme(write, node, dy);
    }
    if (reduction !== "none" && reduction !== "add") throw noGradientFor(node, `reduction "${reduction}"`);
    const axis: Record<string, number> = gather === "GatherElements" ? { axis: intOf(node, "axis", 0) } : {};
    const kept = (): string =>
      reduction === "add" ? dy : write.op(node.op, [dy, index, zerosLike(write, updates)], axis);
    return [needs(0) ? kept() : undefined, undefined, needs(2) ? write.op(gather, [dy, index], axis) : undefined];
  };
export const scatterElementsGradient = scatterGradient("GatherElements");
export const scatterNdGradient = scatterGradient("GatherND");

/** All that tie for a place, what was there and what came, share its gradient evenly. */
function scatteredExtreme(write: GraphWriter, node: Node, dy: string): readonly (string | undefined)[] {
  const [data = "", index = "", updates = ""] = node.inputs;
  const y = node.outputs[0] ?? "";
  const axis = { axis: intOf(node, "axis", 0) };
  const { type } = factsOf(write, data);
  const taken = (value: string): string => write.op("GatherElements", [value, index], axis);
  const stayed = castTo(write, write.op("Equal", [data, y]), type);
  const came = castTo(write, write.op("Equal", [updates, taken(y)]), type);
  const count = write.op("ScatterElements", [stayed, index, came], { ...axis, reduction: "add" });
  const share = write.op("Div", [dy, count]);
  return [write.op("Mul", [share, stayed]), undefined, write.op("Mul", [taken(share), came])];
}

/** The values' gradient goes to where they stood; no position is named twice. */
export const topKGradient: GradientRule = (write, { node, dy: [dy], needs }) => {
  const [x = ""] = node.inputs;
  const positions = node.outputs[1] ?? "";
  if (dy === undefined || !needs(0)) return [];
  if (positions === "") throw noGradientFor(node, "values without their indices as the second output");
  return [write.op("ScatterElements", [zerosLike(write, x), positions, dy], { axis: intOf(node, "axis", -1) })];
};

/** Taking the slices where a condition holds is taking those at the positions where it does. */
export const compressGradient = unary((write, { node, x, dy }) => {
  const { type, dims } = factsOf(write, x);
  const index = write.op("NonZero", [node.inputs[1] ?? ""]);
  if (node.attributes["axis"] !== undefined) {
    return addRows(write, { x, index, dy, axis: axisOf(intOf(node, "axis", 0), dims.length) });
  }
  const flat = write.note(write.op("Reshape", [x, intVector(write, [-1])]), { type, dims: ["?"] });
  return reshapeLike(write, addRows(write, { x: flat, index, dy, axis: 0 }), x);
});

interface Taken {
  readonly x: string;
  readonly index: string;
  readonly dy: string;
  readonly axis: number;
}

function padSlice(write: GraphWriter, { x, index, dy, axis }: Taken, at: number): string {
  const rank = rankOf(write, x);
  const whole = wholeNumbers(write);
  const size = whole.of(sizeOf(write, x, axis));
  const front = whole.fromEnd(at, size);
  const pads: Whole[] = Array.from({ length: 2 * rank }, () => 0);
  pads[axis] = front;
  pads[axis + rank] = whole.minus(whole.plus(size, -1), front);
  const hasAxis = rankOf(write, index) > 0;
  const slice = hasAxis ? dy : write.op("Unsqueeze", [dy, intVector(write, [axis])]);
  return pads.every((p) => p === 0) ? slice : write.op("Pad", [slice, whole.vector(pads)]);
}

/**
 * Adds slices of `dy` into zeros shaped like `x`, at positions of one axis.
 * ScatterElements and not ScatterND: the latter's kernel on the CPU adds in several threads at once and loses
 * sums of repeated indices (onnxruntime issue 18048).
 */
function addRows(write: GraphWriter, parts: Taken): string {
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
