import { roundHalfEven } from "../base/rounding.ts";
import { axisLayout } from "./constants.ts";

export interface WeightQuantizer {
  /** Axis with a scale of its own per index; undefined gives one scale to all. */
  readonly axis: number | undefined;
  /** Largest magnitude of a quantised weight: 127, or 64 where pairs of products must not saturate. */
  readonly steps: number;
  /** `mse` looks for the clipping that minimises the squared error, `min-max` clips nothing. */
  readonly range: "min-max" | "mse";
  /** Lower bound on each scale, so that a bias in units of it still fits into 32 bits. */
  readonly minimumScale?: (channel: number) => number;
}

export interface QuantizedWeights {
  readonly data: Int8Array;
  readonly scales: Float32Array;
  /** w − ŵ, for bias correction and reports. */
  readonly error: Float32Array;
}

/** Symmetric int8 weights: ŵ = scale·q with q = round(w/scale), per channel or per tensor. */
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
  for (let c = 0; c < size; c++) {
    for (let o = 0; o < outer; o++) {
      const start = (o * size + c) * inner;
      channel.set(weights.subarray(start, start + inner), o * inner);
    }
    // Weights below the smallest float32 count as zeros.
    const scale = Math.fround(Math.max(chooseScale(channel, how), how.minimumScale?.(c) ?? 0)) || 1;
    scales[c] = scale;
    for (let o = 0; o < outer; o++) {
      const start = (o * size + c) * inner;
      for (let k = 0; k < inner; k++) {
        const w = weights[start + k]!;
        const q = Math.max(-how.steps, Math.min(how.steps, roundHalfEven(w / scale)));
        data[start + k] = q;
        error[start + k] = w - q * scale;
      }
    }
  }
  return { data, scales, error };
}

function chooseScale(channel: Float32Array, { steps, range }: WeightQuantizer): number {
  let peak = 0;
  for (const w of channel) peak = Math.max(peak, Math.abs(w));
  if (peak === 0) return 1;
  if (range === "min-max") return peak / steps;
  let best = peak / steps;
  let least = Infinity;
  // A grid of 40 clippings down to half the peak; finer grids change the error by less than 1 %.
  for (let shrink = 0; shrink < 40; shrink++) {
    const scale = (peak * (1 - shrink / 80)) / steps;
    let sum = 0;
    for (const w of channel) {
      const q = Math.max(-steps, Math.min(steps, Math.round(w / scale)));
      sum += (w - q * scale) ** 2;
    }
    if (sum < least) [least, best] = [sum, scale];
  }
  return best;
}
