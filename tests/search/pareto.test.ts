import { describe, expect, it } from "vitest";
import { seededRandom } from "../../core/base/random.ts";
import { hypervolume, hypervolumeOverTime } from "../../core/search/hypervolume.ts";
import { scoreOf } from "../../core/search/objectives.ts";
import { constrainedDominates, crowdingOf, dominates, paretoFront, sortIntoFronts } from "../../core/search/pareto.ts";

const random = seededRandom(0, "pareto");
const cloud = (n: number, k: number, steps: number): number[][] =>
  Array.from({ length: n }, () => Array.from({ length: k }, () => random.integer(steps)));

/** Cells of a grid that some point dominates. */
function countCells(points: readonly (readonly number[])[], reference: readonly number[]): number {
  const total = reference.reduce((all, r) => all * r, 1);
  let count = 0;
  for (let cell = 0; cell < total; cell++) {
    let rest = cell;
    const corner = reference.map((r) => {
      const at = rest % r;
      rest = Math.floor(rest / r);
      return at;
    });
    if (points.some((p) => p.every((c, k) => c <= corner[k]!))) count++;
  }
  return count;
}

describe("the front", () => {
  it.each([2, 3, 4])("has exactly the points that none dominates, with %i costs", (k) => {
    for (let round = 0; round < 50; round++) {
      const points = cloud(60, k, 8);
      const found = new Set(paretoFront(points).map((i) => points[i]!.join()));
      const expected = points.filter((p) => !points.some((q) => dominates(q, p))).map((p) => p.join());
      expect(found).toEqual(new Set(expected));
      expect(paretoFront(points)).toHaveLength(found.size);
    }
  });

  it("sorts a hundred thousand points", () => {
    const many = Array.from({ length: 100_000 }, () => [random.next(), random.next()]);
    const front = paretoFront(many);
    expect(front.length).toBeGreaterThan(3);
    expect(front.slice(1).every((i, k) => many[i]![1]! < many[front[k]!]![1]!)).toBe(true);
  });

  it("leaves out what failed", () => {
    expect(
      paretoFront([
        [Infinity, Infinity],
        [1, 2],
      ]),
    ).toEqual([1]);
    expect(paretoFront([])).toEqual([]);
  });

  it("comes in layers, each beaten by the one before", () => {
    const scores = cloud(80, 3, 6).map((costs) => ({ costs, violation: random.integer(3) }));
    const fronts = sortIntoFronts(scores);
    expect(fronts.flat().toSorted((a, b) => a - b)).toEqual(scores.map((_, i) => i));
    for (const [rank, front] of fronts.entries()) {
      for (const i of front) {
        expect(front.some((j) => constrainedDominates(scores[j]!, scores[i]!))).toBe(false);
        const isBeaten = fronts[rank - 1]?.some((j) => constrainedDominates(scores[j]!, scores[i]!)) ?? true;
        expect(isBeaten).toBe(true);
      }
    }
  });

  it("puts whatever meets the constraints before what does not", () => {
    const feasible = { costs: [9, 9], violation: 0 };
    expect(constrainedDominates(feasible, { costs: [0, 0], violation: 0.1 })).toBe(true);
    expect(constrainedDominates({ costs: [5, 5], violation: 0.1 }, { costs: [0, 0], violation: 0.2 })).toBe(true);
    expect(constrainedDominates({ costs: [0, 0], violation: 0.1 }, feasible)).toBe(false);
  });

  it("is least crowded at its ends", () => {
    const crowding = crowdingOf([
      [0, 4],
      [1, 3],
      [1.5, 2.5],
      [4, 0],
    ]);
    expect(crowding[0]).toBe(Infinity);
    expect(crowding[3]).toBe(Infinity);
    // (1.5 − 0)/4 + (4 − 2.5)/4, and (4 − 1)/4 + (3 − 0)/4
    expect(crowding[1]).toBeCloseTo(0.75);
    expect(crowding[2]).toBeCloseTo(1.5);
  });
});

describe("the hypervolume", () => {
  it.each([
    [2, 12],
    [3, 8],
    [4, 5],
  ])("equals counting cells, with %i costs", (k, steps) => {
    for (let round = 0; round < 20; round++) {
      const points = cloud(15, k, steps + 2);
      const reference = Array.from({ length: k }, () => steps);
      expect(hypervolume(points, reference)).toBeCloseTo(countCells(points, reference), 9);
    }
  });

  it("counts nothing beyond the reference", () => {
    expect(hypervolume([[1, 5]], [4, 5])).toBe(0);
    expect(hypervolume([], [4, 5])).toBe(0);
    expect(hypervolume([[1]], [4])).toBe(3);
    expect(() => hypervolume([[1, 2]], [4])).toThrow('A point has "2" costs, the reference 1.');
  });

  it("grows point by point to the same value", () => {
    const points = cloud(40, 3, 10);
    const reference = [9, 9, 9];
    const curve = hypervolumeOverTime(points, reference);
    expect(curve.at(-1)).toBe(hypervolume(points, reference));
    expect(curve.every((v, i) => i === 0 || v >= curve[i - 1]!)).toBe(true);
    expect(curve[10]).toBe(hypervolume(points.slice(0, 11), reference));
  });
});

describe("scores", () => {
  const objectives = [
    { name: "accuracy", direction: "max" },
    { name: "macs", direction: "min" },
  ] as const;

  it("turn gains into costs and add up missed bounds", () => {
    const constraints = [
      { name: "macs", most: 100 },
      { name: "accuracy", least: 0.8 },
    ];
    const score = scoreOf({ accuracy: 0.6, macs: 150 }, { objectives, constraints });
    expect(score.costs).toEqual([-0.6, 150]);
    expect(score.violation).toBeCloseTo(0.5 + 0.25);
    expect(scoreOf({ accuracy: 0.9, macs: 100 }, { objectives, constraints }).violation).toBe(0);
  });

  it("ask for every figure", () => {
    expect(() => scoreOf({ accuracy: 0.6 }, { objectives })).toThrow('The trial has no figure "macs".');
  });
});
