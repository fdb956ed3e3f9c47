import { LatheError } from "../../base/error.ts";
import { formatBytes, formatCount, formatMilliseconds } from "../../base/format.ts";
import { globMatcher } from "../../base/glob.ts";
import { drawSamples } from "../../data/drawSamples.ts";
import type { Model } from "../../graph/model.ts";
import { channelProducts } from "../../measure/channelSums.ts";
import type { FoundShapes } from "../../measure/shapes.ts";
import { timeModels } from "../../measure/timeModels.ts";
import { costsOfChoices, type PrunedCosts } from "../../transform/channels/costs.ts";
import { channelGroups, type ChannelGroup, type ChannelGroups } from "../../transform/channels/groups.ts";
import { compensate, cutReaders, watchedReaders } from "../../transform/channels/compensate.ts";
import { leftBy, removeChannels, type ChannelChoice } from "../../transform/channels/remove.ts";
import type { TrainingContext } from "../fineTune.ts";
import { lookedAt, openForPruning, remembered, settled } from "../pruned.ts";
import { allocate, choiceOf, evenedOut, type Candidate, type Meets, type Widths } from "./allocate.ts";
import { importanceOf, type Importance } from "./importance.ts";
import type { Params } from "./params.ts";
import type { Curve } from "./findings.ts";
import { allocateByCurves, scanGroups } from "./sensitivity.ts";

/** A model, its groups, and what any choice of them would cost. */
export interface Opened {
  readonly model: Model;
  readonly shapes: FoundShapes;
  readonly found: ChannelGroups;
  readonly costs: (choice: ChannelChoice) => PrunedCosts;
}

/** Finds the groups of a model. */
export async function open(model: Model, context: TrainingContext): Promise<Opened> {
  const { model: ready, shapes } = await openForPruning(model, context);
  const found = channelGroups(ready, shapes.values);
  return { model: ready, shapes, found, costs: costsOfChoices(ready, found, shapes.values) };
}

/** How channels are chosen. */
export type Choosing = Pick<
  Params,
  | "target"
  | "importance"
  | "scope"
  | "perCost"
  | "schedule"
  | "multiple"
  | "minimum"
  | "exclude"
  | "shifted"
  | "samples"
  | "recalibrate"
  | "compensate"
  | "batch"
>;

/** What the result must not exceed, in the unit of the target. */
export interface Goal {
  readonly most: number;
  /** For latency: the model that the result is timed against, whose latency counts as 1. */
  readonly reference: Model;
}

export interface Pruned {
  readonly model: Model;
  readonly choice: ChannelChoice;
  readonly curves: readonly Curve[];
}

/** Why a group keeps its width; undefined where it can lose units. */
export function whyNotPruned(
  group: ChannelGroup,
  { exclude, shifted }: Choosing,
  names: readonly string[],
): string | undefined {
  if (group.keptBecause !== undefined) return group.keptBecause;
  if (group.shiftedBecause !== undefined && !shifted) return group.shiftedBecause;
  if (group.units.length < 2) return "there is one only";
  const isExcluded = globMatcher(exclude, names);
  const own = group.members.filter((m) => m.side === "makes").flatMap((m) => [m.node, m.tensor]);
  return own.some(isExcluded) ? "it is protected" : undefined;
}

/** Names that patterns of protected layers are matched with. */
export const layerNames = ({ found }: Opened): readonly string[] =>
  found.groups.flatMap((g) => g.members.filter((m) => m.side === "makes").flatMap((m) => [m.node, m.tensor]));

/**
 * Chooses channels and removes them. What was chosen is kept in the run's folder under the stage's name, as latencies are
 * not the same when they are measured again.
 * @throws invalid-recipe where the target cannot be met
 */
export async function prune(opened: Opened, options: PruneOptions): Promise<Pruned> {
  const { stage, context } = options;
  const remove = remover(opened, options);
  const { choice, curves } = await remembered(context, `${stage}.choice`, async () => {
    const chosen = await choose(opened, { ...options, remove });
    return { choice: [...chosen.choice], curves: chosen.curves };
  });
  const chosen: ChannelChoice = new Map(choice);
  return { model: await remove(chosen, true), choice: chosen, curves };
}

/** @param isLast whether nothing is chosen by it any more, so that it may take long */
type Remove = (choice: ChannelChoice, isLast?: boolean) => Promise<Model>;

/** Removes channels, makes up for them and estimates the statistics anew, as far as there are samples and it is wanted. */
function remover({ model, found, shapes: { values } }: Opened, { choosing, context }: PruneOptions): Remove {
  const { compensate: way, samples } = choosing;
  const stream = lookedAt(context, samples);
  let products: ReadonlyMap<string, Float64Array> | undefined;
  return async (choice, isLast) => {
    const left = leftBy(found, choice);
    let whole = model;
    if (stream !== undefined && way !== "none") {
      const options = { ...context, stream, batch: Math.min(32, stream.count) };
      products ??= await channelProducts(model, watchedReaders(model, values), options);
      whole = compensate(model, cutReaders(model, values, left), products);
    }
    const small = removeChannels(whole, found, { choice, shapes: values });
    const removal = { whole: model, shapes: values, left };
    return settled(small, removal, { ...choosing, compensate: isLast === true ? way : "none", context });
  };
}

export interface PruneOptions {
  readonly choosing: Choosing;
  readonly goal: Goal;
  readonly stage: string;
  readonly context: TrainingContext;
}

