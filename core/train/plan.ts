import type { AugmentSpec } from "./augment/augment.ts";
import type { ScheduleSpec } from "./schedule.ts";
import type { StepPlan } from "./stepGraph.ts";

/** A whole training. */
export interface TrainPlan extends Omit<StepPlan, "average"> {
  /** Passes over the training samples. */
  readonly epochs: number;
  /** Samples in a batch; a model with a fixed batch decides itself. */
  readonly batch: number;
  /** Learning rate that the schedule multiplies. */
  readonly rate: number;
  readonly schedule: ScheduleSpec;
  readonly augment?: AugmentSpec;
  /** Different augmentations of each sample, which later epochs go through again; default: a new one in each epoch. */
  readonly views?: number;
  /** Share of the old value that the moving average of the weights keeps at each update; the average is the result. */
  readonly averageDecay?: number;
  /** Which epoch's weights are the result: the last one's, or those most accurate on the validation samples. */
  readonly keep?: "last" | "best";
  /** Whether weights that have been pruned stay zero; default true. */
  readonly keepZeros?: boolean;
}

/** What one epoch came to. */
export interface EpochResult {
  readonly epoch: number;
  /** Mean loss over its batches. */
  readonly loss: number;
  /** Learning rate at its end. */
  readonly rate: number;
  /** Accuracy on the validation samples, where there are such. */
  readonly accuracy?: number;
}

/** Sizes that follow from a plan and the number of samples. */
export interface Extent {
  readonly batch: number;
  /** Batches in an epoch; what is left over of the shuffled samples waits for the next epoch. */
  readonly batches: number;
  /** Updates of the whole training. */
  readonly updates: number;
}

export function extentOf(plan: TrainPlan, samples: number, fixedBatch: number | undefined): Extent {
  const batch = fixedBatch ?? Math.max(1, Math.min(plan.batch, samples));
  const batches = Math.floor(samples / batch);
  return { batch, batches, updates: Math.floor((batches * plan.epochs) / (plan.accumulate ?? 1)) };
}

/** The average's share early on, when there is little to average: min(decay, (1 + n)/(10 + n)). */
export function averageShare(decay: number, update: number): number {
  return Math.min(decay, (1 + update) / (10 + update));
}
