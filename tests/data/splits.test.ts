import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { SplitPlan } from "../../core/contract/dataset.ts";
import { contentsOf } from "../../core/data/contents.ts";
import type { Dataset } from "../../core/data/dataset.ts";
import { openDataset } from "../../core/data/open.ts";
import { checkDisjoint, pickOf, planSplits, withPick } from "../../core/data/splits.ts";
import { bytesOf, npyArray, pattern, temporaryFolder, writeFiles } from "./fixtures.ts";

const root = temporaryFolder();
const plan: SplitPlan = { seed: 1, given: true, train: 0.7, validation: 0.1, test: 0.2, calibration: 20 };

/** A labelled table; parts are named as in `x_train`. */
async function table(name: string, parts: Readonly<Record<string, readonly number[]>>): Promise<Dataset> {
  const files = Object.entries(parts).flatMap(([part, labels]) => [
    [`x${part}.npy`, npyArray("|u1", [labels.length, 1, 1, 1, 2], pattern(labels.length * 2))] as const,
    [`y${part}.npy`, npyArray("<i4", [labels.length], bytesOf(Int32Array.from(labels)))] as const,
  ]);
  return openDataset(writeFiles(join(root, name), Object.fromEntries(files)));
}

const labelled = (count: number, classes: number): number[] =>
  Array.from({ length: count }, (_, i) => (i * i) % classes);

describe("splits", () => {
  let set: Dataset;
  beforeAll(async () => {
    set = await table("plain", { "": labelled(503, 7) });
  });

  it("assigns every sample once, in the shares asked for", () => {
    const { train, validation, test } = planSplits(set, plan);
    expect([train.length, validation.length, test.length]).toEqual([352, 50, 101]);
    expect(new Set([...train, ...validation, ...test]).size).toBe(503);
  });

  it("keeps the shares within every class, to one sample", () => {
    const splits = planSplits(set, plan);
    const count = (indices: Int32Array, label: number): number =>
      indices.filter((i) => set.labels![i] === label).length;
    for (const label of new Set(set.labels)) {
      const all = set.labels!.filter((l) => l === label).length;
      expect(Math.abs(count(splits.train, label) - 0.7 * all)).toBeLessThan(1.5);
      expect(Math.abs(count(splits.test, label) - 0.2 * all)).toBeLessThan(1.5);
      expect(Math.abs(count(splits.calibration, label) - (20 * count(splits.train, label)) / 352)).toBeLessThan(1.5);
    }
  });

  it("draws calibration from train, each sample once", () => {
    const { train, test, validation, calibration } = planSplits(set, plan);
    expect(new Set(calibration).size).toBe(20);
    expect([...calibration].every((i) => train.includes(i))).toBe(true);
    expect(() => checkDisjoint(calibration, test)).not.toThrow();
    expect(() => checkDisjoint(calibration, validation, "validation")).not.toThrow();
  });

  it("draws calibration as it is told: from which split, by class or at random, with a seed of its own", () => {
    const usual = planSplits(set, plan);
    const same = withPick(plan, { samples: 20, from: "train", by: "class", seed: plan.seed });
    expect(same).toEqual(plan);
    const picks = [
      { samples: 20, from: "train", by: "class", seed: 9 },
      { samples: 20, from: "train", by: "random", seed: plan.seed },
      { samples: 20, from: "validation", by: "class", seed: plan.seed },
    ] as const;
    for (const pick of picks) {
      const other = withPick(plan, pick);
      expect(pickOf(other)).toEqual(pick);
      const { calibration, fingerprint, ...parts } = planSplits(set, other);
      expect([...calibration].every((i) => parts[pick.from].includes(i))).toBe(true);
      expect(new Set(calibration).size).toBe(20);
      expect([...calibration]).not.toEqual([...usual.calibration]);
      expect(fingerprint).not.toBe(usual.fingerprint);
      expect(parts.test).toEqual(usual.test);
    }
    expect(() => planSplits(set, withPick(plan, { samples: 51, from: "validation", by: "random", seed: 0 }))).toThrow(
      /Calibration asks for "51" samples and the validation split of ".*" has 50\./,
    );
  });

  it("is the same for the same seed and another for another", () => {
    expect(planSplits(set, plan)).toEqual(planSplits(set, plan));
    const other = planSplits(set, { ...plan, seed: 2 });
    expect(other.fingerprint).not.toBe(planSplits(set, plan).fingerprint);
    expect([...other.test]).not.toEqual([...planSplits(set, plan).test]);
  });

  it("changes its fingerprint with the data alone", async () => {
    const same = await table("other", { "": [...labelled(502, 7), 0] });
    expect(planSplits(same, { ...plan, calibration: 0 }).fingerprint).not.toBe(
      planSplits(set, { ...plan, calibration: 0 }).fingerprint,
    );
  });

  it("normalises the shares", () => {
    const percent = planSplits(set, { ...plan, train: 70, validation: 10, test: 20 });
    expect(percent.fingerprint).toBe(planSplits(set, plan).fingerprint);
  });

  it("spreads classes with few samples", async () => {
    const rare = await table("rare", { "": labelled(40, 40).map((_, i) => i) });
    const { train, validation, test } = planSplits(rare, { ...plan, calibration: 0 });
    expect([train.length, validation.length, test.length]).toEqual([28, 4, 8]);
  });

  it("splits data without labels", async () => {
    const bare = await openDataset(
      join(writeFiles(join(root, "bare"), { "x.npy": npyArray("|u1", [10, 4], pattern(40)) }), "x.npy"),
    );
    const { train, validation, test } = planSplits(bare, { ...plan, calibration: 3 });
    expect([train.length, validation.length, test.length]).toEqual([7, 1, 2]);
  });
});

