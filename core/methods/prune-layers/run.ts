import type { Model } from "../../graph/model.ts";
import type { EpochResult } from "../../train/plan.ts";
import { removeRegions } from "../../transform/regions.ts";
import type { MethodContext, MethodResult } from "../define.ts";
import { fineTune } from "../fineTune.ts";
import { factsOf, openForPruning, remembered, settled } from "../pruned.ts";
import { scoreModels } from "../scores.ts";
import { chooseRegions, regionsOf, type Choosing, type Chosen, type Start } from "./choose.ts";
import type { Findings } from "./findings.ts";
import type { Params } from "./params.ts";

/** Leaves out blocks, trains what is left, and holds the result against its baselines. */
export async function run(context: MethodContext<Params>): Promise<MethodResult<Findings>> {
  const { params, session, emit } = context;
  const opened = await openForPruning(context.model, context);
  const start: Start = { ...opened, regions: regionsOf(opened.model, opened.shapes, params) };
  const made = await pruneAndTrain(start, {
    choosing: params,
    stage: "layers",
    title: "Training what is left",
    context,
  });
  const others = [
    { label: "before", model: start.model },
    ...(params.baselines ? await baselines(start, made, context) : []),
  ];
  emit({ kind: "stage", name: "Comparing" });
  const [before, ...rest] = others;
  const own = { label: "this result", model: made.model };
  const costs = await factsOf([before!, own, ...rest], context);
  const scores = await scoreModels(context, own, others);
  const errors = new Map(made.chosen.errors);
  const findings: Findings = {
    regions: start.regions.map(({ name, nodes, hasShortcut }) => {
      const error = params.importance === "random" ? undefined : errors.get(name);
      const place = made.chosen.removed.indexOf(name);
      return {
        name,
        nodes: nodes.length,
        hasShortcut,
        ...(error !== undefined && { error }),
        ...(place >= 0 && { removed: place + 1 }),
      };
    }),
    costs,
    threads: session.threads ?? 1,
    ...(scores && { scores }),
    history: made.history,
  };
  return { model: made.model, findings, warnings: warningsOf(findings) };
}

interface Made {
  readonly model: Model;
  readonly chosen: Chosen;
  readonly history: readonly EpochResult[];
}

interface Making {
  readonly choosing: Choosing;
  /** Names what the run keeps of it. */
  readonly stage: string;
  /** Of its training, for people. */
  readonly title: string;
  readonly context: MethodContext<Params>;
}

async function pruneAndTrain(start: Start, { choosing, stage, title, context }: Making): Promise<Made> {
  const chosen = await remembered(context, `${stage}.choice`, () => chooseRegions(start, choosing, context));
  const removed = start.regions.filter((r) => chosen.removed.includes(r.name));
  const removal = { whole: start.model, shapes: start.shapes.values };
  const ready = await settled(removeRegions(start.model, removed), removal, { ...choosing, context });
  return { chosen, ...(await trainFor(ready, { stage, title, context })) };
}

async function trainFor(
  model: Model,
  { stage, title, context }: Omit<Making, "choosing">,
): Promise<{ readonly model: Model; readonly history: readonly EpochResult[] }> {
  if (context.params.epochs === 0) return { model, history: [] };
  context.emit({ kind: "stage", name: title });
  return fineTune(context, model, { params: context.params, stage, title });
}

/** As many random blocks gone, and the whole model, each trained as long. */
async function baselines(
  start: Start,
  { chosen }: Made,
  context: MethodContext<Params>,
): Promise<readonly { readonly label: string; readonly model: Model }[]> {
  const { params } = context;
  const found: { label: string; model: Model }[] = [];
  if (params.epochs > 0) {
    const { model } = await trainFor(start.model, { stage: "whole", title: "Baseline: the whole model", context });
    found.push({ label: "nothing removed, trained as long", model });
  }
  // A hair less than the share that the number of removed blocks is.
  const remove = (chosen.removed.length - 0.5) / start.regions.length;
  const choosing = { ...params, target: "count", remove, importance: "random" } as const;
  const { model } = await pruneAndTrain(start, {
    choosing,
    stage: "random",
    title: "Baseline: random blocks",
    context,
  });
  return [...found, { label: "random blocks", model }];
}

function warningsOf({ scores, costs }: Findings): readonly string[] {
  const warnings: string[] = [];
  const random = scores?.scores.find((s) => s.label === "random blocks")?.difference;
  if (random !== undefined && random.interval.low <= 0) {
    warnings.push("The result is not clearly more accurate than without as many random blocks.");
  }
  const [before, own] = costs;
  const speed = (before?.latency ?? 0) / (own?.latency ?? 1);
  if (speed < 1.05)
    warnings.push(`It runs at ${speed.toFixed(2)}× the speed of before on this machine; the gain is size.`);
  return warnings;
}
