import type { Histogram } from "../base/histogram.ts";

export type RangeMethod = "min-max" | "percentile" | "entropy" | "mse";

/** What calibration saw of one value. */
export interface ObservedRange {
  readonly low: number;
  readonly high: number;
  /** Distribution of a sample of the elements; absent when only the extremes were collected. */
  readonly histogram?: Histogram;
}

export interface RangeChoice {
  readonly method: RangeMethod;
  /** Percentage of elements inside, for `percentile`. */
  readonly percentile: number;
  /** Levels that the interval is spread over; default 256. Fewer clip more. */
  readonly levels?: number;
}

/** The interval that quantisation should cover: holds zero, and is not wider than that and what was seen need. */
export function chooseRange(seen: ObservedRange, choice: RangeChoice): readonly [number, number] {
  const { histogram } = seen;
  const whole = { ...seen, low: Math.min(seen.low, 0), high: Math.max(seen.high, 0) };
  if (choice.method === "min-max" || histogram === undefined || histogram.total === 0 || histogram.limit === 0) {
    return [whole.low, whole.high];
  }
  const [low, high] = CHOICES[choice.method](histogram, choice, whole);
  return [Math.max(whole.low, Math.min(low, 0)), Math.min(whole.high, Math.max(high, 0))];
}

type Choose = (histogram: Histogram, choice: RangeChoice, seen: ObservedRange) => readonly [number, number];

const CHOICES: Readonly<Record<Exclude<RangeMethod, "min-max">, Choose>> = {
  percentile: byPercentile,
  entropy: byEntropy,
  mse: byError,
};

function byPercentile(histogram: Histogram, { percentile }: RangeChoice): readonly [number, number] {
  const tail = (1 - percentile / 100) * histogram.total * 0.5;
  const { bins } = histogram;
  let first = 0;
  for (let sum = 0; first < bins.length && sum + bins[first]! <= tail; first++) sum += bins[first]!;
  let last = bins.length - 1;
  for (let sum = 0; last > 0 && sum + bins[last]! <= tail; last--) sum += bins[last]!;
  return [histogram.centre(first) - histogram.binWidth / 2, histogram.centre(last) + histogram.binWidth / 2];
}

/** The cheapest interval with ends between a twentieth and the whole of what was seen, one end after the other. */
function narrow(
  { low, high }: ObservedRange,
  cost: (range: readonly [number, number]) => number,
): readonly [number, number] {
  const shares = Array.from({ length: 96 }, (_, i) => 1 - i / 100);
  const upper = high * least(high > 0 ? shares : [1], (share) => cost([low, high * share]));
  const lower = low * least(low < 0 ? shares : [1], (share) => cost([low * share, upper]));
  return [lower, upper];
}

/** Least squared error of rounding to all steps plus clipping, from bin centres. */
function byError(histogram: Histogram, { levels = 256 }: RangeChoice, seen: ObservedRange): readonly [number, number] {
  return narrow(seen, ([low, high]) => {
    const step = (high - low) / (levels - 1);
    let sum = 0;
    for (let i = 0; i < histogram.bins.length; i++) {
      const count = histogram.bins[i]!;
      // Zero is exact in every candidate.
      if (count === 0 || i === histogram.bins.length / 2) continue;
      const x = histogram.centre(i);
      const outside = x < low ? low - x : x > high ? x - high : 0;
      // Inside, the error of rounding is uniform over one step.
      sum += count * (outside > 0 ? outside * outside : (step * step) / 12);
    }
    return sum;
  });
}

/**
 * Least Kullback–Leibler divergence between the clipped distribution and what the levels leave of it
 * (Migacz 2017, "8-bit Inference with TensorRT").
 */
function byEntropy(
  histogram: Histogram,
  { levels = 256 }: RangeChoice,
  seen: ObservedRange,
): readonly [number, number] {
  const bins = histogram.bins.slice();
  // Zero is exact in every candidate; left in, the zeros behind a ReLU would outvote all the rest.
  bins[bins.length / 2] = 0;
  const total = bins.reduce((sum, count) => sum + count, 0);
  if (total === 0) return [seen.low, seen.high];
  const binOf = (x: number): number =>
    Math.max(0, Math.min(bins.length - 1, Math.floor((x + histogram.limit) / histogram.binWidth)));
  return narrow(seen, ([low, high]) => divergence(bins, total, { first: binOf(low), last: binOf(high), levels }));
}

/** KL(p ‖ q), p the bins with what lies outside added to the first and last, q what the levels leave of them. */
function divergence(
  bins: Float64Array,
  total: number,
  { first, last, levels }: { readonly first: number; readonly last: number; readonly levels: number },
): number {
  const inside = bins.subarray(first, last + 1);
  const size = inside.length;
  const kept = inside.reduce((sum, count) => sum + count, 0);
  if (size < levels || kept === 0) return Infinity;
  const reference = inside.slice();
  for (let i = 0; i < first; i++) reference[0]! += bins[i]!;
  for (let i = last + 1; i < bins.length; i++) reference[size - 1]! += bins[i]!;
  let sum = 0;
  for (let level = 0; level < levels; level++) {
    const [from, to] = [Math.floor((level * size) / levels), Math.floor(((level + 1) * size) / levels)];
    let mass = 0;
    let filled = 0;
    for (let i = from; i < to; i++) {
      mass += inside[i]!;
      if (inside[i]! > 0) filled++;
    }
    for (let i = from; i < to; i++) {
      const p = reference[i]! / total;
      // Mass that was clipped into an otherwise empty bin has nothing to be compared with.
      if (p > 0) sum += p * Math.log(p / (inside[i]! > 0 ? mass / filled / kept : 1e-9));
    }
  }
  return sum;
}

function least<T>(items: readonly T[], cost: (item: T) => number): T {
  let best = items[0] as T;
  let lowest = Infinity;
  for (const item of items) {
    const found = cost(item);
    if (found < lowest) [lowest, best] = [found, item];
  }
  return best;
}
