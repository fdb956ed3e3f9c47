import { RATE_TEST_UPDATES } from "../train/rateTest.ts";

export interface PlannedTraining {
  readonly epochs: number;
  readonly batch: number;
  readonly rate: number | "auto";
  /** Batches of an update; default 1. */
  readonly accumulate?: number;
}

/**
 * Samples that go through the steps of a training, those of the range test before it included.
 * @param samples that there are to train on
 */
export function samplesOfTraining({ epochs, batch, rate, accumulate = 1 }: PlannedTraining, samples: number): number {
  const trained = epochs * samples;
  if (rate !== "auto" || epochs === 0) return trained;
  const update = Math.min(batch, samples) * accumulate;
  return trained + 2 * RATE_TEST_UPDATES * update;
}
