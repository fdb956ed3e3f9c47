import { float32 } from "../../base/array.ts";
import type { Stage } from "./stage.ts";

export function int64(stage: Stage, numbers: readonly number[]): string {
  return stage.constant({ type: "int64", dims: [numbers.length], data: BigInt64Array.from(numbers, BigInt) });
}

export const scalar = (stage: Stage, x: number): string => stage.constant(float32([], [x]));

/** A float tensor full of ones. */
export const ones = (stage: Stage, dims: readonly number[]): string =>
  stage.constant(float32(dims, new Float32Array(dims.reduce((all, d) => all * d, 1)).fill(1)));

export const reshape = (stage: Stage, value: string, dims: readonly number[]): string =>
  stage.op("Reshape", [value, int64(stage, dims)]);
