import { argmax } from "./outputError.ts";
import { pairedDifference } from "./statistics.ts";

/** How a classifier answered each of some samples, in order. */
export interface Answers {
  /** Samples that it has answered; what stands behind them is nothing yet. */
  readonly count: number;
  /** 1 where it was right. */
  readonly correct: Uint8Array;
  /** How far the right class leads; see `leadOf`. */
  readonly leads: Float32Array;
}

/**
 * How far the right class is ahead of the best other one, in deviations of the row of scores, so that multiplying all
 * scores changes nothing; below zero where another one is ahead. Probabilities count by their logarithm.
 */
export function leadOf(scores: Float32Array, label: number): number {
  const row = areProbabilities(scores) ? scores.map((p) => Math.log(Math.max(p, Number.MIN_VALUE))) : scores;
  let other = -Infinity;
  let sum = 0;
  let squares = 0;
  row.forEach((x, i) => {
    if (i !== label && x > other) other = x;
    sum += x - row[0]!;
    squares += (x - row[0]!) ** 2;
  });
  const deviation = Math.sqrt(Math.max(0, squares / row.length - (sum / row.length) ** 2));
  return deviation > 0 ? (row[label]! - other) / deviation : 0;
}

function areProbabilities(row: Float32Array): boolean {
  return row.every((p) => p >= 0) && Math.abs(row.reduce((sum, p) => sum + p, 0) - 1) < 1e-3;
}

/** Whether a row of scores names the label. */
export const isRight = (scores: Float32Array, label: number): boolean => argmax(scores) === label;

/** How many of the first `count` samples were right. */
export function rightOf({ correct }: Answers, count: number): number {
  return correct.subarray(0, count).reduce((sum, c) => sum + c, 0);
}

/** Whether `a` is right more often than `b` on the samples that both have answered, beyond chance. */
export function isBetter(a: Answers, b: Answers, alpha: number): boolean {
  return exceeds((i) => a.correct[i]! - b.correct[i]!, { count: Math.min(a.count, b.count), alpha });
}

/** Whether the right class leads further in `a` on more samples than in `b`, beyond chance (sign test). */
export function isClearer(a: Answers, b: Answers, alpha: number): boolean {
  return exceeds((i) => a.leads[i]! - b.leads[i]!, { count: Math.min(a.count, b.count), alpha });
}

function exceeds(difference: (i: number) => number, { count, alpha }: { count: number; alpha: number }): boolean {
  let gained = 0;
  let lost = 0;
  for (let i = 0; i < count; i++) {
    if (difference(i) > 0) gained++;
    else if (difference(i) < 0) lost++;
  }
  return gained > lost && pairedDifference(gained, lost, count).pValue < alpha;
}
