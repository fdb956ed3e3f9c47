import { seededRandom } from "../../base/random.ts";
import { LatheError } from "../../base/error.ts";
import { tensorArray } from "../../graph/build.ts";
import type { Model } from "../../graph/model.ts";
import { eachGradient } from "../../train/saliency.ts";
import { hessianDiagonals } from "../../train/hessian.ts";
import { drawSamples } from "../../data/drawSamples.ts";
import { axisLayout } from "../../transform/constants.ts";
import type { ChannelGroup, GroupMember } from "../../transform/channels/groups.ts";
import type { TrainingContext } from "../fineTune.ts";
import type { Params } from "./params.ts";

/** What each unit of a group is worth, by the group's name; groups of which a criterion knows nothing are missing. */
export type Importance = ReadonlyMap<string, Float64Array>;

export interface ImportanceOptions {
  readonly criterion: Params["importance"];
  /** Samples in a batch, and samples in all. */
  readonly batch: number;
  readonly samples: number;
  readonly seed: number;
  readonly context: TrainingContext;
}

/**
 * The importance of the units of some groups. Units that stand in several layers add up what they are worth in each.
 * @param model constants in memory
 * @throws invalid-data where a criterion needs samples and there are none
 */
export async function importanceOf(
  model: Model,
  groups: readonly ChannelGroup[],
  options: ImportanceOptions,
): Promise<Importance> {
  const weights = weightsOf(model, groups);
  const each = (change: (w: number) => number) => (name: string) => weights.get(name)?.data.map(change);
  const start = { groups, weights };
  switch (options.criterion) {
    case "l1":
      return sumOver(start, each(Math.abs));
    case "l2":
      return changed(
        sumOver(
          start,
          each((w) => w * w),
        ),
        Math.sqrt,
      );
    case "fpgm":
      return new Map(groups.map((group) => [group.name, distances(group, weights)]));
    case "bn-scale":
      return sumOver({ ...start, counts: isScale }, each(Math.abs));
    case "random":
      return randomImportance(groups, options.seed);
    case "taylor":
      return byGradients(model, { groups: groups.map(readersOf), weights }, options);
    case "fisher":
      return byGradients(model, start, options);
    case "hessian":
      return byCurvature(model, start, options);
  }
}

/**
 * A group with only those members that read its units, where there are such: what reads a unit and nothing else is told
 * by the gradient what becomes of the loss without it. What makes it is followed by normalisation and activation.
 */
function readersOf(group: ChannelGroup): ChannelGroup {
  const readers = group.members.filter((m) => m.side === "reads");
  return readers.length === 0 ? group : { ...group, members: readers };
}

export function randomImportance(groups: readonly ChannelGroup[], seed: number): Importance {
  return new Map(
    groups.map(({ name, units }) => {
      const random = seededRandom(seed, `prune/${name}`);
      return [name, Float64Array.from(units, () => 1 + random.next())];
    }),
  );
}

