import { reduceSum } from "../broadcast.ts";
import { factsOf, intVector, reshapeLike } from "../constants.ts";
import type { GraphWriter } from "../gradient.ts";
import { axesFrom, permute, reshapeTo, sizeOf, sizesOf, sizeVector, swapFirstTwo } from "./sizes.ts";
import type { Window } from "./window.ts";

/** The two sides of a convolution. */
export interface Sides {
  /** The side with the smaller images, [N, O, …]. */
  readonly narrow: string;
  /** [O, C/groups, …kernel] */
  readonly weight: string;
  /** The side with the larger images, [N, C, …]. */
  readonly wide: string;
  readonly window: Window;
  readonly groups: number;
}

/** The most kernel positions for which a product each is worth while; a larger kernel would make too many nodes. */
const MOST_PRODUCTS = 32;

/** dw [O, C/groups, …kernel] of a convolution: what every weight met. */
export function weightGradient(write: GraphWriter, sides: Sides): string {
  const { window, groups, narrow } = sides;
  const inner = factsOf(write, narrow).dims.slice(2);
  const positions = window.kernel.reduce((all, k) => all * k, 1);
  const isFew = groups === 1 && positions <= MOST_PRODUCTS;
  if (isFew && (meetsAll(window) || inner.every((d) => typeof d === "number")))
    return weightByProducts(write, sides, inner.map(Number));
  return weightByConvolution(write, sides);
}

/**
 * A product dy·xᵀ per image and kernel position, over the part of x that the position met. In onnxruntime three times as
 * fast as the convolution.
 */
function weightByProducts(
  write: GraphWriter,
  { narrow, weight, wide, window }: Sides,
  sizes: readonly number[],
): string {
  const { kernel, strides, dilations, padsBegin, padsEnd } = window;
  const none = [0, 0];
  const isPadded = [...padsBegin, ...padsEnd].some((p) => p !== 0);
  const padded = isPadded
    ? write.op("Pad", [wide, intVector(write, [...none, ...padsBegin, ...none, ...padsEnd])])
    : wide;
  const axes = intVector(write, axesFrom(2, kernel.length + 2));
  const flat = (value: string): string => write.op("Reshape", [value, intVector(write, [0, 0, -1])]);
  const gradient = flat(narrow);
  const metBy = (position: readonly number[]): string => {
    if (meetsAll(window)) return padded;
    const starts = position.map((at, i) => at * dilations[i]!);
    const ends = starts.map((start, i) => start + (sizes[i]! - 1) * strides[i]! + 1);
    return write.op("Slice", [
      padded,
      intVector(write, starts),
      intVector(write, ends),
      axes,
      intVector(write, strides),
    ]);
  };
  const parts = positionsOf(kernel).map((position) => {
    const products = write.op("MatMul", [gradient, permute(write, flat(metBy(position)), [0, 2, 1])]);
    return reduceSum(write, products, { axes: [0], keep: true });
  });
  const [first = ""] = parts;
  const joined = parts.length === 1 ? first : write.op("Concat", parts, { axis: 0 });
  return reshapeLike(write, permute(write, joined, [1, 2, 0]), weight);
}

/** Whether a single weight meets every element. */
const meetsAll = ({ kernel, strides, padsBegin, padsEnd }: Window): boolean =>
  [...kernel, ...strides].every((n) => n === 1) && [...padsBegin, ...padsEnd].every((p) => p === 0);

/** Every position in a kernel, in row-major order. */
const positionsOf = (kernel: readonly number[]): readonly (readonly number[])[] =>
  kernel.reduce<readonly (readonly number[])[]>(
    (all, size) => all.flatMap((position) => axesFrom(0, size).map((at) => [...position, at])),
    [[]],
  );

/**
 * A convolution of the wide side with the narrow one as kernel, where batch and channels change places, and strides and
 * dilations too.
 */
function weightByConvolution(write: GraphWriter, sides: Sides): string {
  const { window, groups } = sides;
  const rank = window.kernel.length + 2;
  const correlated = write.op("Conv", [batchAsChannels(write, sides), swapFirstTwo(write, sides.narrow, rank)], {
    strides: window.dilations,
    dilations: window.strides,
    pads: [...window.padsBegin, ...window.padsEnd],
    group: groups,
  });
  // Input that no window reached makes the result longer than the kernel.
  const isExact = window.strides.every((s) => s === 1) && window.dilations.every((d) => d === 1);
  const cut = isExact
    ? correlated
    : write.op("Slice", [
        correlated,
        intVector(
          write,
          window.kernel.map(() => 0),
        ),
        intVector(write, window.kernel),
        intVector(write, axesFrom(2, rank)),
      ]);
  return swapFirstTwo(write, cut, rank);
}

/** [N, groups·C', …] → [C', groups·N, …] */
function batchAsChannels(write: GraphWriter, { wide, weight, groups, window }: Sides): string {
  const rank = window.kernel.length + 2;
  if (groups === 1) return swapFirstTwo(write, wide, rank);
  const [batch, , ...inner] = sizesOf(write, wide);
  const each = sizeOf(write, weight, 1);
  const swapped =
    each === 1
      ? swapFirstTwo(write, wide, rank)
      : permute(write, reshapeTo(write, wide, [batch!, groups, each, ...inner]), [2, 1, 0, ...axesFrom(3, rank + 1)]);
  return write.op("Reshape", [swapped, sizeVector(write, [each, -1, ...inner])]);
}
