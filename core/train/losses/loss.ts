import type { GraphWriter } from "../../ops/gradient.ts";

/** What a loss compares an output with. */
export type TargetKind =
  /** int64, the output's shape without the class axis; what is outside [0, classes) does not count. */
  | "classes"
  /** float32 in the output's shape, summing to 1 along the class axis. */
  | "probabilities"
  /** float32 in the output's shape. */
  | "values";

/** Where one loss is written: names of the output and of its target, and the output's sizes. */
export interface LossCall {
  readonly output: string;
  readonly target: string;
  /** Sizes of the output; the first is the batch. */
  readonly dims: readonly (number | string)[];
  /** Axis of the output that runs over the classes, counted from the front. */
  readonly axis: number;
  readonly kind: TargetKind;
}

/** Writes a scalar loss, averaged over the samples, and gives its name. */
export type LossWriter = (write: GraphWriter, call: LossCall) => string;

export interface Loss {
  readonly targets: readonly TargetKind[];
  /** Activation that the loss brings itself; where the model ends in it, the loss reads what goes into it. */
  readonly activation?: "Softmax" | "Sigmoid";
  readonly write: LossWriter;
}
