import { roundHalfEven } from "../base/rounding.ts";
import { axisLayout } from "./constants.ts";

export interface WeightQuantizer {
  /** Axis with a scale of its own per index; undefined gives one scale to all. */
  readonly axis: number | undefined;
  /** Largest level of a quantised weight: 127, or 64 for seven bits. */
  readonly steps: number;
  /** Lowest level; −steps where absent. */
  readonly lowest?: number;
  /** `mse` looks for the clipping that minimises the squared error, `min-max` clips nothing. */
  readonly range: "min-max" | "mse";
  /** Lower bound on each scale: a bias in units of it has to fit into 32 bits, a pair of products into 16. */
  readonly minimumScale?: (channel: number) => number;
  /** Scales that were learned; none is looked for then. One per index of `axis`, or one. */
  readonly scales?: Float32Array;
}

export interface QuantizedWeights {
  readonly data: Int8Array;
  readonly scales: Float32Array;
  /** w − ŵ, for bias correction and reports. */
  readonly error: Float32Array;
}

/** Symmetric weights in int8: ŵ = scale·q with q = round(w/scale), per channel or per tensor. */
export function quantizeWeights(
  weights: Float32Array,
  dims: readonly number[],
  how: WeightQuantizer,
): QuantizedWeights {
  const layout = how.axis === undefined ? { outer: 1, size: 1, inner: weights.length } : axisLayout(dims, how.axis);
  const { outer, size, inner } = layout;
  const scales = new Float32Array(size);
  const data = new Int8Array(weights.length);
  const error = new Float32Array(weights.length);
  const channel = new Float32Array(outer * inner);
  const { lowest = -how.steps } = how;
  for (let c = 0; c < size; c++) {
    for (let o = 0; o < outer; o++) {
      const start = (o * size + c) * inner;
      channel.set(weights.subarray(start, start + inner), o * inner);
    }
    // Weights below the smallest float32 count as zeros.
    const wanted = how.scales?.[c] ?? chooseScale(channel, how);
    const scale = Math.fround(Math.max(wanted, how.minimumScale?.(c) ?? 0)) || 1;
    scales[c] = scale;
    for (let o = 0; o < outer; o++) {
      const start = (o * size + c) * inner;
      for (let k = 0; k < inner; k++) {
        const w = weights[start + k]!;
        const q = Math.max(lowest, Math.min(how.steps, roundHalfEven(w / scale)));
        data[start + k] = q;
        error[start + k] = w - q * scale;
      }
    }
  }
  return { data, scales, error };
}

function chooseScale(channel: Float32Array, { steps, lowest = -steps, range }: WeightQuantizer): number {
  let peak = 0;
  for (const w of channel) peak = Math.max(peak, Math.abs(w));
  if (peak === 0) return 1;
  if (range === "min-max") return peak / Math.max(steps, -lowest);
  // A grid of 40 clippings down to half the peak; finer grids change the error by less than 1 %. Few levels clip more.
  const clippings = steps >= 31 ? 40 : 72;
  let best = peak / steps;
  let least = Infinity;
  for (let shrink = 0; shrink < clippings; shrink++) {
    const scale = (peak * (1 - shrink / 80)) / steps;
    let sum = 0;
    for (const w of channel) {
      const q = Math.max(lowest, Math.min(steps, Math.round(w / scale)));
      sum += (w - q * scale) ** 2;
    }
    if (sum < least) [least, best] = [sum, scale];
  }
  return best;
}