describe("splits that the data have themselves", () => {
  it("keeps the test part and draws validation from train", async () => {
    const set = await table("given", { _train: labelled(80, 3), _test: labelled(20, 3) });
    const { train, validation, test } = planSplits(set, { ...plan, calibration: 5 });
    expect([...test]).toEqual(Array.from({ length: 20 }, (_, i) => 80 + i));
    expect([train.length, validation.length]).toEqual([70, 10]);
  });

  it("draws the test split from train where only validation is given", async () => {
    const set = await table("given-val", { _train: labelled(90, 3), _val: labelled(30, 3) });
    const { train, validation, test } = planSplits(set, { ...plan, calibration: 5 });
    expect([train.length, validation.length, test.length]).toEqual([70, 30, 20]);
  });

  it("pools all samples when told not to keep them", async () => {
    const set = await table("pooled", { _train: labelled(80, 3), _test: labelled(20, 3) });
    const { test } = planSplits(set, { ...plan, given: false, calibration: 5 });
    expect(test.length).toBe(20);
    expect(test.some((i) => i < 80)).toBe(true);
  });
});

describe("splits that cannot be", () => {
  it("refuses a split that stays empty", async () => {
    const set = await table("tiny", { "": [0, 1, 0] });
    expect(() => planSplits(set, { ...plan, calibration: 0 })).toThrow(
      `The validation split of "${set.info.path}" is empty: none of "3" samples falls to its share of 0.1.`,
    );
    expect(planSplits(set, { ...plan, validation: 0, calibration: 0 }).validation.length).toBe(0);
  });

  it("refuses more calibration than train has", async () => {
    const set = await table("few", { "": labelled(20, 2) });
    expect(() => planSplits(set, plan)).toThrow(
      `Calibration asks for "20" samples and the train split of "${set.info.path}" has 14.`,
    );
  });

  it("refuses shares of nothing", async () => {
    const set = await table("none", { "": labelled(20, 2) });
    expect(() => planSplits(set, { ...plan, train: 0, validation: 0, test: 0 })).toThrow(
      'The split plan gives train, validation and test the shares "0, 0, 0".',
    );
  });

  it("refuses to evaluate on calibration samples", () => {
    expect(() => checkDisjoint(Int32Array.of(4, 9, 2), Int32Array.of(1, 2, 3, 4))).toThrow(
      '"2" of 3 calibration samples are also in the test split, the first is number 4.',
    );
  });

  it("counts samples with the same content under other numbers", async () => {
    const pixels = new Uint8Array([1, 2, 3, 4, 1, 2, 5, 6]);
    const path = writeFiles(join(root, "twins"), { "x.npy": npyArray("|u1", [4, 1, 1, 1, 2], pixels) });
    const set = await openDataset(join(path, "x.npy"));
    expect(await contentsOf(set).copies(Int32Array.of(0, 1), Int32Array.of(2, 3))).toBe(1);
  });
});
