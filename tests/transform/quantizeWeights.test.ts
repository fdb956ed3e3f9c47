import { describe, expect, it } from "vitest";
import { seededRandom } from "../../core/base/random.ts";
import { quantizeWeights, type QuantizedWeights } from "../../core/transform/quantizeWeights.ts";
import { noise } from "./fixtures.ts";

const power = (values: Float32Array): number => values.reduce((sum, v) => sum + v * v, 0);
const weights = (dims: readonly number[], seed = 1): Float32Array => noise(dims, seed).data as Float32Array;

/** ŵ = scale·q by hand, element by element. */
function restore({ data, scales }: QuantizedWeights, channelOf: (i: number) => number): Float32Array {
  return Float32Array.from(data, (q, i) => q * scales[scales.length === 1 ? 0 : channelOf(i)]!);
}

describe("quantizeWeights", () => {
  it("gives each channel its own scale along any axis", () => {
    const dims = [3, 4, 2];
    const w = weights(dims);
    for (const [axis, channelOf] of [
      [0, (i: number) => Math.floor(i / 8)],
      [1, (i: number) => Math.floor(i / 2) % 4],
      [2, (i: number) => i % 2],
    ] as const) {
      const found = quantizeWeights(w, dims, { axis, steps: 127, range: "min-max" });
      expect(found.scales).toHaveLength(dims[axis]!);
      const restored = restore(found, channelOf);
      w.forEach((v, i) => {
        expect(Math.abs(v - restored[i]!)).toBeLessThanOrEqual(found.scales[channelOf(i)]! * 0.5001);
        expect(found.error[i]).toBeCloseTo(v - restored[i]!, 6);
      });
      // The largest of every channel takes the last step.
      found.scales.forEach((_, c) => {
        const steps = found.data.filter((_q, i) => channelOf(i) === c).map(Math.abs);
        expect(Math.max(...steps)).toBe(127);
      });
    }
  });

  it("takes one scale for the whole tensor where no axis is given", () => {
    const w = weights([3, 4]);
    const found = quantizeWeights(w, [3, 4], { axis: undefined, steps: 127, range: "min-max" });
    expect([...found.scales]).toEqual([Math.fround(Math.max(...w.map(Math.abs)) / 127)]);
  });

  it("stays within 64 steps where pairs of products must not saturate", () => {
    const found = quantizeWeights(weights([8, 50]), [8, 50], { axis: 0, steps: 64, range: "min-max" });
    expect(Math.max(...found.data.map(Math.abs))).toBe(64);
    // 255·64 + 255·64 fits into 16 bits.
    expect(255 * 64 * 2).toBeLessThan(32768);
  });

  it.each([
    ["zeros", [0, 0, 0]],
    ["weights too small for float32", [1e-44, -1e-44, 0]],
  ])("keeps a channel of %s at zero without a division by zero", (_, values) => {
    const found = quantizeWeights(Float32Array.of(...values, 1, 2, -3), [2, 3], {
      axis: 0,
      steps: 127,
      range: "min-max",
    });
    expect(found.scales.every((s) => s > 0)).toBe(true);
    expect([...found.data.subarray(0, 3)]).toEqual([0, 0, 0]);
    expect(found.error.every(Number.isFinite)).toBe(true);
  });

  it("never has a larger error with mse than with min-max", () => {
    const random = seededRandom(6);
    for (let i = 0; i < 30; i++) {
      // Heavy tails: some weights far outside.
      const w = weights([4, 64], i).map((v) => (random.next() < 0.02 ? v * 6 : v));
      const how = { axis: i % 2 === 0 ? 0 : undefined, steps: i % 3 === 0 ? 64 : 127 };
      const least = quantizeWeights(w, [4, 64], { ...how, range: "mse" });
      const plain = quantizeWeights(w, [4, 64], { ...how, range: "min-max" });
      expect(power(least.error)).toBeLessThanOrEqual(power(plain.error) * (1 + 1e-9));
    }
  });

  it("gains from clipping where one weight is far outside", () => {
    const w = weights([1, 400]).map((v, i) => (i === 7 ? 8 : v));
    const least = quantizeWeights(w, [1, 400], { axis: 0, steps: 7, range: "mse" });
    const plain = quantizeWeights(w, [1, 400], { axis: 0, steps: 7, range: "min-max" });
    expect(power(least.error)).toBeLessThan(power(plain.error));
    expect(least.scales[0]).toBeLessThan(plain.scales[0]!);
  });

  it("does not go below the least scale that it is given", () => {
    const found = quantizeWeights(weights([2, 5]), [2, 5], {
      axis: 0,
      steps: 127,
      range: "min-max",
      minimumScale: (channel) => (channel === 1 ? 10 : 0),
    });
    expect(found.scales[0]).toBeLessThan(1);
    expect(found.scales[1]).toBe(10);
    expect([...found.data.subarray(5)]).toEqual([0, 0, 0, 0, 0]);
  });
});
