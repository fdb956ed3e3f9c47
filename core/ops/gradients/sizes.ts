import { factsOf, intVector } from "../constants.ts";
import type { GraphWriter } from "../gradient.ts";

/** A size: a number, or the size of one axis of a value, found at run time. */
export type Size = number | { readonly of: string; readonly axis: number };

/** The size of one axis, as a number where it is known. */
export function sizeOf(write: GraphWriter, value: string, axis: number): Size {
  const size = factsOf(write, value).dims[axis];
  return typeof size === "number" ? size : { of: value, axis };
}

export const sizesOf = (write: GraphWriter, value: string): readonly Size[] =>
  factsOf(write, value).dims.map((_, axis) => sizeOf(write, value, axis));

/** An int64 vector of sizes; a constant where all are known. */
export function sizeVector(write: GraphWriter, sizes: readonly Size[]): string {
  if (sizes.every((s) => typeof s === "number")) return intVector(write, sizes);
  const parts = sizes.map((size) =>
    typeof size === "number"
      ? intVector(write, [size])
      : write.op("Gather", [write.op("Shape", [size.of]), intVector(write, [size.axis])]),
  );
  return parts.length === 1 ? parts[0]! : write.op("Concat", parts, { axis: 0 });
}

/** Reshape; one size that is not known is left to the op to find. */
export function reshapeTo(write: GraphWriter, value: string, sizes: readonly Size[]): string {
  const unknown = sizes.filter((s) => typeof s !== "number").length;
  const target =
    unknown === 1 && !sizes.includes(-1) && !sizes.includes(0)
      ? intVector(
          write,
          sizes.map((s) => (typeof s === "number" ? s : -1)),
        )
      : sizeVector(write, sizes);
  return write.op("Reshape", [value, target]);
}

/** Transpose, unless nothing moves. */
export function permute(write: GraphWriter, value: string, order: readonly number[]): string {
  return order.every((axis, i) => axis === i) ? value : write.op("Transpose", [value], { perm: order });
}

/** Exchanges the first two of `rank` axes. */
export const swapFirstTwo = (write: GraphWriter, value: string, rank: number): string =>
  permute(write, value, [1, 0, ...axesFrom(2, rank)]);

/** first, first + 1, … end − 1 */
export const axesFrom = (first: number, end: number): readonly number[] =>
  Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i);

/** A per-channel vector [C] as [1, C, 1, …], to meet data of this rank. */
export const perChannel = (write: GraphWriter, vector: string, rank: number): string =>
  write.op("Reshape", [
    vector,
    intVector(
      write,
      axesFrom(0, rank).map((axis) => (axis === 1 ? -1 : 1)),
    ),
  ]);
