import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { averageShare, extentOf } from "../../core/train/plan.ts";
import { rateAt, type ScheduleSpec } from "../../core/train/schedule.ts";
import { PLAN } from "./run.ts";

const over = (spec: ScheduleSpec, total: number): number[] =>
  Array.from({ length: total }, (_, step) => rateAt(spec, step, total));

describe("the learning rate", () => {
  it("follows PyTorch's one-cycle schedule", () => {
    const golden = JSON.parse(readFileSync(new URL("golden/oneCycle.json", import.meta.url), "utf8")) as number[];
    over({ kind: "one-cycle" }, 20).forEach((rate, i) => expect(rate).toBeCloseTo(golden[i]!, 9));
  });

  it("rises over the warm-up and then falls along half a cosine", () => {
    const rates = over({ kind: "cosine", warmup: 0.2, end: 0.1 }, 10);
    expect(rates.slice(0, 3)).toEqual([1 / 3, 2 / 3, 1]);
    expect(rates[6]).toBeCloseTo(0.55, 9);
    expect(rates.slice(2).every((r, i, all) => i === 0 || r < all[i - 1]!)).toBe(true);
    expect(rateAt({ kind: "cosine", end: 0.1 }, 10, 10)).toBeCloseTo(0.1, 9);
  });

  it("stays, falls in a line, or in steps", () => {
    expect(over({ kind: "constant" }, 4)).toEqual([1, 1, 1, 1]);
    expect(over({ kind: "linear" }, 4)).toEqual([1, 0.75, 0.5, 0.25]);
    const steps = over({ kind: "step" }, 8);
    expect(steps.map((r) => Number(r.toFixed(9)))).toEqual([1, 1, 1, 1, 0.1, 0.1, 0.01, 0.01]);
  });

  it("is a rate from 0 to 1 for every schedule and length", () => {
    for (const kind of ["constant", "step", "cosine", "linear", "one-cycle"] as const)
      for (const total of [1, 2, 3, 7, 100])
        for (const warmup of [0, 0.3, 1])
          for (const rate of over({ kind, warmup }, total)) {
            expect(rate, `${kind} ${total} ${warmup}`).toBeGreaterThanOrEqual(0);
            expect(rate, `${kind} ${total} ${warmup}`).toBeLessThanOrEqual(1);
          }
  });
});

describe("the extent of a training", () => {
  it("counts whole batches and whole updates", () => {
    expect(extentOf({ ...PLAN, epochs: 3, batch: 32 }, 100, undefined)).toEqual({ batch: 32, batches: 3, updates: 9 });
    expect(extentOf({ ...PLAN, epochs: 3, batch: 32, accumulate: 2 }, 100, undefined).updates).toBe(4);
    expect(extentOf({ ...PLAN, epochs: 1, batch: 32 }, 10, undefined)).toEqual({ batch: 10, batches: 1, updates: 1 });
    expect(extentOf({ ...PLAN, epochs: 1, batch: 32 }, 10, 4)).toEqual({ batch: 4, batches: 2, updates: 2 });
  });

  it("lets an average follow quickly at first", () => {
    expect(averageShare(0.999, 0)).toBe(0.1);
    expect(averageShare(0.999, 90)).toBe(0.91);
    expect(averageShare(0.999, 1e6)).toBe(0.999);
  });
});
