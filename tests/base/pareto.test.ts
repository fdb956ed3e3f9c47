import { expect, test } from "vitest";
import { dominates, nonDominated } from "../../core/base/pareto.ts";
import { seededRandom } from "../../core/base/random.ts";

/** By the definition: every pair is compared. */
function slowFront(costs: readonly (readonly number[])[]): number[] {
  return costs.flatMap((point, i) => (costs.some((other) => dominates(other, point)) ? [] : [i]));
}

test.each([1, 2, 3, 4])("finds the front of %i columns as comparing every pair does, ties included", (columns) => {
  const random = seededRandom(7, `pareto${columns}`);
  for (let round = 0; round < 20; round++) {
    const costs = Array.from({ length: 120 }, () => Array.from({ length: columns }, () => random.integer(9)));
    const found = nonDominated(costs);
    expect(found.toSorted((a, b) => a - b)).toEqual(slowFront(costs));
    const first = found.map((i) => costs[i]?.[0] ?? NaN);
    expect(first).toEqual(first.toSorted((a, b) => a - b));
  }
});

test("leaves out what was not measured, and has no front of nothing", () => {
  expect(nonDominated([])).toEqual([]);
  expect(
    nonDominated([
      [NaN, 0],
      [1, 1],
      [0, NaN],
    ]),
  ).toEqual([1]);
});

test("a point does not dominate itself", () => {
  expect(dominates([1, 2], [1, 2])).toBe(false);
  expect(dominates([1, 1], [1, 2])).toBe(true);
  expect(dominates([0, 3], [1, 2])).toBe(false);
});
