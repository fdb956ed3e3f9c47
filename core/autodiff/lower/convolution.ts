import { stringOf } from "../../graph/attributes.ts";
import type { Node } from "../../graph/model.ts";
import { cutTo, filled, int64, padTo, reshape } from "./constants.ts";
import { convShape, filledUp, outputSize, type ConvShape, type Dims, type ImageDims } from "./shapes.ts";
import { BLOCKED, type Stage } from "./stage.ts";
import {
  blockedWeight,
  depthwiseWeight,
  outOfBlocks,
  reorder,
  reversed,
  turnedWeight,
  type WeightDims,
} from "./weights.ts";

/** Channels are counted as they are in memory, with those that fill up blocks. */
interface Found {
  readonly shape: ConvShape;
  /** The weight as the model has it. */
  readonly own: WeightDims;
  readonly x: ImageDims;
  readonly y: ImageDims;
  readonly w: WeightDims;
}

/** What is known of a convolution; its names are in the macro's attributes, or in its own inputs. */
function find(stage: Stage, node: Node, names: readonly [x: string, w: string]): Found | undefined {
  const [x, w] = [stage.dims(names[0]), stage.dims(names[1])] as readonly [Dims, Dims];
  const shape = convShape(node, [x, w], stage);
  if (shape === undefined || x === undefined || w === undefined) return undefined;
  const { kernel, strides, pads } = shape;
  const size = (i: 0 | 1): number => outputSize(x[i + 2]!, [kernel[i], strides[i], pads[i] + pads[i + 2]!]);
  const full = (c: number): number => filledUp(c, stage.block);
  const [n, c, h, width] = x as ImageDims;
  const own = w as WeightDims;
  const isDepthwise = shape.groups > 1;
  const inputs = c < stage.block ? c : full(c);
  return {
    shape: isDepthwise ? { ...shape, groups: inputs } : shape,
    own,
    x: [n, inputs, h, width],
    y: [n, full(own[0]), size(0), size(1)],
    w: [full(own[0]), isDepthwise ? 1 : inputs, own[2], own[3]],
  };
}

/** y = Conv(x, w) + b as a blocked convolution. */
export function lowerConv(stage: Stage, node: Node): boolean {
  const [x = "", w = "", bias = ""] = node.inputs;
  const output = node.outputs[0] ?? "";
  const found = find(stage, node, [x, w]);
  if (found === undefined) return false;
  const { shape, own, w: dims } = found;
  const isDepthwise = shape.groups > 1;
  // With fewer channels than a block the kernel reads plain layout.
  const data = !isDepthwise && dims[1] < stage.block ? stage.plain(x) : stage.blocked(x);
  const whole = wholeWeight(stage, w, found);
  const weight = isDepthwise
    ? depthwiseWeight(stage, whole, dims)
    : stage.once(`blocked ${whole}`, () => blockedWeight(stage, whole, dims));
  stage.note(output, [found.y[0], own[0], found.y[2], found.y[3]]);
  const shift = bias === "" ? undefined : padTo(stage, stage.plain(bias), { from: [own[0]], to: [dims[0]] });
  stage.setPending(output, {
    inputs: shift === undefined ? [data, weight] : [data, weight, shift],
    attributes: {
      kernel_shape: shape.kernel,
      strides: shape.strides,
      pads: shape.pads,
      group: shape.groups,
    },
  });
  return true;
}

