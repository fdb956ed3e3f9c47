import type { Estimate } from "../contract/method.ts";
import type { SearchParams } from "./searchParams.ts";

/** Samples of 28×28 that a small net trains on in a second. */
const SPEED = 1000;

/** Rough cost of training so many nets one after the other. */
export function searchEstimate(
  { epochs, samples, finalEpochs, halving }: SearchParams,
  { nets, all }: { readonly nets: number; readonly all: number },
): Estimate {
  const each = samples === 0 ? all : Math.min(samples, all);
  // Of thirteen nets nine get a ninth of the epochs, three a third.
  const share = halving ? 3 / 13 : 1;
  return {
    seconds: nets * (2 + (share * epochs * each) / SPEED) + (finalEpochs * all) / SPEED,
    memory: 5e8,
    disk: nets * 1e6,
  };
}
