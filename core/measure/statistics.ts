import { LatheError } from "../base/error.ts";
import type { Interval } from "../contract/measurement.ts";

/** Two-sided 95 % quantile of the standard normal distribution. */
const Z = 1.959963984540054;
const LEVEL = 0.95;

/**
 * Wilson's score interval for a fraction, 95 % (E. B. Wilson, JASA 22, 1927). Unlike p ± z·σ it stays within
 * [0, 1] and has a width at 0 and 1.
 */
export function wilsonInterval(successes: number, trials: number): Interval {
  if (trials < 1 || successes < 0 || successes > trials) {
    throw new LatheError("invalid-argument", `"${successes}" of "${trials}" is no fraction.`);
  }
  const p = successes / trials;
  const z2 = (Z * Z) / trials;
  const centre = (p + z2 / 2) / (1 + z2);
  const half = (Z * Math.sqrt((p * (1 - p)) / trials + z2 / (4 * trials))) / (1 + z2);
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half), level: LEVEL };
}

export interface PairedDifference {
  /** Accuracy of the second minus the first, as a fraction. */
  readonly difference: number;
  readonly interval: Interval;
  /** Exact two-sided McNemar test: how likely so lopsided a split of the changed samples is by chance. */
  readonly pValue: number;
}

/**
 * The difference of two accuracies on the same samples, from those that changed. Interval: adjusted Wald,
 * 95 % (D. Bonett & R. Price, J. Educ. Behav. Stat. 37, 2012). Narrower than two separate intervals, the more so the
 * more the models agree.
 */
export function pairedDifference(gained: number, lost: number, samples: number): PairedDifference {
  if (samples < 1 || gained < 0 || lost < 0 || gained + lost > samples) {
    throw new LatheError("invalid-argument", `"${gained}" gained and "${lost}" lost do not fit ${samples} samples.`);
  }
  const g = (gained + 1) / (samples + 2);
  const l = (lost + 1) / (samples + 2);
  const half = Z * Math.sqrt((g + l - (g - l) ** 2) / (samples + 2));
  return {
    difference: (gained - lost) / samples,
    interval: { low: Math.max(-1, g - l - half), high: Math.min(1, g - l + half), level: LEVEL },
    pValue: Math.min(1, 2 * binomialTail(gained + lost, Math.min(gained, lost))),
  };
}

/** The q-quantile by linear interpolation between order statistics (Hyndman & Fan's type 7). */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) throw new LatheError("invalid-argument", "No values have no quantile.");
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)]!;
  const high = sorted[Math.ceil(at)]!;
  return low + (high - low) * (at - Math.floor(at));
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/**
 * Interval for the median from order statistics, at least 95 % whatever the distribution (H. David &
 * H. Nagaraja, Order Statistics, §7.1). Below six values it is their whole range, which covers less.
 */
export function medianInterval(values: readonly number[]): Interval {
  if (values.length === 0) throw new LatheError("invalid-argument", "No values have no median.");
  const sorted = values.toSorted((a, b) => a - b);
  const n = sorted.length;
  // The largest k with P(fewer than k of n lie below the median) ≤ 2.5 %; the interval is x₍ₖ₎ … x₍ₙ₊₁₋ₖ₎.
  let k = 0;
  while (k < n / 2 && binomialTail(n, k) <= (1 - LEVEL) / 2) k++;
  const low = Math.max(0, k - 1);
  return { low: sorted[low]!, high: sorted[n - 1 - low]!, level: LEVEL };
}

/** P(X ≤ k) for X binomial with n trials of probability ½. */
function binomialTail(n: number, k: number): number {
  let logTerm = -n * Math.LN2;
  let sum = Math.exp(logTerm);
  for (let i = 1; i <= k; i++) {
    logTerm += Math.log((n - i + 1) / i);
    sum += Math.exp(logTerm);
  }
  return sum;
}