/** dx of a convolution. */
export function lowerInputGradient(stage: Stage, node: Node): boolean {
  const [dy = "", w = ""] = node.inputs;
  const output = node.outputs[0] ?? "";
  const found = find(stage, node, namesOf(node))!;
  const { shape, own, x, y, w: dims } = found;
  noteSides(stage, [dy, output], { node, own, y });
  const isDepthwise = shape.groups > 1;
  const isStrided = shape.strides.some((s) => s > 1);
  if (isStrided && !isDepthwise && shape.kernel.some((k) => k > 1)) {
    stage.setBlocked(output, spreadByPhases(stage, [dy, w], found));
    return true;
  }
  const [[kh, kw], [top, left]] = [shape.kernel, shape.pads];
  const whole = wholeWeight(stage, w, found);
  const weight = isDepthwise
    ? depthwiseWeight(stage, reversed(stage, whole, shape.kernel), dims)
    : turnedWeight(stage, whole, dims);
  // Pads at the end follow from the sizes, so that what no window reached gets its zeros.
  const spread: ImageDims = isStrided ? [y[0], y[1], y[2] * shape.strides[0], y[3] * shape.strides[1]] : y;
  const pads = [kh - 1 - top, kw - 1 - left, x[2] - spread[2] + top, x[3] - spread[3] + left];
  const attributes = { kernel_shape: shape.kernel, pads, group: shape.groups };
  if (isStrided && !isDepthwise) {
    // 1×1: first multiply, then spread.
    const small = stage.op("Conv", [stage.blocked(dy), weight], { kernel_shape: [1, 1] }, { domain: BLOCKED });
    stage.setBlocked(
      output,
      spreadOut(stage, small, { from: [x[0], x[1], y[2], y[3]], strides: shape.strides, to: x }),
    );
    return true;
  }
  const from = stage.blocked(dy);
  const data = isStrided ? spreadOut(stage, from, { from: y, strides: shape.strides, to: spread }) : from;
  stage.setPending(output, { inputs: [data, weight], attributes });
  return true;
}

/** A weight with the channels that fill up blocks. */
const wholeWeight = (stage: Stage, w: string, { own, w: dims }: Found): string =>
  stage.once(`whole ${w}`, () => padTo(stage, stage.plain(w), { from: own, to: dims }));

/** dy has the sizes of y, and what comes back those of x. */
function noteSides(
  stage: Stage,
  [dy, dx]: readonly [string, string],
  { node, own, y }: { readonly node: Node; readonly own: WeightDims; readonly y: ImageDims },
): void {
  stage.note(dy, [y[0], own[0], y[2], y[3]]);
  if (dx !== "") stage.note(dx, stage.dims(namesOf(node)[0]));
}

const namesOf = (node: Node): readonly [string, string] => [stringOf(node, "x", ""), stringOf(node, "w", "")];

interface Spreading {
  readonly from: ImageDims;
  readonly strides: readonly [number, number];
  readonly to: ImageDims;
}

/** Puts zeros between the rows and columns of a blocked value. */
export function spreadOut(
  stage: Stage,
  value: string,
  { from: [n, c, h, w], strides: [sh, sw], to }: Spreading,
): string {
  const b = stage.block;
  const parts = reshape(stage, value, [(n * c) / b, h, 1, w, 1, b]);
  const pads = int64(stage, [0, 0, 0, 0, 0, 0, 0, 0, sh - 1, 0, sw - 1, 0]);
  return reshape(stage, stage.op("Pad", [parts, pads]), to);
}

/**
 * dx of a strided convolution without multiplying zeros: x is seen as strides[0]·strides[1] pictures of the size of y,
 * each a small convolution of dy with those weights that reach it, and all of them are one convolution.
 */
function spreadByPhases(
  stage: Stage,
  [dy, w]: readonly [string, string],
  { shape, own, x, y, w: dims }: Found,
): string {
  const b = stage.block;
  const [o, i] = dims;
  const axes = [0, 1].map((axis) =>
    phaseTaps(shape, { axis: axis as 0 | 1, wide: x[axis + 2]!, narrow: y[axis + 2]! }),
  );
  const [rows, columns] = [axes[0]!, axes[1]!];
  const [sh, sw] = shape.strides;
  const [th, tw] = [rows.taps, columns.taps];
  // One more row and column of zeros, for taps without a weight.
  const padded = padTo(stage, stage.plain(w), { from: own, to: [o, i, own[2] + 1, own[3] + 1] });
  const picked = stage.op(
    "Gather",
    [stage.op("Gather", [padded, int64(stage, rows.weights)], { axis: 2 }), int64(stage, columns.weights)],
    { axis: 3 },
  );
  // [O, I, a·th, b·tw] → [(a, b, I), O, th, tw] in blocks
  const weight = reorder(stage, picked, {
    split: [o / b, b, i / b, b, sh, th, sw, tw],
    order: [4, 6, 2, 0, 5, 7, 1, 3],
    to: [sh * sw * i, o, th, tw],
  });
  const made = stage.op(
    "Conv",
    [stage.blocked(dy), weight],
    { kernel_shape: [th, tw], pads: [rows.begin, columns.begin, rows.end, columns.end] },
    { domain: BLOCKED },
  );
  const [n, , h, width] = x;
  return reorder(stage, made, {
    split: [n, sh, sw, i / b, h / sh, width / sw, b],
    order: [0, 3, 4, 1, 5, 2, 6],
    to: x,
  });
}

