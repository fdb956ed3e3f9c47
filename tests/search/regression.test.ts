import { describe, expect, it } from "vitest";
import { seededRandom } from "../../core/base/random.ts";
import { improvementOver } from "../../core/search/improvement.ts";
import { fitRidge, kendallTau, meanPercentageError } from "../../core/search/regression.ts";

const random = seededRandom(0, "regression");
const rows = Array.from({ length: 40 }, () => Array.from({ length: 5 }, () => random.next()));
const truth = (row: readonly number[]): number => 3 + 2 * row[0]! - 5 * row[3]!;

describe("ridge regression", () => {
  it("finds a linear function", () => {
    const { predict, leftOut } = fitRidge(rows, rows.map(truth));
    expect(predict([0.5, 0, 0, 0.1, 0])).toBeCloseTo(3.5, 3);
    expect(meanPercentageError(leftOut, rows.map(truth))).toBeLessThan(1e-3);
  });

  it("predicts left-out rows as fits without them do", () => {
    const targets = rows.map((row) => truth(row) + 0.3 * random.normal());
    const whole = fitRidge(rows, targets);
    for (const out of [0, 7, 39]) {
      const others = rows.filter((_, i) => i !== out);
      const partial = fitRidge(
        others,
        targets.filter((_, i) => i !== out),
      );
      // Not to the last digit: the scaling of the features is that of all rows.
      expect(Math.abs(partial.predict(rows[out]!) - whole.leftOut[out]!)).toBeLessThan(0.05);
    }
  });

  it("lives with features that never change and with more features than rows", () => {
    const wide = rows.slice(0, 4).map((row) => [...row, 1, ...row, ...row]);
    expect(Number.isFinite(fitRidge(wide, [1, 2, 3, 4]).predict(wide[0]!))).toBe(true);
    expect(() => fitRidge([[1]], [1])).toThrow('"1" rows for 1 targets fit nothing.');
  });
});

describe("rank correlation", () => {
  it("is 1 for the same order, −1 for the opposite, and counts ties out", () => {
    expect(kendallTau([1, 2, 3, 4], [10, 20, 30, 40])).toBe(1);
    expect(kendallTau([1, 2, 3, 4], [4, 3, 2, 1])).toBe(-1);
    // Five pairs of six agree, one is tied in a: 5 / √(5·6)
    expect(kendallTau([1, 1, 2, 3], [1, 2, 3, 4])).toBeCloseTo(5 / Math.sqrt(30));
    expect(kendallTau([1, 1], [1, 2])).toBe(0);
  });
});

describe("relative improvement", () => {
  it("is the gain over the mean of random points", () => {
    const found = improvementOver(0.9, [0.7, 0.8]);
    expect(found.relative).toBeCloseTo(0.2);
    expect(found.mean).toBeCloseTo(0.75);
    expect(found.deviation).toBeCloseTo(Math.SQRT1_2 / 10);
    expect(found).toMatchObject({ best: 0.8, samples: 2 });
    expect(() => improvementOver(0.9, [])).toThrow("There are no random points to compare with.");
  });
});
