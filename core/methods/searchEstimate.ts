import type { Estimate } from "../contract/method.ts";
import type { SearchParams } from "./searchParams.ts";

/** Samples that an estimate assumes where none are asked for, as it cannot see the data. */
const SAMPLES = 10_000;
/** Samples of 28×28 that a small net trains on in a second. */
const SPEED = 1000;

/** Rough cost of training so many nets one after the other. */
export function searchEstimate({ epochs, samples, finalEpochs, halving }: SearchParams, nets: number): Estimate {
  const each = samples === 0 ? SAMPLES : samples;
  // Of thirteen nets nine get a ninth of the epochs, three a third.
  const share = halving ? 3 / 13 : 1;
  return {
    seconds: nets * (2 + (share * epochs * each) / SPEED) + (finalEpochs * SAMPLES) / SPEED,
    memory: 5e8,
    disk: nets * 1e6,
  };
}