async function choose(
  opened: Opened,
  { choosing, goal, context, remove }: PruneOptions & { readonly remove: Remove },
): Promise<{ readonly choice: ChannelChoice; readonly curves: readonly Curve[] }> {
  const { target, scope, perCost, schedule, importance: criterion, samples, batch } = choosing;
  const names = layerNames(opened);
  const free = opened.found.groups.filter((group) => whyNotPruned(group, choosing, names) === undefined);
  context.emit({ kind: "stage", name: `Scoring ${free.length} groups` });
  const raw = await importanceOf(opened.model, free, { criterion, batch, samples, seed: context.seed, context });
  const candidates = candidatesOf(opened, free, {
    importance: COMPARABLE.has(criterion) ? raw : evenedOut(raw),
    target,
  });
  if (candidates.length === 0) throw nothingToPrune(opened, choosing, names);
  const meets = meetsGoal(opened, { target, goal, context });
  const rules = choosing;
  if (schedule !== "sensitivity") {
    context.emit({ kind: "stage", name: "Choosing widths" });
    const widths = await allocate(candidates, { scope, perCost, rules, meets });
    return { choice: choiceOf(candidates, widths ?? unreachable(goal, choosing)), curves: [] };
  }
  context.emit({ kind: "stage", name: "Scanning groups" });
  const stream = sampleStreamOf(context);
  const curves = await scanGroups(opened.model, candidates, {
    rules,
    stream: drawSamples(stream, samples, context.seed),
    context,
    narrowed: (candidate, width) => remove(choiceOf([candidate], [width])),
  });
  const unit = target === "latency" ? "macs" : unitOf(target);
  const costOf = (widths: Widths): number => opened.costs(choiceOf(candidates, widths))[unit];
  const widths = await allocateByCurves(candidates, { curves, rules, costOf, meets });
  return { choice: choiceOf(candidates, widths ?? unreachable(goal, choosing)), curves };
}

/** Criteria that say what the loss changes by, which can be compared between layers as it is. */
const COMPARABLE: ReadonlySet<Params["importance"]> = new Set(["taylor", "fisher", "hessian"]);

const unitOf = (target: Exclude<Params["target"], "latency">): keyof PrunedCosts =>
  target === "size" ? "bytes" : target;

function candidatesOf(
  { costs }: Opened,
  groups: readonly ChannelGroup[],
  { importance, target }: { readonly importance: Importance; readonly target: Params["target"] },
): readonly Candidate[] {
  const unit = target === "latency" ? "macs" : unitOf(target);
  const whole = costs(new Map())[unit];
  return groups.flatMap((group) => {
    const own = importance.get(group.name);
    if (own === undefined) return [];
    return [{ group, importance: own, saves: 1 - costs(new Map([[group.name, [0]]]))[unit] / whole }];
  });
}

/** Latencies are measured once for each choice, against the reference in turns. */
function meetsGoal(
  { model, found, shapes, costs }: Opened,
  {
    target,
    goal,
    context,
  }: { readonly target: Params["target"]; readonly goal: Goal; readonly context: TrainingContext },
): Meets {
  if (target !== "latency") return (choice) => costs(choice)[unitOf(target)] <= goal.most;
  const known = new Map<string, boolean>();
  return async (choice) => {
    const key = JSON.stringify([...choice]);
    const before = known.get(key);
    if (before !== undefined) return before;
    const pruned = removeChannels(model, found, { choice, shapes: shapes.values });
    const [reference = 1, own = 1] = await timeModels([goal.reference, pruned], { ...context, batch: 1 });
    const isMet = own / reference <= goal.most;
    context.emit({ kind: "metric", name: "latency-share", value: own / reference });
    known.set(key, isMet);
    return isMet;
  };
}

function sampleStreamOf({ split }: TrainingContext): ReturnType<NonNullable<TrainingContext["split"]>> {
  if (split !== undefined) return split("train");
  throw new LatheError("invalid-data", "A scan of the groups needs samples and the project has none.", {
    hint: 'Import data with "lathe import data PATH", or take the one-shot schedule.',
  });
}

function unreachable({ most }: Goal, { target, multiple, minimum }: Choosing): never {
  throw new LatheError(
    "invalid-recipe",
    `Even at the narrowest widths the model exceeds the target of "${targetText(target, most)}".`,
    {
      hint: `Remove less, or allow narrower groups: fewest channels ${minimum}, multiples of ${multiple}.`,
    },
  );
}

/** What is left of the target as people read it. */
function targetText(target: Choosing["target"], most: number): string {
  switch (target) {
    case "macs":
      return `${formatCount(most)} MACs`;
    case "parameters":
      return `${formatCount(most)} parameters`;
    case "size":
      return formatBytes(most);
    case "latency":
      return formatMilliseconds(most);
  }
}

function nothingToPrune({ found }: Opened, choosing: Choosing, names: readonly string[]): LatheError {
  const reasons = found.groups.map(
    (g) => `${g.name}: ${whyNotPruned(g, choosing, names) ?? "the importance knows nothing of it"}`,
  );
  return new LatheError("invalid-recipe", "No group of channels can be pruned.", {
    hint:
      reasons.length === 0 ? "The model has no layers whose channels are known." : `${reasons.slice(0, 5).join("; ")}.`,
    details: { reasons },
  });
}
