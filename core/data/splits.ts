import { createHash } from "node:crypto";
import { LatheError } from "../base/error.ts";
import { seededRandom, type Random } from "../base/random.ts";
import type { CalibrationPick, SplitName, SplitPlan } from "../contract/dataset.ts";
import type { Dataset } from "./dataset.ts";

/** Sample numbers of each split. `calibration` is drawn from one of the other three, which share no sample. */
export interface Splits {
  readonly train: Int32Array;
  readonly validation: Int32Array;
  readonly test: Int32Array;
  /** In random order, so that every prefix is a fair sample. */
  readonly calibration: Int32Array;
  /** SHA-256 over the data set's fingerprint and the assignment. */
  readonly fingerprint: string;
}

const PARTS = ["train", "validation", "test"] as const;
type PartName = (typeof PARTS)[number];

/** 80 : 10 : 10, following the data set's own parts, and 512 samples for calibration. */
export const DEFAULT_SPLIT_PLAN: SplitPlan = {
  seed: 0,
  given: true,
  train: 0.8,
  validation: 0.1,
  test: 0.1,
  calibration: 512,
};

/**
 * Assigns every sample to train, validation or test, class by class (stratified), and draws calibration from one of them.
 * With `given`, the parts that the data set has itself are kept; those it lacks are drawn from its train part in the
 * proportion that the plan gives them and train. The same data, plan and seed give the same splits.
 * Throws `invalid-argument` where a split that the plan asks for stays empty.
 */
export function planSplits(dataset: Dataset, plan: SplitPlan): Splits {
  const { info, labels } = dataset;
  const random = seededRandom(plan.seed, "splits");
  const given = plan.given ? dataset.given : undefined;
  const members: Record<PartName, number[]> = { train: [], validation: [], test: [] };
  const open: number[] = [];
  for (let i = 0; i < info.count; i++) {
    const own = given?.[i];
    if (own === undefined || own === "train" || own === "calibration") open.push(i);
    else members[own].push(i);
  }
  const shares = PARTS.map((part) => (part !== "train" && members[part].length > 0 ? 0 : plan[part]));
  const total = shares.reduce((sum, share) => sum + share, 0);
  if (total === 0 && open.length > 0) {
    throw new LatheError("invalid-argument", `The split plan gives train, validation and test the shares "0, 0, 0".`, {
      hint: "Give at least one of them a share above 0.",
    });
  }
  const assigned = stratify(open, { labels, shares: shares.map((share) => share / total), random });
  for (const [i, part] of PARTS.entries()) members[part].push(...assigned[i]!);
  const [train, validation, test] = PARTS.map((part) => Int32Array.from(members[part]).sort());
  refuseEmpty({ train: train!, validation: validation!, test: test! }, plan, info);
  const pick = pickOf(plan);
  const source = { train: train!, validation: validation!, test: test! }[pick.from];
  const calibration = drawCalibration(source, pick, { labels, path: info.path });
  const hash = createHash("sha256").update(info.fingerprint);
  for (const part of [train!, validation!, test!, calibration]) {
    hash.update(`/${part.length}/`).update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  }
  return { train: train!, validation: validation!, test: test!, calibration, fingerprint: hash.digest("hex") };
}

function refuseEmpty(parts: Record<PartName, Int32Array>, plan: SplitPlan, info: Dataset["info"]): void {
  const empty = PARTS.find((part) => plan[part] > 0 && parts[part].length === 0);
  if (empty === undefined) return;
  const text = `The ${empty} split of "${info.path}" is empty: none of "${info.count}" samples falls to its share of ${plan[empty]}.`;
  throw new LatheError("invalid-argument", text, { hint: "Add samples, or change the shares." });
}

/** Which samples a plan calibrates on. */
export function pickOf({ calibration, draw, seed }: SplitPlan): CalibrationPick {
  return { samples: calibration, ...(draw ?? { from: "train", by: "class", seed }) };
}

/** A plan that calibrates on other samples. What a plan draws by itself is not written down. */
export function withPick(plan: SplitPlan, { samples, from, by, seed }: CalibrationPick): SplitPlan {
  const { draw: _, ...rest } = plan;
  const isUsual = from === "train" && by === "class" && seed === plan.seed;
  return { ...rest, calibration: samples, ...(!isUsual && { draw: { from, by, seed } }) };
}