interface PhaseTaps {
  readonly taps: number;
  readonly begin: number;
  readonly end: number;
  /** For each phase and tap the index of the weight; the kernel's size stands for none. */
  readonly weights: readonly number[];
}

/** dx[s·u + a] = Σₜ w[a + p − s·t]·dy[u + t] */
function phaseTaps(
  { kernel, strides, pads }: ConvShape,
  { axis, wide, narrow }: { readonly axis: 0 | 1; readonly wide: number; readonly narrow: number },
): PhaseTaps {
  const [k, s, p] = [kernel[axis], strides[axis], pads[axis]];
  const shifts: number[] = [];
  for (let a = 0; a < s; a++) {
    for (let t = Math.ceil((a + p - k + 1) / s); t <= Math.floor((a + p) / s); t++) shifts.push(t);
  }
  const [first, last] = [Math.min(0, ...shifts), Math.max(...shifts)];
  const taps = last - first + 1;
  const weights = Array.from({ length: s * taps }, (_, at) => {
    const index = Math.floor(at / taps) + p - s * (first + (at % taps));
    return index >= 0 && index < k ? index : k;
  });
  return { taps, begin: -first, end: wide / s - narrow + last, weights };
}

/** dw of a convolution. */
export function lowerWeightGradient(stage: Stage, node: Node): boolean {
  const [dy = "", x = ""] = node.inputs;
  const output = node.outputs[0] ?? "";
  const found = find(stage, node, namesOf(node))!;
  noteSides(stage, [dy, ""], { node, own: found.own, y: found.y });
  const isDepthwise = found.shape.groups > 1;
  const made = isDepthwise ? depthwiseDw(stage, [x, dy], found) : denseDw(stage, [x, dy], found);
  const cut = cutTo(stage, made, { from: found.w, to: found.own });
  stage.op("Reshape", [cut, int64(stage, found.own)], {}, { as: output });
  return true;
}

/**
 * A depthwise convolution in which every channel of every image is a channel of its own, with dy as the weight. Both
 * are in the layout that the kernel wants already.
 */
function depthwiseDw(stage: Stage, [x, dy]: readonly [string, string], { shape, x: xs, y, w }: Found): string {
  const { block: b } = stage;
  const [n, c, h, width] = xs;
  const [, , kh, kw] = w;
  const [sh, sw] = shape.strides;
  const data = reshape(stage, stage.blocked(x), [1, n * c, h, width]);
  const weight = reshape(stage, stage.blocked(dy), [n * c, 1, y[2], y[3]]);
  const [top, left] = shape.pads;
  const spans = [kh + sh * (y[2] - 1) - h - top, kw + sw * (y[3] - 1) - width - left];
  const made = stage.op(
    "Conv",
    [data, weight],
    {
      kernel_shape: [y[2], y[3]],
      dilations: shape.strides,
      group: n * c,
      pads: [top, left, Math.max(0, spans[0]!), Math.max(0, spans[1]!)],
    },
    { domain: BLOCKED },
  );
  // Rows and columns that no window reached make it longer than the kernel.
  const [ph, pw] = [kh + Math.max(0, -spans[0]!), kw + Math.max(0, -spans[1]!)];
  const sum = stage.op("ReduceSum", [reshape(stage, made, [n, (c / b) * ph * pw * b]), int64(stage, [0])], {
    keepdims: 0,
  });
  const long = [c, 1, ph, pw];
  const turned = reorder(stage, sum, { split: [c / b, ph, pw, b], order: [0, 3, 1, 2], to: long });
  return cutTo(stage, turned, { from: long, to: w });
}

/** Pixels of dy from which a group for every image pays: sums over fewer are written more often than they are worth. */
const MANY = 256;

/**
 * A convolution of x with dy as the weight: the channels stand side by side within each row, so that the kernel slides
 * over (column, channel) with the channels as dilation. Nothing is multiplied that is not needed. Large pictures have
 * one group per image, for which x and dy lie in memory as the kernel wants them; with small ones a block of images
 * takes the place of a block of channels, one group per block. The groups are summed at the end.
 */
