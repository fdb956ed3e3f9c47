import { LatheError } from "../base/error.ts";
import { formatNumber } from "../base/format.ts";
import type { NdArray } from "../base/array.ts";

/** What the watch remembers between steps. Plain JSON, part of a checkpoint. */
export interface LossWatch {
  readonly first: number;
  /** Exponential mean of the losses, and the smallest that it has been. */
  readonly mean: number;
  readonly least: number;
}

/** Where a training is when something goes wrong. */
export interface Place {
  readonly epoch: number;
  /** Batch within the epoch, from 1. */
  readonly batch: number;
  readonly rate: number;
  readonly isClipped: boolean;
  /** All state by key, to say what is no longer finite. */
  readonly state: () => ReadonlyMap<string, NdArray>;
}

/** A mean this many times the first loss, and a hundred times the least mean, is an explosion. */
const EXPLOSION = 10;
const REBOUND = 100;
const SMOOTHING = 0.9;
/** A mean within so many times the least is noise. */
const SETTLED = 2;

/**
 * Takes in the loss of one step.
 * @throws numeric for NaN, infinities and losses that explode: what, where, and what to do about it
 */
export function watchLoss(before: LossWatch | undefined, loss: number, place: Place): LossWatch {
  if (!Number.isFinite(loss)) throw diverged(`the loss is "${loss}"`, place);
  if (before === undefined) return { first: Math.abs(loss), mean: loss, least: loss };
  const mean = SMOOTHING * before.mean + (1 - SMOOTHING) * loss;
  const isExploding = mean > EXPLOSION * before.first && mean > REBOUND * Math.max(0, before.least);
  if (isExploding && before.first > 0) {
    throw diverged(`the loss has grown from ${formatNumber(before.first)} to "${formatNumber(loss)}"`, place);
  }
  return { first: before.first, mean, least: Math.min(before.least, mean) };
}

/** Whether a loss is near the least or the first that it has been: not on its way up. */
export function isSettled({ first, mean, least }: LossWatch): boolean {
  return mean <= Math.max(first, SETTLED * least);
}

/** What the loss did, where an error says that a training diverged; undefined for any other. */
export function divergenceOf(thrown: unknown): string | undefined {
  const what = thrown instanceof LatheError ? thrown.details["divergence"] : undefined;
  return typeof what === "string" ? what : undefined;
}

function diverged(what: string, { epoch, batch, rate, isClipped, state }: Place): LatheError {
  const bad = [...state()].filter(([, array]) => !isFinite32(array.data as Float32Array)).map(([key]) => key);
  const where = `Training diverged in epoch ${epoch}, batch ${batch}: ${what}`;
  const which =
    bad.length === 0
      ? "all weights are still finite"
      : `"${bad[0]!}" and ${bad.length - 1} other arrays are not finite`;
  const advice = `Lower the learning rate (it was ${formatNumber(rate)}) or warm up longer`;
  return new LatheError("numeric", `${where}; ${which}.`, {
    hint: isClipped ? `${advice}.` : `${advice}, or clip the gradient.`,
    details: { divergence: what, epoch, batch, rate, notFinite: bad.slice(0, 100) },
  });
}

/** Whether no element is NaN or infinite. */
export function isFinite32(data: Float32Array): boolean {
  // NaN and infinities survive the sum, and in double precision no sum of float32 overflows.
  let sum = 0;
  for (const x of data) sum += x;
  return Number.isFinite(sum);
}