function drawCalibration(
  source: Int32Array,
  { samples, from, by, seed }: CalibrationPick,
  { labels, path }: { labels: Int32Array | undefined; path: string },
): Int32Array {
  if (samples > source.length) {
    const text = `Calibration asks for "${samples}" samples and the ${from} split of "${path}" has ${source.length}.`;
    throw new LatheError("invalid-argument", text, { hint: `Ask for fewer, or give ${from} a larger share.` });
  }
  if (samples === 0) return new Int32Array(0);
  const random = seededRandom(seed, "splits").fork("calibration");
  if (by === "random") return Int32Array.from(random.shuffle([...source]).slice(0, samples));
  const share = samples / source.length;
  const [drawn] = stratify([...source], { labels, shares: [share, 1 - share], random });
  return Int32Array.from(random.shuffle(drawn!));
}

interface Strata {
  readonly labels: Int32Array | undefined;
  /** Share of each part; they sum to 1. */
  readonly shares: readonly number[];
  readonly random: Random;
}

/**
 * Divides samples so that every part has its share of the whole, and of each class to within one sample: whole
 * quotas first, then the samples left over go to the parts whose remainder is largest.
 */
function stratify(samples: readonly number[], { labels, shares, random }: Strata): number[][] {
  const byClass = new Map<number, number[]>();
  for (const sample of samples) {
    const label = labels?.[sample] ?? 0;
    const members = byClass.get(label);
    if (members === undefined) byClass.set(label, [sample]);
    else members.push(sample);
  }
  const classes = [...byClass.keys()].sort((a, b) => a - b);
  const floor = (count: number): number[] => shares.map((share) => Math.floor(count * share + 1e-9));
  const seats = wholeShares(samples.length, shares);
  for (const label of classes) floor(byClass.get(label)!.length).forEach((quota, p) => (seats[p]! -= quota));
  const parts = shares.map((): number[] => []);
  for (const label of random.fork("order").shuffle(classes)) {
    const members = random.fork(`class ${label}`).shuffle(byClass.get(label)!);
    const quotas = floor(members.length);
    let left = members.length - quotas.reduce((sum, quota) => sum + quota, 0);
    const remainder = (p: number): number => members.length * shares[p]! - quotas[p]!;
    const byRemainder = shares.map((_, p) => p).sort((a, b) => remainder(b) - remainder(a) || seats[b]! - seats[a]!);
    while (left > 0) {
      const p = byRemainder.find((part) => seats[part]! > 0 && remainder(part) > 0) ?? seats.findIndex((n) => n > 0);
      quotas[p]! += 1;
      seats[p]! -= 1;
      left -= 1;
    }
    let at = 0;
    for (const [p, quota] of quotas.entries()) parts[p]!.push(...members.slice(at, (at += quota)));
  }
  return parts;
}

/** Largest-remainder apportionment of `count` seats. */
function wholeShares(count: number, shares: readonly number[]): number[] {
  const seats = shares.map((share) => Math.floor(count * share + 1e-9));
  const order = shares
    .map((_, p) => p)
    .sort((a, b) => count * shares[b]! - seats[b]! - (count * shares[a]! - seats[a]!));
  for (let left = count - seats.reduce((sum, n) => sum + n, 0), k = 0; left > 0; left--, k++)
    seats[order[k % order.length]!]! += 1;
  return seats;
}

/** Refuses calibration samples that are also evaluated: the measured accuracy would flatter the model. */
export function checkDisjoint(calibration: Int32Array, evaluation: Int32Array, split: SplitName = "test"): void {
  const evaluated = new Set(evaluation);
  const both = calibration.filter((index) => evaluated.has(index));
  if (both.length === 0) return;
  const text = `"${both.length}" of ${calibration.length} calibration samples are also in the ${split} split, the first is number ${both[0]!}.`;
  throw new LatheError("invalid-argument", text, {
    hint: "Draw calibration from the train split.",
    details: { overlap: [...both.slice(0, 100)] },
  });
}
