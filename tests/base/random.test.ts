import { describe, expect, it } from "vitest";
import { seededRandom, type Random } from "../../core/base/random.ts";

const draw = (random: Random, count: number): number[] => Array.from({ length: count }, () => random.next());

describe("seededRandom", () => {
  it("gives the same stream for the same seed and label", () => {
    expect(draw(seededRandom(7, "a"), 100)).toEqual(draw(seededRandom(7, "a"), 100));
  });

  it("keeps its stream from version to version", () => {
    const random = seededRandom(42);
    expect([random.integer(1000), random.integer(1000), random.integer(1000)]).toEqual([579, 680, 352]);
  });

  it.each([
    ["seeds", seededRandom(1), seededRandom(2)],
    ["labels", seededRandom(1, "a"), seededRandom(1, "b")],
    ["seeds above 32 bits", seededRandom(5), seededRandom(5 + 2 ** 32)],
    ["a fork and its parent", seededRandom(1), seededRandom(1).fork("x")],
    ["sibling forks", seededRandom(1).fork("x"), seededRandom(1).fork("y")],
  ])("tells %s apart", (_, one, other) => {
    const [a, b] = [draw(one, 2000), draw(other, 2000)];
    expect(a).not.toEqual(b);
    const mean = (list: readonly number[]): number => list.reduce((s, x) => s + x, 0) / list.length;
    const product = mean(a.map((x, i) => (x - 0.5) * (b[i]! - 0.5)));
    // Correlation of independent streams of 2,000 stays within four standard deviations, 4/√2000.
    expect(Math.abs(product * 12)).toBeLessThan(0.09);
  });

  it("forks alike whatever was drawn before", () => {
    const used = seededRandom(3);
    draw(used, 50);
    expect(draw(used.fork("x"), 10)).toEqual(draw(seededRandom(3).fork("x"), 10));
  });

  it("is uniform", () => {
    const random = seededRandom(11);
    const counts = new Array<number>(20).fill(0);
    for (let i = 0; i < 40_000; i++) counts[random.integer(20)]! += 1;
    const chi = counts.reduce((sum, c) => sum + (c - 2000) ** 2 / 2000, 0);
    // χ² with 19 degrees of freedom: 0.1 % quantiles are 5.4 and 43.8.
    expect(chi).toBeGreaterThan(5.4);
    expect(chi).toBeLessThan(43.8);
  });

  it("draws normal numbers with mean 0, variance 1 and the right tails", () => {
    const random = seededRandom(5);
    const list = Array.from({ length: 40_000 }, random.normal);
    const mean = list.reduce((s, x) => s + x, 0) / list.length;
    const variance = list.reduce((s, x) => s + (x - mean) ** 2, 0) / list.length;
    expect(Math.abs(mean)).toBeLessThan(0.02);
    expect(Math.abs(variance - 1)).toBeLessThan(0.03);
    expect(Math.abs(list.filter((x) => Math.abs(x) > 1.96).length / list.length - 0.05)).toBeLessThan(0.005);
  });

  it("shuffles into a new array with the same members, each place equally likely", () => {
    const items = Object.freeze(["a", "b", "c", "d"]);
    const random = seededRandom(9);
    const first = new Map<string, number>();
    for (let i = 0; i < 8000; i++) {
      const shuffled = random.shuffle(items);
      expect(shuffled.length).toBe(4);
      first.set(shuffled[0]!, (first.get(shuffled[0]!) ?? 0) + 1);
    }
    expect([...random.shuffle(items)].sort()).toEqual(["a", "b", "c", "d"]);
    for (const item of items) expect(Math.abs((first.get(item) ?? 0) - 2000)).toBeLessThan(160);
  });
});
