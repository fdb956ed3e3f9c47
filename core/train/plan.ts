import type { AugmentSpec } from "./augment/augment.ts";
import type { RateTest } from "./rateTest.ts";
import type { ScheduleSpec } from "./schedule.ts";
import type { StepPlan } from "./stepGraph.ts";

/** A whole training. */
export interface TrainPlan extends Omit<StepPlan, "average"> {
  /** Passes over the training samples. */
  readonly epochs: number;
  /** Samples in a batch; a model with a fixed batch decides itself. */
  readonly batch: number;
  /** Learning rate that the schedule multiplies; "auto" chooses one by a range test before the training. */
  readonly rate: number | "auto";
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

/** Where a training diverged, and what it went back to. */
export interface Fall {
  /** From 1. */
  readonly epoch: number;
  readonly batch: number;
  /** The highest of the schedule that was too high. */
  readonly rate: number;
  /** What the loss did. */
  readonly cause: string;
  /** Complete epochs of the state that it went back to; 0 is the start. */
  readonly to: number;
}

/** How a training came to its learning rate. */
export interface RateAccount {
  /** The highest of the schedule to begin with: given, or chosen by a test. */
  readonly rate: number;
  readonly test?: RateTest;
  /** Each divides the rate by three. */
  readonly falls: readonly Fall[];
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
