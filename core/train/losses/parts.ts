import { LatheError } from "../../base/error.ts";
import { reduceSum } from "../../ops/broadcast.ts";
import { castTo, intVector, scalarOf } from "../../ops/constants.ts";
import type { GraphWriter } from "../../ops/gradient.ts";
import type { LossCall } from "./loss.ts";

export const number = (write: GraphWriter, x: number): string => scalarOf(write, x, "float32");

/** Mean of all elements. */
export const meanOf = (write: GraphWriter, value: string): string => write.op("ReduceMean", [value], { keepdims: 0 });

/** Sum of all elements. */
export const sumOf = (write: GraphWriter, value: string): string => write.op("ReduceSum", [value], { keepdims: 0 });

/** Sum along the class axis, which stays with size 1. */
export const sumClasses = (write: GraphWriter, value: string, { axis }: LossCall): string =>
  reduceSum(write, value, { axes: [axis], keep: true });

/** Samples in the batch, as float32. */
export function samplesOf(write: GraphWriter, value: string): string {
  const size = write.op("Gather", [write.op("Shape", [value]), intVector(write, [0])], { axis: 0 });
  return castTo(write, size, "float32");
}

/** Number of classes: the size of the class axis. @throws unsupported where the model leaves it open */
export function classCount({ dims, output, axis }: LossCall): number {
  const count = dims[axis];
  if (typeof count === "number") return count;
  throw new LatheError("unsupported", `The output "${output}" has no class axis of known size: [${dims.join(",")}].`, {
    hint: "A loss over classes needs an output of shape [batch, classes, …], or a class axis that says otherwise.",
  });
}

/** 1 at the labelled class and 0 elsewhere, in the output's shape; all 0 where the label is no class. */
export function oneHot(write: GraphWriter, call: LossCall): string {
  const classes = classCount(call);
  const sizes = call.dims.map((_, axis) => (axis === call.axis ? classes : 1));
  const numbers = write.constant({
    type: "int64",
    dims: sizes,
    data: BigInt64Array.from({ length: classes }, (_, c) => BigInt(c)),
  });
  const labels = write.op("Unsqueeze", [call.target, intVector(write, [call.axis])]);
  return castTo(write, write.op("Equal", [labels, numbers]), "float32");
}

export const square = (write: GraphWriter, value: string): string => write.op("Mul", [value, value]);

/** log max(p, 10⁻¹²), which is finite for p = 0. */
export const safeLog = (write: GraphWriter, p: string): string =>
  write.op("Log", [write.op("Max", [p, number(write, 1e-12)])]);

/** One row per sample. */
export const rowsOf = (write: GraphWriter, value: string): string => write.op("Flatten", [value], { axis: 1 });