function denseDw(stage: Stage, [x, dy]: readonly [string, string], found: Found): string {
  const { block: b } = stage;
  const isPoint = found.shape.kernel.every((k) => k === 1) && found.shape.strides.some((s) => s > 1);
  const { shape, x: xs, y, w } = isPoint ? pointwise(found) : found;
  const [n, c, h, width] = xs;
  const [o, , kh, kw] = w;
  const [[sh, sw], [top, left]] = [shape.strides, shape.pads];
  const below = kh + sh * (y[2] - 1) - h - top;
  const right = kw + sw * (y[3] - 1) - width - left;
  const wide = width + left + Math.max(0, right);
  const few = c < b;
  const side = few ? 1 : b;
  const isSingle = y[2] * y[3] >= MANY;
  const groups = isSingle ? n : n / b;
  const stacks = c / side;

  let weight: string;
  // dy [n, O/b, P, b] is the layout of a weight for one channel in plain layout.
  if (isSingle) weight = reshape(stage, stage.blocked(dy), [n * o, 1, y[2], y[3]]);
  else {
    // dy [n, O/b, P, b] → [n/b, (O/b, P), b·n, b·o], which is the layout of a blocked weight.
    const rows = reshape(stage, stage.blocked(dy), [groups, b * b, (o / b) * y[2], y[3]]);
    const images = stage.op("ReorderOutput", [rows], { channels: b * b, channels_last: 1 }, { domain: BLOCKED });
    weight = reshape(stage, images, [groups * o, b, y[2], y[3]]);
  }

  let data = few ? stage.plain(x) : stage.blocked(x);
  if (isPoint) data = pick(stage, data, { few, strides: found.shape.strides });
  if (wide !== width) data = widen(stage, data, { dims: xs, few, left, right: wide - width - left });
  // [n, C/b, h, w·b] → C/b pictures with the images as channels
  if (stacks > 1) {
    data = stage.op("Transpose", [reshape(stage, data, [n, stacks, h * wide * side])], { perm: [1, 0, 2] });
  }
  data = reshape(stage, data, [stacks, n, h, wide * side]);
  const made = stage.op(
    "Conv",
    [isSingle ? data : stage.op("ReorderInput", [data], {}, { domain: BLOCKED }), weight],
    {
      kernel_shape: [y[2], y[3]],
      dilations: [sh, sw * side],
      group: groups,
      pads: [top, 0, Math.max(0, below), 0],
    },
    { domain: BLOCKED },
  );
  const [ph, pw] = [kh + Math.max(0, -below), kw + Math.max(0, wide - (width + left + right))];
  // [stack, group, O/b, kh, kw·side, b]
  const parts = reshape(stage, made, [stacks, groups, (o / b) * ph * pw * side * b]);
  const sum = groups === 1 ? parts : stage.op("MatMul", [filled(stage, [groups], 1), parts]);
  const long = [o, c, ph, pw];
  // First with blocks of output channels at the end, which the runtime moves much faster than single numbers.
  const inBlocks = { split: [stacks, o / b, ph * pw, side, b], order: [1, 0, 3, 2, 4], to: long };
  const sums = outOfBlocks(stage, reorder(stage, sum, inBlocks), { dims: [1, o, 1, c * ph * pw], to: long });
  return cutTo(stage, sums, { from: long, to: w });
}

/** A strided 1×1 convolution reads every s-th pixel only: the same without a stride on the picked ones. */
function pointwise({ shape, own, x, y, w }: Found): Found {
  return { own, shape: { ...shape, strides: [1, 1], pads: [0, 0, 0, 0] }, x: [x[0], x[1], y[2], y[3]], y, w };
}

function pick(
  stage: Stage,
  value: string,
  { few, strides }: { readonly few: boolean; readonly strides: readonly [number, number] },
): string {
  return stage.op("MaxPool", [value], { kernel_shape: [1, 1], strides }, { domain: few ? "" : BLOCKED });
}

interface Widening {
  readonly dims: ImageDims;
  readonly few: boolean;
  readonly left: number;
  readonly right: number;
}

/** Zero columns at the sides. In the blocked layout a depthwise convolution with ones is the fastest way to copy. */
function widen(stage: Stage, value: string, { dims: [, c], few, left, right }: Widening): string {
  if (few) return stage.op("Pad", [value, int64(stage, [0, 0, 0, left, 0, 0, 0, right])]);
  return stage.op(
    "Conv",
    [value, filled(stage, [c, 1, 1, 1], 1)],
    { kernel_shape: [1, 1], pads: [0, left, 0, right], group: c },
    { domain: BLOCKED },
  );
}
