import { LatheError } from "../base/error.ts";

/** How far one set of outputs is from another. */
export interface OutputError {
  /** Mean squared difference. */
  readonly mse: number;
  /** Signal to quantisation noise, 10·log10(Σr² / Σ(r−a)²), in dB, kept within ±200 so that it stays a number. */
  readonly sqnr: number;
  /** Cosine of the angle between the two, over all elements; 1 where both are zero. */
  readonly cosine: number;
  /** Mean over rows of KL(softmax(reference) ‖ softmax(actual)), in nats. */
  readonly kl: number;
  /** Largest |difference|. */
  readonly maximum: number;
  /** Fraction of rows whose largest element stands at the same place. */
  readonly agreement: number;
}

const SQNR_LIMIT = 200;

/**
 * Compares outputs of shape [rows, n] element by element and row by row.
 * @throws invalid-argument where the lengths do not fit, numeric for NaN or infinities in either.
 */
export function compareOutputs(reference: Float32Array, actual: Float32Array, rows: number): OutputError {
  const count = reference.length;
  if (actual.length !== count || rows < 1 || count % rows !== 0) {
    throw new LatheError(
      "invalid-argument",
      `Outputs of "${count}" and "${actual.length}" elements do not compare in ${rows} rows.`,
    );
  }
  const sums = addUp(reference, actual);
  if (!Number.isFinite(sums.noise) || !Number.isFinite(sums.reference)) {
    throw new LatheError("numeric", `Outputs cannot be compared: they hold "${String(firstBad(reference, actual))}".`);
  }
  const width = count / rows;
  let kl = 0;
  let agree = 0;
  for (let row = 0; row < rows; row++) {
    const r = reference.subarray(row * width, (row + 1) * width);
    const a = actual.subarray(row * width, (row + 1) * width);
    kl += softmaxDivergence(r, a);
    if (argmax(r) === argmax(a)) agree++;
  }
  const norms = Math.sqrt(sums.reference * sums.actual);
  return {
    mse: count === 0 ? 0 : sums.noise / count,
    sqnr: decibels(sums.reference, sums.noise),
    cosine: norms > 0 ? sums.dot / norms : sums.reference === sums.actual ? 1 : 0,
    kl: kl / rows,
    maximum: sums.maximum,
    agreement: agree / rows,
  };
}

/** 10·log10(signal / noise), within ±200. */
export function decibels(signal: number, noise: number): number {
  if (noise === 0) return SQNR_LIMIT;
  if (signal === 0) return -SQNR_LIMIT;
  return Math.min(SQNR_LIMIT, Math.max(-SQNR_LIMIT, 10 * Math.log10(signal / noise)));
}

/** Index of the largest element, the first of equals; −1 for an empty row. */
export function argmax(row: ArrayLike<number>): number {
  let best = row.length > 0 ? 0 : -1;
  for (let i = 1; i < row.length; i++) if (row[i]! > row[best]!) best = i;
  return best;
}

interface Sums {
  readonly reference: number;
  readonly actual: number;
  readonly dot: number;
  readonly noise: number;
  readonly maximum: number;
}

function addUp(r: Float32Array, a: Float32Array): Sums {
  let reference = 0;
  let actual = 0;
  let dot = 0;
  let noise = 0;
  let maximum = 0;
  for (let i = 0; i < r.length; i++) {
    const x = r[i]!;
    const y = a[i]!;
    const d = x - y;
    reference += x * x;
    actual += y * y;
    dot += x * y;
    noise += d * d;
    if (Math.abs(d) > maximum) maximum = Math.abs(d);
  }
  return { reference, actual, dot, noise, maximum };
}

/** KL(p ‖ q) = Σ p·(log p − log q) with p, q the softmax of the rows, never below zero. */
function softmaxDivergence(r: Float32Array, a: Float32Array): number {
  const logR = logSum(r);
  const logA = logSum(a);
  let sum = 0;
  for (let i = 0; i < r.length; i++) {
    const logP = r[i]! - logR;
    sum += Math.exp(logP) * (logP - (a[i]! - logA));
  }
  return Math.max(0, sum);
}

function logSum(row: Float32Array): number {
  let top = -Infinity;
  for (const x of row) if (x > top) top = x;
  let sum = 0;
  for (const x of row) sum += Math.exp(x - top);
  return top + Math.log(sum);
}

function firstBad(...arrays: readonly Float32Array[]): number | undefined {
  for (const array of arrays) {
    const bad = array.find((x) => !Number.isFinite(x));
    if (bad !== undefined) return bad;
  }
  return undefined;
}
