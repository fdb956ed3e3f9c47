import { throwIfCancelled } from "../../base/cancel.ts";
import { LatheError } from "../../base/error.ts";
import { globMatcher } from "../../base/glob.ts";
import { seededRandom } from "../../base/random.ts";
import { drawSamples } from "../../data/drawSamples.ts";
import type { Model } from "../../graph/model.ts";
import { countCosts } from "../../measure/costs.ts";
import { compareOutputs } from "../../measure/outputError.ts";
import { collectOutputs } from "../../measure/outputs.ts";
import type { FoundShapes } from "../../measure/shapes.ts";
import { timeModels } from "../../measure/timeModels.ts";
import { findRegions, removeRegions, type Region } from "../../transform/regions.ts";
import type { TrainingContext } from "../fineTune.ts";
import { recalibrated } from "../pruned.ts";
import type { Params } from "./params.ts";

/** A model and the parts of it that could be left out. */
export interface Start {
  readonly model: Model;
  readonly shapes: FoundShapes;
  readonly regions: readonly Region[];
}

export type Choosing = Pick<
  Params,
  "target" | "remove" | "importance" | "rescan" | "samples" | "compensate" | "recalibrate" | "unit" | "exclude"
>;

/** Names of the removed regions in the order of their removal, and what was found of each when last looked at. */
export interface Chosen {
  readonly removed: readonly string[];
  readonly errors: readonly (readonly [name: string, error: number])[];
}

/** Regions that the parameters allow. @throws invalid-recipe for a pattern that matches no node */
export function regionsOf(model: Model, shapes: FoundShapes, { unit, exclude }: Choosing): readonly Region[] {
  const isExcluded = globMatcher(
    exclude,
    model.graph.nodes.map((n) => n.name),
  );
  return findRegions(model, shapes.values).filter(
    ({ hasShortcut, nodes }) =>
      (unit === "both" || hasShortcut === (unit === "blocks")) && !nodes.some((n) => isExcluded(n.name)),
  );
}

/**
 * Leaves out one region after the other, each time the one that moves the outputs least for what it saves, until the
 * target is met.
 * @throws invalid-recipe where that does not happen
 */
export async function chooseRegions(start: Start, choosing: Choosing, context: TrainingContext): Promise<Chosen> {
  const { model, regions } = start;
  const { remove } = choosing;
  const shareOf = amountsOf(start, choosing, context);
  const errors = new Map<string, number>();
  const removed: Region[] = [];
  let isRanked = false;
  while ((await shareOf(removed)) > 1 - remove) {
    const free = regions.filter((r) => !removed.some((other) => overlaps(r, other)));
    if (free.length === 0) throw unreachable(start, choosing);
    if (choosing.rescan || !isRanked) {
      await scan(start, { removed, free, choosing, context, errors });
      isRanked = true;
    }
    const saves = new Map(free.map((r) => [r, costOf(model, start.shapes, r)] as const));
    const price = (r: Region): number => (errors.get(r.name) ?? Infinity) / Math.max(saves.get(r) ?? 0, 1);
    removed.push(free.reduce((best, r) => (price(r) < price(best) ? r : best)));
  }
  return { removed: removed.map((r) => r.name), errors: [...errors] };
}

const overlaps = (a: Region, b: Region): boolean => a.nodes.some((n) => b.nodes.includes(n));

const costOf = (model: Model, shapes: FoundShapes, { nodes }: Region): number =>
  countCosts({ ...model, graph: { ...model.graph, nodes } }, shapes).macs;

/** What is left of the target's amount without some regions, as a share of the whole. */
function amountsOf(
  { model, shapes, regions }: Start,
  { target }: Choosing,
  context: TrainingContext,
): (removed: readonly Region[]) => Promise<number> {
  const whole = countCosts(model, shapes);
  return async (removed) => {
    if (removed.length === 0) return 1;
    if (target === "count") return 1 - removed.length / regions.length;
    const left = removeRegions(model, removed);
    if (target === "latency") {
      const [before = 1, after = 1] = await timeModels([model, left], { ...context, batch: 1 });
      return after / before;
    }
    const costs = countCosts(left, shapes);
    const key = target === "size" ? "weights" : target;
    return costs[key] / whole[key];
  };
}

interface Scan {
  readonly removed: readonly Region[];
  readonly free: readonly Region[];
  readonly choosing: Choosing;
  readonly context: TrainingContext;
  readonly errors: Map<string, number>;
}

/** How far the outputs are from the whole model's without what is removed and one more. */
async function scan({ model }: Start, { removed, free, choosing, context, errors }: Scan): Promise<void> {
  const { importance, samples, recalibrate } = choosing;
  const { split, seed, signal, emit } = context;
  if (importance === "random") {
    const random = seededRandom(seed, "prune-layers");
    for (const region of free) errors.set(region.name, random.fork(`${removed.length}/${region.name}`).next());
    return;
  }
  if (split === undefined) {
    throw new LatheError("invalid-data", "A scan of the blocks needs samples and the project has none.", {
      hint: 'Import data with "lathe import data PATH".',
    });
  }
  emit({ kind: "stage", name: `Scanning ${free.length} blocks` });
  const how = { ...context, stream: drawSamples(split("train"), samples, context.seed), batch: 64 };
  const reference = await collectOutputs(model, how);
  for (const [i, region] of free.entries()) {
    throwIfCancelled(signal);
    const without = removeRegions(model, [...removed, region]);
    const ready = recalibrate ? await recalibrated(without, context, { before: model, samples }) : without;
    const actual = await collectOutputs(ready, how);
    errors.set(region.name, compareOutputs(reference.values, actual.values, reference.rows).kl);
    emit({ kind: "progress", done: i + 1, total: free.length, unit: "blocks" });
  }
}

function unreachable({ regions }: Start, { target, remove, unit }: Choosing): LatheError {
  const what = regions.length === 0 ? "nothing" : `only ${regions.length}`;
  return new LatheError(
    "invalid-recipe",
    `Without every block that can go, less than "${remove}" of the target (${target}) is gone.`,
    { hint: `Of the model's ${unit} ${what} can be left out. Remove less, or choose another unit.` },
  );
}
