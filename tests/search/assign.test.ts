import { describe, expect, it } from "vitest";
import { seededRandom } from "../../core/base/random.ts";
import { assignChoices, costOf, type Choice } from "../../core/search/assign.ts";

type Things = readonly (readonly Choice[])[];

type Shared = Readonly<Record<string, number>>;

const sums = (things: Things, chosen: readonly number[], shared: Shared = {}): Choice => ({
  cost: costOf(things, chosen, shared),
  harm: chosen.reduce((sum, j, i) => sum + things[i]![j]!.harm, 0),
});

/** The least harm within a budget, by looking at every combination. */
function bruteForce(things: Things, budget: number, shared: Shared = {}): number {
  let best = Infinity;
  const chosen = things.map(() => 0);
  const visit = (i: number): void => {
    if (i === things.length) {
      const { cost, harm } = sums(things, chosen, shared);
      if (cost <= budget && harm < best) best = harm;
      return;
    }
    for (const j of things[i]!.keys()) {
      chosen[i] = j;
      visit(i + 1);
    }
  };
  visit(0);
  return best;
}

/** Layers of different sizes whose harm falls steeply with the bits, as that of real ones does. */
function layers(seed: number, { count, scale = 1 }: { readonly count: number; readonly scale?: number }): Things {
  const random = seededRandom(seed, "layers");
  return Array.from({ length: count }, () => {
    const weights = Math.floor(50 + random.next() * 5000);
    const sensitivity = scale * 10 ** (-4 * random.next());
    return [2, 3, 4, 6, 8].map((bits) => ({
      cost: Math.ceil((weights * bits) / 8) + 40,
      harm: sensitivity * 4 ** -bits * (0.5 + random.next()),
    }));
  });
}

describe("the integer programme", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])("finds what looking at every combination finds: case %i", async (seed) => {
    const things = layers(seed, { count: 7 });
    const most = sums(
      things,
      things.map(() => 4),
    ).cost;
    for (const share of [0.3, 0.4, 0.55, 0.75]) {
      const budget = Math.floor(most * share);
      const found = sums(things, await assignChoices(things, { limit: budget }));
      expect(found.cost).toBeLessThanOrEqual(budget);
      expect(found.harm / bruteForce(things, budget)).toBeCloseTo(1, 9);
    }
  });

  it.each([1e-9, 1e9])("does not depend on the unit of the harm: × %d", async (scale) => {
    const things = layers(11, { count: 6, scale });
    const budget = Math.floor(
      sums(
        things,
        things.map(() => 2),
      ).cost,
    );
    const found = sums(things, await assignChoices(things, { limit: budget }));
    expect(found.harm / bruteForce(things, budget)).toBeCloseTo(1, 9);
  });

  it("uses a budget to the last byte and never one more", async () => {
    const things = [
      [
        { cost: 1, harm: 5 },
        { cost: 3, harm: 1 },
      ],
      [
        { cost: 1, harm: 5 },
        { cost: 3, harm: 2 },
      ],
    ];
    expect(await assignChoices(things, { limit: 4 })).toEqual([1, 0]);
    expect(await assignChoices(things, { limit: 3 })).toEqual([0, 0]);
    expect(await assignChoices(things, { limit: 5.999999 })).toEqual([1, 0]);
    expect(await assignChoices(things, { limit: 6 })).toEqual([1, 1]);
  });

  it("keeps within budgets of thirds, where sums in binary are not exact", async () => {
    const things = Array.from({ length: 9 }, (_, i) => [
      { cost: 1 / 3, harm: 1 },
      { cost: 2 / 3, harm: 1 / (i + 2) },
    ]);
    for (let steps = 9; steps <= 18; steps++) {
      const { cost } = sums(things, await assignChoices(things, { limit: steps / 3 }));
      expect(cost).toBeLessThanOrEqual(steps / 3);
    }
  });

  it("takes things that cost nothing, harms below zero and a budget of zero", async () => {
    const free = [{ cost: 0, harm: 0 }];
    const good = [
      { cost: 0, harm: -3 },
      { cost: 1, harm: -4 },
    ];
    expect(await assignChoices([free, good], { limit: 0 })).toEqual([0, 0]);
    expect(await assignChoices([free, good], { limit: 1 })).toEqual([0, 1]);
    expect(await assignChoices([], { limit: 0 })).toEqual([]);
  });

  it.each([1, 2, 3, 4])("pays once for what several choices need: case %i", async (seed) => {
    const names = ["two", "three", "four", "six"];
    const things = layers(seed, { count: 6 }).map((choices) =>
      choices.map((choice, j): Choice => (names[j] === undefined ? choice : { ...choice, needs: names[j] })),
    );
    const shared = { two: 900, three: 2500, four: 400, six: 1400 };
    const most = sums(
      things,
      things.map(() => 4),
    ).cost;
    for (const share of [0.45, 0.6, 0.8]) {
      const limit = Math.floor(most * share);
      const found = sums(things, await assignChoices(things, { limit, shared }), shared);
      expect(found.cost).toBeLessThanOrEqual(limit);
      expect(found.harm / bruteForce(things, limit, shared)).toBeCloseTo(1, 9);
    }
    const short = assignChoices([[{ cost: 1, harm: 0, needs: "two" }]], { limit: 900, shared });
    await expect(short).rejects.toThrow('No choice keeps within the budget of "900": the least is 901.');
  });

  it("solves a hundred layers with eight choices each", async () => {
    const things = layers(5, { count: 100 });
    const budget = sums(
      things,
      things.map(() => 2),
    ).cost;
    const chosen = await assignChoices(things, { limit: budget });
    const found = sums(things, chosen);
    expect(found.cost).toBeLessThanOrEqual(budget);
    // No single layer can be given more bits with what is left.
    things.forEach((choices, i) => {
      const own = choices[chosen[i]!]!;
      for (const other of choices) {
        if (other.harm < own.harm) expect(found.cost - own.cost + other.cost).toBeGreaterThan(budget);
      }
    });
    expect(found.harm).toBeLessThan(
      sums(
        things,
        things.map(() => 2),
      ).harm,
    );
  });

  it.each([
    [[[{ cost: 2, harm: 1 }]], 1, 'No choice keeps within the budget of "1": the least is 2.'],
    [[[{ cost: 2, harm: 1 }], []], 5, 'No choice keeps within the budget of "5": the least is Infinity.'],
    [[[{ cost: 2, harm: 1 }]], NaN, 'No choice keeps within the budget of "NaN": the least is 2.'],
  ])("refuses what cannot be: %j within %d", async (things, budget, message) => {
    await expect(assignChoices(things, { limit: budget })).rejects.toThrow(message);
  });
});
