import { float32 } from "../../base/array.ts";
import type { Stage } from "./stage.ts";

export function int64(stage: Stage, numbers: readonly number[]): string {
  return stage.constant({ type: "int64", dims: [numbers.length], data: BigInt64Array.from(numbers, BigInt) });
}

export const scalar = (stage: Stage, x: number): string => stage.constant(float32([], [x]));

/** A float tensor with the same number everywhere. */
export const filled = (stage: Stage, dims: readonly number[], x: number): string =>
  stage.constant(float32(dims, new Float32Array(dims.reduce((all, d) => all * d, 1)).fill(x)));

export const reshape = (stage: Stage, value: string, dims: readonly number[]): string =>
  stage.op("Reshape", [value, int64(stage, dims)]);

/** Zeros behind each axis, up to these sizes. */
export function padTo(stage: Stage, value: string, { from, to }: Resizing): string {
  if (from.every((d, i) => d === to[i])) return value;
  return stage.op("Pad", [value, int64(stage, [...from.map(() => 0), ...to.map((d, i) => d - from[i]!)])]);
}

/** The first so many of each axis. */
export function cutTo(stage: Stage, value: string, { from, to }: Resizing): string {
  const axes = from.flatMap((d, i) => (d === to[i] ? [] : [i]));
  if (axes.length === 0) return value;
  const ends = axes.map((i) => to[i]!);
  const starts = axes.map(() => 0);
  return stage.op("Slice", [value, int64(stage, starts), int64(stage, ends), int64(stage, axes)]);
}

export interface Resizing {
  readonly from: readonly number[];
  readonly to: readonly number[];
}
