import { floatOf, intOf, intsOf } from "../../graph/attributes.ts";
import type { ElementType } from "../../base/elementType.ts";
import type { Node } from "../../graph/model.ts";
import {
  castTo,
  factsOf,
  filled,
  intVector,
  rankOf,
  reshapeLike,
  scalar,
  shapeOf,
  sizeRatio,
  zerosLike,
} from "../constants.ts";
import type { GradientRule, GraphWriter } from "../gradient.ts";
import { spread } from "./convolution.ts";
import { unary } from "./forms.ts";
import { noGradientFor } from "./refuse.ts";
import { axesFrom, reshapeTo, sizesOf, type Size } from "./sizes.ts";
import { extent, windowOf, type Window } from "./window.ts";

/**
 * The gradient goes to the element that was the greatest, the one that the runtime's kernel names where several are
 * equal. Overlapping windows add up.
 */
export const maxPoolGradient: GradientRule = (write, { node, dy: [dy] }) => {
  if (dy === undefined) return [];
  const x = node.inputs[0] ?? "";
  const window = poolWindow(write, node);
  // Places counted by column fit no reshaping.
  const isByRow = intOf(node, "storage_order", 0) === 0;
  const indices = (isByRow && node.outputs[1]) || maxima(write, node);
  const gradient = addAt(write, { zeros: flatZeros(write, x), indices, values: dy, window });
  return [reshapeLike(write, gradient, x)];
};

/** The places of the maxima among all elements of x. */
const maxima = (write: GraphWriter, node: Node): string =>
  write.ops("MaxPool", node.inputs, { attributes: without(node, "storage_order"), outputs: 2 })[1]!;

const without = (node: Node, name: string): Node["attributes"] =>
  Object.fromEntries(Object.entries(node.attributes).filter(([key]) => key !== name));

function flatZeros(write: GraphWriter, x: string): string {
  const { type, dims } = factsOf(write, x);
  const count = dims.every((d) => typeof d === "number")
    ? intVector(write, [dims.reduce((all, d) => all * d, 1)])
    : write.op("Reshape", [write.op("Size", [x]), intVector(write, [1])]);
  return filled(write, count, { value: 0, type });
}

interface Scatter {
  readonly zeros: string;
  readonly indices: string;
  readonly values: string;
  readonly window: Window;
}

/** Adds values at flat indices. Before opset 16 no op adds, so windows are taken in turns in which none overlap. */
function addAt(write: GraphWriter, { zeros, indices, values, window }: Scatter): string {
  const flat = (value: string): string => write.op("Reshape", [value, intVector(write, [-1])]);
  const turns = window.kernel.map((k, i) => Math.ceil(extent(k, window.dilations[i]!) / window.strides[i]!));
  if (turns.every((t) => t === 1))
    return write.op("ScatterElements", [zeros, flat(indices), flat(values)], { axis: 0 });
  if (write.opset >= 16)
    return write.op("ScatterElements", [zeros, flat(indices), flat(values)], { axis: 0, reduction: "add" });
  const axes = axesFrom(2, turns.length + 2);
  const every = (value: string, first: readonly number[]): string =>
    write.op("Slice", [
      value,
      intVector(write, first),
      intVector(
        write,
        turns.map(() => 0x7fffffff),
      ),
      intVector(write, axes),
      intVector(write, turns),
    ]);
  const starts = turns.reduce<readonly (readonly number[])[]>(
    (all, count) => all.flatMap((start) => axesFrom(0, count).map((at) => [...start, at])),
    [[]],
  );
  const parts = starts.map((start) =>
    write.op("ScatterElements", [zeros, flat(every(indices, start)), flat(every(values, start))], { axis: 0 }),
  );
  return write.op("Sum", parts);
}

/** Each output is the mean of its window: dy/count spreads over it. */
export const averagePoolGradient: GradientRule = (write, { node, dy: [dy] }) =>
  dy === undefined ? [] : [spreadWindow(write, node, shares(write, node, dy))];

/** dy divided by how many elements each window counts. */
function shares(write: GraphWriter, node: Node, dy: string): string {
  const window = poolWindow(write, node);
  const [x = ""] = node.inputs;
  const withPads = intOf(node, "count_include_pad", 0) === 1;
  const isRoundedUp = intOf(node, "ceil_mode", 0) === 1;
  const isPadded = [...window.padsBegin, ...window.padsEnd].some((p) => p > 0);
  const full = window.kernel.reduce((all, k) => all * k, 1);
  if (!isRoundedUp && (withPads || !isPadded)) return write.op("Div", [dy, scalar(write, full, dy)]);
  const [inner, outer] = [x, node.outputs[0] ?? ""].map((v) => factsOf(write, v).dims.slice(2)) as [Size[], Size[]];
  const counts = window.kernel.map((_, i) => {
    const [input, output] = [inner[i], outer[i]];
    if (typeof input !== "number" || typeof output !== "number")
      throw noGradientFor(node, "windows that reach over the edge of images whose sizes are not known");
    return axesFrom(0, output).map((at) => countInWindow(window, { axis: i, at, input, withPads }));
  });
  const all = counts.reduce<readonly number[]>((few, axis) => few.flatMap((a) => axis.map((b) => a * b)), [1]);
  const { type } = factsOf(write, dy);
  return write.op("Div", [dy, floats(write, type, [counts.map((c) => c.length), all])]);
}

function floats(
  write: GraphWriter,
  type: ElementType,
  [dims, numbers]: readonly [dims: readonly number[], numbers: readonly number[]],
): string {
  const made = write.constant({ type: "float64", dims, data: Float64Array.from(numbers) });
  return type === "float64" ? made : write.note(castTo(write, made, type), { type, dims });
}

