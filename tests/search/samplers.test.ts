import { describe, expect, it } from "vitest";
import { agingSampler } from "../../core/search/aging.ts";
import { halvingSampler } from "../../core/search/halving.ts";
import { hypervolume } from "../../core/search/hypervolume.ts";
import { isBelowMedian } from "../../core/search/medianStop.ts";
import { nsga2Sampler } from "../../core/search/nsga2.ts";
import { keyOf } from "../../core/search/points.ts";
import { randomSampler, replay, type Outcome, type Proposal, type Sampler } from "../../core/search/sampler.ts";
import { spaceOf } from "../../core/search/space.ts";

const letters = ["a", "b", "c", "d"];
const space = spaceOf({
  type: "object",
  properties: {
    genes: { type: "array", items: { enum: letters }, minItems: 8, maxItems: 8 },
    size: { type: "integer", minimum: 0, maximum: 15 },
  },
});
interface Genes {
  readonly genes: readonly string[];
  readonly size: number;
}

/** Two costs that cannot both be least: wrong letters, and how many places are not "a" plus the size. */
function costsOf(point: unknown): readonly number[] {
  const { genes, size } = point as Genes;
  const wrong = genes.filter((g, i) => g !== letters[i % 4]).length;
  return [wrong + size / 15, genes.filter((g) => g !== "a").length + size / 15];
}

function run(sampler: Sampler, trials: number): { readonly outcomes: Outcome[]; readonly proposals: Proposal[] } {
  const outcomes: Outcome[] = [];
  const proposals: Proposal[] = [];
  let now = sampler;
  for (let i = 0; i < trials; i++) {
    const proposal = now.ask();
    if (proposal === undefined) break;
    proposals.push(proposal);
    outcomes.push({ point: proposal.point, budget: proposal.budget, costs: costsOf(proposal.point), violation: 0 });
    now = now.tell(outcomes.at(-1)!);
  }
  return { outcomes, proposals };
}

const SAMPLERS = {
  random: (seed: number) => randomSampler({ space, seed }),
  nsga2: (seed: number) => nsga2Sampler({ space, seed, population: 12 }),
  aging: (seed: number) => agingSampler({ space, seed, population: 12, tournament: 4 }),
  halving: (seed: number) => halvingSampler({ base: nsga2Sampler({ space, seed, population: 9 }) }),
};

describe.each(Object.entries(SAMPLERS))("the %s sampler", (name, start) => {
  it("asks for the same points with the same seed, and for others with another", () => {
    const keys = (seed: number): string[] => run(start(seed), 60).proposals.map((p) => keyOf(p.point));
    expect(keys(1)).toEqual(keys(1));
    expect(keys(1)).not.toEqual(keys(2));
  });

  it("goes on after any trial as if it had not stopped", () => {
    const { outcomes, proposals } = run(start(3), 70);
    for (const stop of [0, 1, 11, 12, 13, 40, 69]) {
      expect(replay(start(3), outcomes.slice(0, stop)).ask()).toEqual(proposals[stop]);
    }
  });

  it("answers the same when asked twice, and does not change when told", () => {
    const sampler = replay(start(4), run(start(4), 20).outcomes);
    const before = sampler.ask();
    sampler.tell({ point: before!.point, budget: 1, costs: [0, 0], violation: 0 });
    expect(sampler.ask()).toEqual(before);
  });

  it("tries nothing twice at one budget", () => {
    const { proposals } = run(start(5), 120);
    const keys = proposals.map((p) => `${p.budget} ${keyOf(p.point)}`);
    expect(new Set(keys).size).toBe(name === "halving" ? keys.length : 120);
  });
});

