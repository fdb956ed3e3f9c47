import { describe, expect, it } from "vitest";
import { Histogram } from "../../core/base/histogram.ts";
import { seededRandom } from "../../core/base/random.ts";
import { chooseRange, type ObservedRange, type RangeMethod } from "../../core/transform/ranges.ts";

/** The largest of the values times ±1. */
const peak = (values: Float32Array, sign: 1 | -1): number =>
  values.reduce((top, v) => Math.max(top, v * sign), -Infinity);

function seenIn(values: Float32Array): ObservedRange {
  const histogram = new Histogram();
  histogram.add(values);
  return { low: Math.min(0, peak(values, -1) * -1), high: peak(values, 1), histogram };
}

const choose = (values: Float32Array, method: RangeMethod, percentile = 99.9): readonly [number, number] =>
  chooseRange(seenIn(values), { method, percentile });

const random = seededRandom(4);
const bell = Float32Array.from({ length: 20_000 }, random.normal);
const even = Float32Array.from({ length: 20_000 }, () => random.next() * 2 - 1);
const halved = bell.map((v) => Math.max(0, v));
const withOutlier = Float32Array.of(...bell, 60);

/** Mean squared error of rounding to 255 steps within a range. */
function error(values: Float32Array, [low, high]: readonly [number, number]): number {
  const step = (high - low) / 255;
  let sum = 0;
  const zero = Math.round(-low / step);
  for (const v of values) {
    const q = Math.min(255, Math.max(0, Math.round(v / step) + zero));
    sum += (v - (q - zero) * step) ** 2;
  }
  return sum / values.length;
}

describe("chooseRange", () => {
  it("takes the extremes for min-max", () => {
    expect(choose(withOutlier, "min-max")).toEqual([Math.min(...bell), 60]);
  });

  it("takes the extremes where only those were collected", () => {
    for (const method of ["percentile", "entropy", "mse"] as const) {
      expect(chooseRange({ low: -1, high: 2 }, { method, percentile: 99 })).toEqual([-1, 2]);
      expect(chooseRange({ low: 0, high: 0, histogram: new Histogram() }, { method, percentile: 99 })).toEqual([0, 0]);
    }
  });

  it("cuts the same share off both tails for percentile", () => {
    const [low, high] = choose(bell, "percentile", 99);
    // 0.5 % and 99.5 % of a normal distribution lie at ∓2.576.
    expect(low).toBeCloseTo(-2.576, 0);
    expect(high).toBeCloseTo(2.576, 0);
    const inside = bell.filter((v) => v >= low && v <= high).length / bell.length;
    expect(inside).toBeGreaterThanOrEqual(0.99);
    expect(inside).toBeLessThan(0.993);
  });

  it("keeps everything at 100 %", () => {
    const [low, high] = choose(bell, "percentile", 100);
    expect(low).toBeCloseTo(Math.min(...bell), 2);
    expect(high).toBeCloseTo(Math.max(...bell), 2);
  });

  it.each(["percentile", "entropy", "mse"] as const)("keeps zero inside and never widens, by %s", (method) => {
    for (const values of [bell, even, halved, withOutlier, halved.map((v) => v + 2), bell.map((v) => v - 9)]) {
      const [low, high] = choose(values, method);
      expect(low).toBeLessThanOrEqual(0);
      expect(low).toBeGreaterThanOrEqual(Math.min(0, ...values));
      expect(high).toBeLessThanOrEqual(Math.max(0, ...values));
      expect(high).toBeGreaterThan(low);
    }
  });

  it.each(["entropy", "mse"] as const)("keeps almost all of an even distribution by %s", (method) => {
    const [low, high] = choose(even, method);
    expect(high - low).toBeGreaterThan(1.9);
  });

  it.each(["percentile", "entropy"] as const)("cuts a single outlier off by %s and leaves the other end", (method) => {
    const [low, high] = choose(withOutlier, method);
    expect(high).toBeLessThan(20);
    expect(low).toBeLessThan(-2);
  });

  it("cuts outliers off by mse where the many gain more than they lose, at one end alone", () => {
    const many = new Float32Array(400_000).map((_, i) => (i === 0 ? 12 : random.normal()));
    const [low, high] = choose(many, "mse");
    expect(high).toBeLessThan(8);
    expect(low).toBeLessThan(-3);
    expect(error(many, [low, high])).toBeLessThan(error(many, choose(many, "min-max")) * 0.7);
  });

  it("has no larger squared error by mse than by min-max", () => {
    for (const values of [bell, even, halved, withOutlier, bell.map((v) => v ** 3)]) {
      expect(error(values, choose(values, "mse"))).toBeLessThanOrEqual(error(values, choose(values, "min-max")) * 1.02);
    }
  });

  it("starts at zero behind a ReLU by every method", () => {
    for (const method of ["min-max", "percentile", "entropy", "mse"] as const) {
      expect(choose(halved, method)[0]).toBe(0);
    }
  });
});