/** How many of a window's positions along one axis are input, or with pads also padding. */
function countInWindow(
  { kernel, strides, dilations, padsBegin, padsEnd }: Window,
  { axis, at, input, withPads }: { axis: number; at: number; input: number; withPads: boolean },
): number {
  const start = at * strides[axis]! - padsBegin[axis]!;
  const [from, to] = withPads ? [-padsBegin[axis]!, input + padsEnd[axis]!] : [0, input];
  return axesFrom(0, kernel[axis]!).filter((k) => {
    const place = start + k * dilations[axis]!;
    return place >= from && place < to;
  }).length;
}

/** Adds a value per window to every input element of the window. */
function spreadWindow(write: GraphWriter, node: Node, value: string): string {
  const [x = ""] = node.inputs;
  const { type } = factsOf(write, x);
  const window = poolWindow(write, node);
  if (areTiles(write, node, window) && type === "float32") return repeated(write, value, window.kernel);
  const ones = new Array<number>(window.kernel.reduce((all, k) => all * k, 1)).fill(1);
  const weight = floats(write, type, [[1, 1, ...window.kernel], ones]);
  // One channel per image: the number of channels need not be known.
  const single = (from: string): string =>
    write.note(reshapeTo(write, from, [-1, 1, ...sizesOf(write, from).slice(2)]), {
      type,
      dims: ["?", 1, ...factsOf(write, from).dims.slice(2)],
    });
  const narrow = single(write.note(value, factsOf(write, node.outputs[0] ?? "")));
  return reshapeLike(write, spread(write, { narrow, weight, wide: single(x), window, groups: 1 }), x);
}

/** Whether the windows cover the input without gaps and without overlap. */
function areTiles(write: GraphWriter, node: Node, { kernel, strides, dilations, padsBegin, padsEnd }: Window): boolean {
  const [inner, outer] = [node.inputs[0] ?? "", node.outputs[0] ?? ""].map((v) => factsOf(write, v).dims.slice(2));
  return (
    kernel.every((k, i) => k === strides[i] && inner![i] === k * Number(outer![i])) &&
    dilations.every((d) => d === 1) &&
    [...padsBegin, ...padsEnd].every((p) => p === 0)
  );
}

/** Each element as a tile of itself. */
function repeated(write: GraphWriter, value: string, factors: readonly number[]): string {
  const scales = write.constant({
    type: "float32",
    dims: [factors.length + 2],
    data: Float32Array.of(1, 1, ...factors),
  });
  return write.op("Resize", [value, "", scales], {
    mode: "nearest",
    coordinate_transformation_mode: "asymmetric",
    nearest_mode: "floor",
  });
}

/** y = mean of each channel */
export const globalAveragePoolGradient = unary((write, { x, y, dy }) => {
  const share = write.op("Div", [dy, sizeRatio(write, x, y)]);
  return write.op("Expand", [share, shapeOf(write, x)]);
});

/** The gradient goes to the first of the greatest elements of each channel. */
export const globalMaxPoolGradient = unary((write, { x, dy }) => {
  const rank = rankOf(write, x);
  const lines = (value: string): string => write.op("Reshape", [value, intVector(write, [0, 0, -1])]);
  const flat = rank === 3 ? x : lines(x);
  const place = write.op("ArgMax", [flat], { axis: 2, keepdims: 1 });
  const zeros = rank === 3 ? zerosLike(write, x) : lines(zerosLike(write, x));
  const made = write.op("ScatterElements", [zeros, place, rank === 3 ? dy : lines(dy)], { axis: 2 });
  return rank === 3 ? made : reshapeLike(write, made, x);
});

/** y = (Σ|x|ᵖ)^(1/p), dx = sign(x)·|x|^(p−1) · Σ over windows of dy·y^(1−p); 0 where y is 0. */
const normGradient = (
  write: GraphWriter,
  { node, dy, toInput }: { readonly node: Node; readonly dy: string; readonly toInput: (value: string) => string },
): string => {
  const [x = ""] = node.inputs;
  const [y = ""] = node.outputs;
  const p = powerOf(node);
  if (p === 1) return write.op("Mul", [write.op("Sign", [x]), toInput(dy)]);
  const zero = scalar(write, 0, y);
  const slope = p === 2 ? y : write.op("Pow", [y, scalar(write, p - 1, y)]);
  const safe = write.op("Where", [write.op("Equal", [y, zero]), scalar(write, 1, y), slope]);
  const spreadOut = toInput(write.op("Div", [dy, safe]));
  if (p === 2) return write.op("Mul", [x, spreadOut]);
  const steep = write.op("Mul", [
    write.op("Sign", [x]),
    write.op("Pow", [write.op("Abs", [x]), scalar(write, p - 1, x)]),
  ]);
  return write.op("Mul", [steep, spreadOut]);
};

/** p is a whole number since opset 2. */
const powerOf = (node: Node): number =>
  node.attributes["p"]?.kind === "float" ? floatOf(node, "p", 2) : intOf(node, "p", 2);

export const lpPoolGradient: GradientRule = (write, { node, dy: [dy] }) =>
  dy === undefined ? [] : [normGradient(write, { node, dy, toInput: (value) => spreadWindow(write, node, value) })];

export const globalLpPoolGradient: GradientRule = (write, { node, dy: [dy] }) => {
  if (dy === undefined) return [];
  const toInput = (value: string): string => write.op("Expand", [value, shapeOf(write, node.inputs[0] ?? "")]);
  return [normGradient(write, { node, dy, toInput })];
};

const poolWindow = (write: GraphWriter, node: Node): Window =>
  windowOf(write, node, {
    kernel: intsOf(node, "kernel_shape") ?? [],
    wide: node.inputs[0] ?? "",
    narrow: node.outputs[0] ?? "",
  });
