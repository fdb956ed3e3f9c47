import { describe, expect, it } from "vitest";
import { seededRandom } from "../../core/base/random.ts";
import { median, medianInterval, pairedDifference, quantile, wilsonInterval } from "../../core/measure/statistics.ts";

describe("wilsonInterval", () => {
  // R. Newcombe, Statistics in Medicine 17, 1998, table I, method 3.
  it.each([
    [81, 263, [0.2553, 0.3662]],
    [15, 148, [0.0624, 0.1605]],
    [0, 20, [0, 0.1611]],
    [1, 29, [0.0061, 0.1718]],
  ] as const)("of %i in %i is as published", (x, n, [low, high]) => {
    const found = wilsonInterval(x, n);
    expect(found.low).toBeCloseTo(low, 4);
    expect(found.high).toBeCloseTo(high, 4);
    expect(found.level).toBe(0.95);
  });

  it("refuses what is no fraction", () => {
    expect(() => wilsonInterval(3, 2)).toThrow('"3" of "2" is no fraction.');
    expect(() => wilsonInterval(0, 0)).toThrow('"0" of "0" is no fraction.');
  });
});

describe("pairedDifference", () => {
  it("has the exact McNemar probability", () => {
    // R: binom.test(1, 9)$p.value
    expect(pairedDifference(8, 1, 100).pValue).toBeCloseTo(0.0390625, 10);
    expect(pairedDifference(0, 0, 100).pValue).toBe(1);
    expect(pairedDifference(5, 5, 100).pValue).toBe(1);
  });

  it("is centred near the difference and narrower than two separate intervals", () => {
    const { difference, interval } = pairedDifference(6, 10, 1000);
    expect(difference).toBeCloseTo(-0.004, 12);
    expect(interval.low).toBeLessThan(-0.004);
    expect(interval.high).toBeGreaterThan(-0.004);
    const alone = wilsonInterval(915, 1000);
    expect(interval.high - interval.low).toBeLessThan(alone.high - alone.low);
  });

  it("covers the true difference as often as it says", () => {
    const random = seededRandom(7);
    let covered = 0;
    const repeats = 2000;
    for (let r = 0; r < repeats; r++) {
      let gained = 0;
      let lost = 0;
      for (let i = 0; i < 200; i++) {
        const u = random.next();
        if (u < 0.05) gained++;
        else if (u < 0.12) lost++;
      }
      const { low, high } = pairedDifference(gained, lost, 200).interval;
      if (low <= -0.02 && high >= -0.02) covered++;
    }
    expect(covered / repeats).toBeGreaterThan(0.93);
    expect(covered / repeats).toBeLessThan(0.98);
  });

  it("refuses counts that do not fit", () => {
    expect(() => pairedDifference(3, 3, 5)).toThrow('"3" gained and "3" lost do not fit 5 samples.');
  });
});

describe("order statistics", () => {
  it("interpolate between neighbours", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(quantile([0, 10], 0.95)).toBeCloseTo(9.5, 12);
    expect(() => median([])).toThrow("No values have no quantile.");
  });

  it("give the tabulated ranks for the median's interval", () => {
    // Tables for 95 %: n = 20 → ranks 6 and 15; n = 10 → 2 and 9; n = 100 → 40 and 61.
    const ranks = (n: number): [number, number] => {
      const { low, high } = medianInterval(Array.from({ length: n }, (_, i) => i + 1));
      return [low, high];
    };
    expect(ranks(20)).toEqual([6, 15]);
    expect(ranks(10)).toEqual([2, 9]);
    expect(ranks(100)).toEqual([40, 61]);
    expect(ranks(3)).toEqual([1, 3]);
  });
});
