import { describe, expect, it } from "vitest";
import { accuracyApart, bestOf, type BesideBaseline, type Figure } from "../../core/app/best.ts";

const values = (...all: (number | undefined)[]): Figure[] => all.map((value) => ({ value }));
/** With as much to both sides. */
const about = (value: number, half: number): Figure => ({ value, interval: [value - half, value + half] });

describe("figures without an interval", () => {
  it("are best where they are least, or most", () => {
    expect(bestOf(values(3, 1, 2), "least")).toEqual([false, true, false]);
    expect(bestOf(values(3, 1, 2), "most")).toEqual([true, false, false]);
  });

  it("share the mark where they are equal, unless all are", () => {
    expect(bestOf(values(2, 1, 1), "least")).toEqual([false, true, true]);
    expect(bestOf(values(1, 1, 1), "least")).toEqual([false, false, false]);
  });

  it("are compared where they are known", () => {
    expect(bestOf(values(undefined, 2, 1), "least")).toEqual([false, false, true]);
    expect(bestOf(values(undefined, 2), "least")).toEqual([false, false]);
    expect(bestOf([], "least")).toEqual([]);
  });
});

describe("figures with an interval", () => {
  it("share the mark where the intervals meet", () => {
    expect(bestOf([about(1, 0.1), about(1.15, 0.1), about(2, 0.1)], "least")).toEqual([true, true, false]);
    expect(bestOf([about(1, 0.1), about(1.15, 0.1)], "least")).toEqual([false, false]);
  });
});

describe("accuracies", () => {
  const baseline: BesideBaseline = { isBaseline: true, difference: undefined };
  const beside = (low: number, high: number): BesideBaseline => ({
    isBaseline: false,
    difference: { interval: { low, high } },
  });
  const best = (figures: readonly Figure[], rows: readonly BesideBaseline[]): readonly boolean[] =>
    bestOf(figures, "most", accuracyApart(rows, figures));

  it("are compared sample by sample with the baseline's, which tells more than intervals do", () => {
    const figures = [about(92, 1.7), about(91.8, 1.7), about(90.6, 1.7)];
    expect(best(figures, [baseline, beside(-0.007, 0.003), beside(-0.02, -0.008)])).toEqual([true, true, false]);
    expect(best(figures, [baseline, beside(-0.007, 0.003), beside(-0.03, 0.002)])).toEqual([false, false, false]);
  });

  it("are compared by their intervals among other variants, and where pairs are unknown", () => {
    const figures = [about(90, 1.7), about(92, 1.7), about(91, 1.7), about(80, 1.7)];
    const rows = [baseline, beside(0.01, 0.03), beside(0.001, 0.02), beside(-0.11, -0.09)];
    expect(best(figures, rows)).toEqual([false, true, true, false]);
    expect(best(figures, [baseline, ...figures.slice(1).map(() => ({ ...baseline, isBaseline: false }))])).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });
});
