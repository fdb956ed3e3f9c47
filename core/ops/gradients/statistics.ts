import { intVector, scalar } from "../constants.ts";
import type { GraphWriter } from "../gradient.ts";

/** Mean over axes, which stay with size 1 (an input since opset 18). */
export function meanOver(write: GraphWriter, value: string, axes: readonly number[]): string {
  return write.opset < 18
    ? write.op("ReduceMean", [value], { axes, keepdims: 1 })
    : write.op("ReduceMean", [value, intVector(write, axes)], { keepdims: 1 });
}

/** 1/√(variance + epsilon) */
export function inverseDeviation(
  write: GraphWriter,
  variance: string,
  { epsilon, like }: { readonly epsilon: number; readonly like: string },
): string {
  const shifted = write.op("Add", [variance, scalar(write, epsilon, like)]);
  return write.op("Reciprocal", [write.op("Sqrt", [shifted])]);
}

export interface Statistics {
  /** Sizes of 1 on the axes that were averaged over. */
  readonly mean: string;
  readonly variance: string;
  /** 1/√(variance + epsilon) */
  readonly inverse: string;
  /** x − mean, in the shape of x. */
  readonly centered: string;
}

/** Mean and (population) variance over some axes. Written the same way forward and backward, so that both can share. */
export function statisticsOver(
  write: GraphWriter,
  x: string,
  { axes, epsilon, like }: { readonly axes: readonly number[]; readonly epsilon: number; readonly like: string },
): Statistics {
  const mean = meanOver(write, x, axes);
  const centered = write.op("Sub", [x, mean]);
  const variance = meanOver(write, write.op("Mul", [centered, centered]), axes);
  return { mean, variance, centered, inverse: inverseDeviation(write, variance, { epsilon, like }) };
}
