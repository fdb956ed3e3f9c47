import { intVector } from "../constants.ts";
import type { GraphWriter } from "../gradient.ts";
import { sizeVector, type Size } from "./sizes.ts";

/** A whole number: known now, or an int64 vector of one element in the graph. */
export type Whole = number | string;

/** Arithmetic with whole numbers that is done now where it can be, and in the graph where not. */
export interface WholeNumbers {
  readonly of: (size: Size) => Whole;
  readonly plus: (a: Whole, b: Whole) => Whole;
  readonly minus: (a: Whole, b: Whole) => Whole;
  readonly times: (a: Whole, b: Whole) => Whole;
  readonly clamp: (a: Whole, low: Whole, high: Whole) => Whole;
  /** A position that counts from the end where it is negative. */
  readonly fromEnd: (position: Whole, size: Whole) => Whole;
  /** An int64 vector of them. */
  readonly vector: (numbers: readonly Whole[]) => string;
}

export function wholeNumbers(write: GraphWriter): WholeNumbers {
  const single = (a: Whole): string => (typeof a === "number" ? intVector(write, [a]) : a);
  const two =
    (op: string, now: (a: number, b: number) => number, neutral?: number) =>
    (a: Whole, b: Whole): Whole => {
      if (typeof a === "number" && typeof b === "number") return now(a, b);
      return b === neutral ? a : write.op(op, [single(a), single(b)]);
    };
  const plus = two("Add", (a, b) => a + b, 0);
  const [least, most] = [two("Min", Math.min), two("Max", Math.max)];
  return {
    of: (size) => (typeof size === "number" ? size : sizeVector(write, [size])),
    plus,
    minus: two("Sub", (a, b) => a - b, 0),
    times: two("Mul", (a, b) => a * b, 1),
    clamp: (a, low, high) => least(most(a, low), high),
    fromEnd: (position, size) => {
      if (typeof position === "number") return position < 0 ? plus(position, size) : position;
      const isNegative = write.op("Less", [position, intVector(write, [0])]);
      return write.op("Where", [isNegative, single(plus(position, size)), position]);
    },
    vector: (numbers) => {
      if (numbers.every((n) => typeof n === "number")) return intVector(write, numbers);
      const parts = numbers.map(single);
      return parts.length === 1 ? parts[0]! : write.op("Concat", parts, { axis: 0 });
    },
  };
}