interface Weight {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

interface Sums {
  readonly groups: readonly ChannelGroup[];
  readonly weights: ReadonlyMap<string, Weight>;
  /** Members whose elements count; default: weights that make or read the units. */
  readonly counts?: (member: GroupMember) => boolean;
}

const isWeight = ({ role, side }: GroupMember): boolean => role === "weight" && side !== "follows";
const isScale = ({ role }: GroupMember): boolean => role === "scale";

function weightsOf(model: Model, groups: readonly ChannelGroup[]): ReadonlyMap<string, Weight> {
  const names = new Set(groups.flatMap((g) => g.members.map((m) => m.tensor)));
  return new Map(
    model.graph.initializers.flatMap((t) =>
      names.has(t.name) && t.type === "float32"
        ? [[t.name, { dims: t.dims, data: tensorArray(t).data as Float32Array }] as const]
        : [],
    ),
  );
}

/** Per unit, the sum of what its elements contribute; groups without a member that counts are left out. */
function sumOver(
  { groups, weights, counts = isWeight }: Sums,
  contribution: (tensor: string) => Float32Array | undefined,
): Map<string, Float64Array> {
  const known = new Map<string, Float32Array | undefined>();
  const result = new Map<string, Float64Array>();
  for (const { name, units, members } of groups) {
    const sums = new Float64Array(units.length);
    let isCounted = false;
    for (const member of members) {
      const weight = weights.get(member.tensor);
      if (weight === undefined || !counts(member)) continue;
      if (!known.has(member.tensor)) known.set(member.tensor, contribution(member.tensor));
      const parts = known.get(member.tensor);
      if (parts === undefined) continue;
      isCounted = true;
      const { outer, size, inner } = axisLayout(weight.dims, member.axis);
      member.indexes.forEach((indexes, unit) => {
        for (const index of indexes)
          for (let o = 0; o < outer; o++) {
            const from = (o * size + index) * inner;
            for (let k = from; k < from + inner; k++) sums[unit] = sums[unit]! + parts[k]!;
          }
      });
    }
    if (isCounted) result.set(name, sums);
  }
  return result;
}

function changed(importance: Map<string, Float64Array>, change: (x: number) => number): Importance {
  return new Map([...importance].map(([name, values]) => [name, values.map(change)]));
}

/** Σⱼ ‖xᵢ − xⱼ‖₂ between what makes the units: one in the middle of the others can be replaced by them (He et al. 2019). */
function distances({ members, units }: ChannelGroup, weights: Sums["weights"]): Float64Array {
  const makers = members.filter((m) => m.side === "makes" && weights.has(m.tensor));
  const rows = units.map((_, unit) => makers.flatMap((m) => elementsOf(m, unit, weights.get(m.tensor)!)));
  const sums = new Float64Array(units.length);
  for (let i = 0; i < rows.length; i++)
    for (let j = 0; j < i; j++) {
      const [a, b] = [rows[i]!, rows[j]!];
      let square = 0;
      for (let k = 0; k < a.length; k++) square += (a[k]! - b[k]!) ** 2;
      sums[i] = sums[i]! + Math.sqrt(square);
      sums[j] = sums[j]! + Math.sqrt(square);
    }
  return sums;
}

function elementsOf({ axis, indexes }: GroupMember, unit: number, { dims, data }: Weight): number[] {
  const { outer, size, inner } = axisLayout(dims, axis);
  const found: number[] = [];
  for (const index of indexes[unit] ?? [])
    for (let o = 0; o < outer; o++) {
      const from = (o * size + index) * inner;
      for (let k = from; k < from + inner; k++) found.push(data[k]!);
    }
  return found;
}

/**
 * By the gradients of batches, averaged. Taylor: (Σ g·w)² over the weights that read a unit, the square of what the loss
 * changes by to first order without it (Molchanov et al. 2019, eq. 8). Fisher: ½·Σ (g·w)², the second order with the Fisher information in
 * place of the Hessian, diagonal (Theis et al. 2018).
 */
async function byGradients(
  model: Model,
  start: Sums,
  { criterion, batch, samples, seed, context }: ImportanceOptions,
): Promise<Importance> {
  const totals = new Map<string, Float64Array>();
  const isFisher = criterion === "fisher";
  const options = {
    ...context,
    seed,
    training: trainingOf(context, criterion),
    batch,
    batches: Math.ceil(samples / batch),
    heads: [{ loss: { kind: "cross-entropy" }, target: "classes" }],
  } as const;
  const count = await eachGradient(model, options, (gradients) => {
    const found = sumOver(start, (name) => {
      const gradient = gradients.get(name);
      const data = start.weights.get(name)?.data;
      return gradient && data?.map((w, i) => (isFisher ? (gradient[i]! * w) ** 2 / 2 : gradient[i]! * w));
    });
    for (const [name, values] of found) {
      const total = totals.get(name) ?? new Float64Array(values.length);
      totals.set(name, total);
      for (let i = 0; i < total.length; i++) total[i] = total[i]! + (isFisher ? values[i]! : values[i]! ** 2);
    }
  });
  return changed(totals, (x) => x / count);
}

/** ½·Σ h·w² with the Hessian's diagonal, as far as it is positive (LeCun et al. 1990, "Optimal brain damage"). */
async function byCurvature(
  model: Model,
  start: Sums,
  { criterion, batch, samples, seed, context }: ImportanceOptions,
): Promise<Importance> {
  const names = new Set(start.groups.flatMap((g) => g.members.filter(isWeight).map((m) => m.tensor)));
  const diagonals = await hessianDiagonals(model, {
    ...context,
    seed,
    weights: [...names].filter((name) => start.weights.has(name)),
    stream: drawSamples(trainingOf(context, criterion), samples, seed),
    batch,
    probes: 1,
  });
  const found = sumOver(start, (name) => {
    const diagonal = diagonals.get(name);
    return diagonal && start.weights.get(name)?.data.map((w, i) => (w * w * diagonal[i]!) / 2);
  });
  return changed(found, (x) => Math.max(0, x));
}

function trainingOf({ split }: TrainingContext, criterion: string): ReturnType<NonNullable<TrainingContext["split"]>> {
  if (split !== undefined) return split("train");
  throw new LatheError("invalid-data", `The importance "${criterion}" needs samples and the project has none.`, {
    hint: 'Import data with "lathe import data PATH", or rank by "l2".',
  });
}
