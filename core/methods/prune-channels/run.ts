import type { Model } from "../../graph/model.ts";
import type { EpochResult } from "../../train/plan.ts";
import { explainGroup } from "../../transform/channels/explain.ts";
import type { MethodContext, MethodResult } from "../define.ts";
import { fineTune } from "../fineTune.ts";
import { factsOf } from "../pruned.ts";
import { scoreModels } from "../scores.ts";
import type { Curve, Findings, GroupFinding } from "./findings.ts";
import type { Params } from "./params.ts";
import { layerNames, open, prune, whyNotPruned, type Goal, type Opened, type Pruned } from "./prune.ts";

/** Removes channels, trains what is left, and holds the result against its baselines. */
export async function run(context: MethodContext<Params>): Promise<MethodResult<Findings>> {
  const { params, session, emit } = context;
  emit({ kind: "stage", name: "Finding groups" });
  const start = await open(context.model, context);
  const made = await pruneInRounds(start, context);
  const others = [
    { label: "before", model: start.model },
    ...(params.baselines ? await baselines(start, made, context) : []),
  ];
  emit({ kind: "stage", name: "Comparing" });
  const [before, ...rest] = others;
  const own = { label: "this result", model: made.model };
  const costs = await factsOf([before!, own, ...rest], context);
  const scores = await scoreModels(context, own, others);
  const findings: Findings = {
    groups: groupFindings(start, made.opened, params),
    costs,
    threads: session.threads ?? 1,
    ...(scores && { scores }),
    curves: made.curves,
    history: made.history,
  };
  return { model: made.model, findings, warnings: warningsOf(params, findings) };
}

interface Made {
  readonly model: Model;
  /** The model with its groups, as it is after pruning. */
  readonly opened: Opened;
  readonly curves: readonly Curve[];
  readonly history: readonly EpochResult[];
}

/** One round, or several that each remove a part and train in between. */
async function pruneInRounds(start: Opened, context: MethodContext<Params>): Promise<Made> {
  const { params } = context;
  const rounds = params.schedule === "iterative" ? params.rounds : 1;
  let opened = start;
  let last: Pruned | undefined;
  const history: EpochResult[] = [];
  for (let round = 1; round <= rounds; round++) {
    const goal = goalOf(start, params, 1 - (params.remove * round) / rounds);
    const stage = rounds === 1 ? "prune" : `prune-${round}`;
    last = await prune(opened, { choosing: params, goal, stage, context });
    const epochs = share(params.epochs, round, rounds);
    const title = rounds === 1 ? "Training what is left" : `Training what is left, round ${round} of ${rounds}`;
    const trained = await trainFor(last.model, { epochs, stage, title, context });
    history.push(...trained.history.map((h) => ({ ...h, epoch: h.epoch + history.length })));
    opened = await open(trained.model, context);
  }
  return { model: opened.model, opened, curves: last?.curves ?? [], history };
}

/** Epochs of one round, so that all of them add up. */
const share = (epochs: number, round: number, rounds: number): number =>
  Math.floor((epochs * round) / rounds) - Math.floor((epochs * (round - 1)) / rounds);

function goalOf(start: Opened, { target }: Params, left: number): Goal {
  const whole = start.costs(new Map());
  const amounts = { macs: whole.macs, parameters: whole.parameters, size: whole.bytes, latency: 1 };
  return { most: amounts[target] * left, reference: start.model };
}

interface Training {
  readonly epochs: number;
  readonly stage: string;
  /** The same for people. */
  readonly title: string;
  readonly context: MethodContext<Params>;
}

async function trainFor(
  model: Model,
  { epochs, stage, title, context }: Training,
): Promise<{ readonly model: Model; readonly history: readonly EpochResult[] }> {
  if (epochs === 0) return { model, history: [] };
  context.emit({ kind: "stage", name: title });
  return fineTune(context, model, { params: { ...context.params, epochs }, stage, title });
}

/** What the result has to beat, each at no more arithmetic than it and trained as long. */
async function baselines(
  start: Opened,
  { model, opened }: Made,
  context: MethodContext<Params>,
): Promise<readonly { readonly label: string; readonly model: Model }[]> {
  const { params } = context;
  const { epochs } = params;
  const goal: Goal = { most: opened.costs(new Map()).macs, reference: model };
  const common = { ...params, target: "macs", schedule: "one-shot" } as const;
  const uniform = { ...common, scope: "layer", multiple: 1 } as const;
  const random = { ...common, importance: "random" } as const;
  const found: { label: string; model: Model }[] = [];
  if (epochs > 0) {
    const trained = await trainFor(start.model, {
      epochs,
      stage: "whole",
      title: "Baseline: the whole model",
      context,
    });
    found.push({ label: "not pruned, trained as long", model: trained.model });
  }
  for (const [stage, label, choosing] of [
    ["uniform", "narrower everywhere", uniform],
    ["random", "random channels", random],
  ] as const) {
    const pruned = await prune(start, { choosing, goal, stage, context });
    const trained = await trainFor(pruned.model, { epochs, stage, title: `Baseline: ${label}`, context });
    found.push({ label, model: trained.model });
  }
  return found;
}

function groupFindings(start: Opened, after: Opened, params: Params): readonly GroupFinding[] {
  const names = layerNames(start);
  const widths = new Map(after.found.groups.map((g) => [g.name, g.units.length]));
  return start.found.groups.map((group) => {
    const reason = whyNotPruned(group, params, names);
    return {
      group: group.name,
      before: group.units.length,
      after: widths.get(group.name) ?? group.units.length,
      ...(reason !== undefined && { reason }),
      members: explainGroup(group).rows,
    };
  });
}

function warningsOf({ target, remove }: Params, { scores, costs }: Findings): readonly string[] {
  const warnings: string[] = [];
  for (const label of ["narrower everywhere", "random channels"]) {
    const difference = scores?.scores.find((s) => s.label === label)?.difference;
    if (difference !== undefined && difference.interval.low <= 0) {
      warnings.push(`The result is not clearly more accurate than the same arithmetic with "${label}".`);
    }
  }
  const [before, own] = costs;
  const speed = (before?.latency ?? 0) / (own?.latency ?? 1);
  if (speed < 1.05)
    warnings.push(`It runs at ${speed.toFixed(2)}× the speed of before on this machine; the gain is size.`);
  if (target === "latency" && speed < 0.95 / (1 - remove)) {
    warnings.push(
      `Timed again, the latency fell by ${(100 - 100 / speed).toFixed(0)} % and not by ${(100 * remove).toFixed(0)} %.`,
    );
  }
  return warnings;
}
