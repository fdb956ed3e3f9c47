import { describe, expect, it } from "vitest";
import { Histogram } from "../../core/base/histogram.ts";
import { seededRandom } from "../../core/base/random.ts";

const sum = (bins: Float64Array): number => bins.reduce((s, x) => s + x, 0);

describe("Histogram", () => {
  it("covers what it has seen and counts every value once", () => {
    const histogram = new Histogram(8);
    histogram.add(Float32Array.of(-4, -3.5, -0.5, 0, 0.5, 3.5, 4));
    expect(histogram.limit).toBe(4);
    expect(histogram.binWidth).toBe(1);
    expect([...histogram.bins]).toEqual([2, 0, 0, 1, 2, 0, 0, 2]);
    expect(histogram.total).toBe(7);
    expect(histogram.centre(0)).toBe(-3.5);
  });

  it("doubles its range and merges neighbours when a larger value comes", () => {
    const histogram = new Histogram(8);
    histogram.add(Float32Array.of(-4, -3.5, -0.5, 0, 0.5, 3.5, 4));
    histogram.add(Float32Array.of(5));
    expect(histogram.limit).toBe(8);
    expect([...histogram.bins]).toEqual([0, 0, 2, 1, 2, 2, 1, 0]);
    expect(histogram.total).toBe(8);
  });

  it("equals the direct count after any number of doublings", () => {
    const random = seededRandom(1);
    const histogram = new Histogram(64);
    const all: number[] = [];
    for (let scale = 0.01; scale < 100; scale *= 3) {
      const values = Float32Array.from({ length: 500 }, () => random.normal() * scale);
      histogram.add(values);
      all.push(...values);
    }
    const direct = new Float64Array(64);
    for (const v of all) direct[Math.min(63, Math.floor((v / histogram.limit + 1) * 32))]! += 1;
    expect([...histogram.bins]).toEqual([...direct]);
    expect(histogram.total).toBe(all.length);
  });

  it("leaves out NaN and infinities", () => {
    const histogram = new Histogram(8);
    histogram.add(Float32Array.of(NaN, Infinity, -Infinity, 1));
    expect(histogram.total).toBe(1);
    expect(histogram.limit).toBe(1);
    expect(sum(histogram.bins)).toBe(1);
  });

  it("holds zeros before it knows a range", () => {
    const histogram = new Histogram(8);
    histogram.add(new Float32Array(5));
    expect([histogram.limit, histogram.total]).toEqual([0, 5]);
    histogram.add(Float32Array.of(-1, 1));
    expect([...histogram.bins]).toEqual([1, 0, 0, 0, 5, 0, 0, 1]);
  });

  it("never loses the extremes, whatever their rounding", () => {
    const random = seededRandom(2);
    for (let i = 0; i < 2000; i++) {
      const histogram = new Histogram();
      const peak = Math.fround(random.next() * 10 ** (random.integer(20) - 10));
      histogram.add(Float32Array.of(-peak, peak));
      expect(histogram.total).toBe(2);
    }
  });
});