describe("evolution", () => {
  it.each(["nsga2", "aging"] as const)("%s beats random points at equal budget", (name) => {
    const volume = (sampler: Sampler): number => {
      const { outcomes } = run(sampler, 200);
      return hypervolume(
        outcomes.map((o) => o.costs),
        [10, 10],
      );
    };
    const wins = [1, 2, 3, 4, 5].filter((seed) => volume(SAMPLERS[name](seed)) > volume(SAMPLERS.random(seed)));
    expect(wins).toHaveLength(5);
  });

  it("nsga2 finds the whole front of a small problem", () => {
    const { outcomes } = run(nsga2Sampler({ space, seed: 1, population: 24 }), 1200);
    // 2 of 8 places want "a"; each of the other 6 costs 1 in one figure or the other.
    const best = Array.from({ length: 7 }, (_, k) => [k, 6 - k]);
    const found = best.filter(([a, b]) => outcomes.some((o) => o.costs[0] === a && o.costs[1] === b));
    expect(found).toEqual(best);
  });

  it("nsga2 finds its way into the feasible part", () => {
    let sampler = nsga2Sampler({ space, seed: 2, population: 12 });
    let feasible = 0;
    for (let i = 0; i < 300; i++) {
      const { point, budget } = sampler.ask()!;
      const costs = costsOf(point);
      // One point in 65,536 is random luck.
      const violation = Math.max(0, costs[0]! - 2);
      if (violation === 0) feasible++;
      sampler = sampler.tell({ point, budget, costs, violation });
    }
    expect(feasible).toBeGreaterThan(50);
  });

  it("names the parents of a child", () => {
    const { proposals } = run(SAMPLERS.nsga2(6), 60);
    expect(proposals.slice(0, 12).every((p) => p.origin === "random")).toBe(true);
    const children = proposals.slice(12);
    expect(children.every((p) => p.parents.every((n) => n < 60))).toBe(true);
    expect(children.some((p) => p.parents.length === 2)).toBe(true);
  });

  it("takes failed trials for worse than all others", () => {
    const start = agingSampler({ space, seed: 7, population: 4, tournament: 4 });
    const { outcomes } = run(start, 3);
    const failed = { ...outcomes[0]!, costs: [Infinity, Infinity], violation: Infinity };
    const next = replay(start, [failed, ...outcomes.slice(1), { ...run(start, 4).outcomes[3]! }]).ask()!;
    expect(next.parents).not.toContain(0);
  });
});

describe("what all samplers share", () => {
  const point = { genes: letters.concat(letters), size: 3 };

  it("starts with the points that were given", () => {
    for (const make of [randomSampler, nsga2Sampler, agingSampler]) {
      const { proposals } = run(make({ space, seed: 0, given: [point] }), 3);
      expect(proposals[0]).toEqual({ point, budget: 1, origin: "given", parents: [] });
      expect(proposals[1]!.origin).toBe("random");
    }
  });

  it("refuses given points that the space does not have", () => {
    expect(() => randomSampler({ space, seed: 0, given: [{ genes: [], size: 3 }] })).toThrow(
      'The space has no point "{"genes":[],"size":3}".',
    );
  });

  it("asks only for what is accepted, and ends where nothing is left", () => {
    const accepts = (p: unknown): boolean => (p as Genes).size < 4;
    const { proposals } = run(nsga2Sampler({ space, seed: 0, accepts }), 80);
    expect(proposals).toHaveLength(80);
    expect(proposals.every((p) => accepts(p.point))).toBe(true);
    const tiny = spaceOf({ type: "object", properties: { a: { enum: [1, 2, 3] } } });
    for (const make of [randomSampler, nsga2Sampler, agingSampler]) {
      let sampler = make({ space: tiny, seed: 0 });
      const seen = new Set<string>();
      for (let next = sampler.ask(); next !== undefined; next = sampler.ask()) {
        seen.add(keyOf(next.point));
        sampler = sampler.tell({ ...next, costs: [0, 0], violation: 0 });
      }
      expect(seen.size).toBe(3);
    }
  });
});

describe("successive halving", () => {
  it("gives nine a ninth, three a third and one everything", () => {
    const { proposals, outcomes } = run(SAMPLERS.halving(1), 26);
    const budgets = proposals.map((p) => p.budget);
    const bracket = [...Array<number>(9).fill(1 / 9), ...Array<number>(3).fill(1 / 3), 1];
    for (const [i, budget] of [...bracket, ...bracket].entries()) expect(budgets[i]).toBeCloseTo(budget);
    const best = Math.min(...outcomes.slice(0, 9).map((o) => o.costs[0]! + o.costs[1]!));
    const promoted = proposals.slice(9, 12).map((p) => costsOf(p.point)[0]! + costsOf(p.point)[1]!);
    expect(Math.min(...promoted)).toBe(best);
    expect(proposals[9]!.parents.every((n) => n < 9)).toBe(true);
  });

  it("refuses what halves nothing", () => {
    expect(() => halvingSampler({ base: SAMPLERS.random(0), factor: 1 })).toThrow(
      'Halving takes no factor "1" with "3" budgets.',
    );
  });
});

describe("the median rule", () => {
  const others = [0.1, 0.2, 0.3, 0.4, 0.5].map((a) => [a, a + 0.2]);

  it("stops what was never as good as the median of the others", () => {
    expect(isBelowMedian([0.25], others)).toBe(true);
    expect(isBelowMedian([0.3], others)).toBe(false);
    // Means up to the second step are 0.2 … 0.6.
    expect(isBelowMedian([0.3, 0.39], others)).toBe(true);
    expect(isBelowMedian([0.3, 0.41], others)).toBe(false);
  });

  it("waits for enough others", () => {
    expect(isBelowMedian([0], others.slice(0, 4))).toBe(false);
    expect(isBelowMedian([], others)).toBe(false);
  });
});
