import type { NdArray } from "../../core/base/array.ts";

/** An int64 vector. */
export const ints = (...numbers: number[]): NdArray => intArray([numbers.length], numbers);

export const intArray = (dims: readonly number[], numbers: readonly number[]): NdArray => ({
  type: "int64",
  dims,
  data: BigInt64Array.from(numbers, BigInt),
});

/** A float array; `checkGradient` gives it the type under test. */
export const floats = (dims: readonly number[], numbers: readonly number[]): NdArray => ({
  type: "float64",
  dims,
  data: Float64Array.from(numbers),
});

export const bools = (dims: readonly number[], values: readonly boolean[]): NdArray => ({
  type: "bool",
  dims,
  data: Uint8Array.from(values, Number),
});
