import { LatheError } from "../base/error.ts";
import { hash } from "../base/hash.ts";
import type { Model } from "../graph/model.ts";
import type { SampleStream } from "../data/batches.ts";
import { seededRandom } from "../base/random.ts";
import type { Constraint, Objective } from "../search/objectives.ts";
import { isBelowMedian } from "../search/medianStop.ts";
import { keyOf } from "../search/points.ts";
import type { Point } from "../search/space.ts";
import type { Proposal } from "../search/sampler.ts";
import { readCheckpoint, writeCheckpoint } from "../train/checkpoint.ts";
import type { EpochResult } from "../train/plan.ts";
import { train } from "../train/train.ts";
import { withConstants } from "../train/trainer.ts";
import { constantsOf } from "../zoo/elastic.ts";
import type { MethodContext, TrialLog } from "./define.ts";
import { fallsText } from "./rates.ts";
import { startClock, type Clock } from "./searchLatency.ts";
import { trialPlan, type GoalParams, type SearchParams } from "./searchParams.ts";
import { costsOfNet, type NetSpace } from "./searchSpace.ts";
import { BUDGET, type Tried } from "./searchTrials.ts";

const THOUSAND = 1000;

/** What a search makes large and small. */
export function objectivesOf({ objectives }: Pick<GoalParams, "objectives">): readonly Objective[] {
  return [{ name: "accuracy", direction: "max" }, ...objectives.map((name) => ({ name, direction: "min" }) as const)];
}

export function constraintsOf({ maxLatency, maxMacs, maxSize, maxMemory }: GoalParams): readonly Constraint[] {
  const bounds = { latency: maxLatency, macs: maxMacs * 1e6, size: maxSize * THOUSAND, memory: maxMemory * THOUSAND };
  return Object.entries(bounds).flatMap(([name, most]) => (most > 0 ? [{ name, most }] : []));
}

/** Whether a net meets the bounds that can be told without running it. */
export function meetsCounted(nets: NetSpace, constraints: readonly Constraint[]): (point: Point) => boolean {
  return (point) => {
    const costs: Readonly<Record<string, number>> = { ...costsOfNet(nets.describe(point)) };
    return constraints.every(({ name, most = Infinity }) => (costs[name] ?? 0) <= most);
  };
}

/** Trains and measures nets, and keeps their weights until the search is over. */
export interface NetTrainer {
  evaluate(proposal: Proposal): Promise<Tried>;
  /** The net of a point as it was trained with that share of the epochs. */
  model(point: Point, budget: number): Promise<Model>;
  /** Trains a net anew for so many epochs. */
  again(point: Point, epochs: number): Promise<{ readonly model: Model; readonly accuracy: number }>;
}

/** @throws invalid-data without training or validation samples */
export function startNetTrainer(context: MethodContext<SearchParams>, nets: NetSpace, log: TrialLog): NetTrainer {
  const { params, seed, host, signal, emit } = context;
  const { training, validation } = samplesOf(context);
  const wantsLatency = params.objectives.includes("latency") || params.maxLatency > 0;
  let clock: Clock | undefined;
  const held = new Map<string, Model>();
  const pathOf = (point: Point, budget: number): string | undefined =>
    context.work && host.files.join(context.work.folder, `net-${hash(`${budget} ${keyOf(point)}`).slice(0, 16)}`);

  const trainNet = async (point: Point, epochs: number, { path, watch }: TrainingParts) => {
    const local = new AbortController();
    let curve: readonly number[] = [];
    const onEpoch = (history: readonly EpochResult[]): void => {
      curve = history.flatMap((h) => h.accuracy ?? []);
      if (curve.length < epochs && watch?.(curve) === true) local.abort();
    };
    if (context.work !== undefined) await host.files.makeFolder(context.work.folder);
    try {
      const result = await train({
        model: nets.build(point, seed),
        plan: trialPlan(params, epochs),
        training,
        validation,
        seed,
        session: context.session,
        host,
        signal: AbortSignal.any([signal, local.signal]),
        emit: () => undefined,
        onEpoch,
        ...(path !== undefined && {
          saving: { path: `${path}.checkpoint`, key: `${context.work!.key}/${epochs}/${keyOf(point)}` },
        }),
      });
      // Epochs before an interruption count as well.
      onEpoch(result.history);
      return { model: result.model, curve, falls: result.rate.falls, isStopped: false };
    } catch (thrown) {
      if (!local.signal.aborted || signal.aborted) throw thrown;
      return { model: undefined, curve, falls: [], isStopped: true };
    } finally {
      if (path !== undefined && !signal.aborted) await host.files.remove(`${path}.checkpoint`);
    }
  };

  return {
    evaluate: async ({ point, budget }) => {
      const epochs = Math.max(1, Math.round(params.epochs * budget));
      const costs = costsOfNet(nets.describe(point));
      const path = pathOf(point, budget);
      const others = params.medianStop ? curvesOf(log, budget) : [];
      const watch = (curve: readonly number[]): boolean => isBelowMedian(curve, others);
      const { model, curve, falls, isStopped } = await trainNet(point, epochs, { path, watch });
      const steps = Object.fromEntries(curve.map((a, i) => [`accuracy@${i + 1}`, a]));
      const values = { accuracy: curve.at(-1) ?? 0, ...costs, ...(params.medianStop && steps) };
      const timed = wantsLatency ? await timeNet(model ?? nets.build(point, seed)) : undefined;
      if (model !== undefined) await keep(point, budget, model);
      return {
        state: isStopped ? "stopped" : "done",
        values: { ...values, ...timed },
        ...(isStopped && { note: "Behind the median of the nets before it." }),
        ...(falls.length > 0 && { note: fallsText(falls) }),
      };
    },
    model: async (point, budget) => {
      const there = held.get(`${budget} ${keyOf(point)}`);
      if (there !== undefined) return there;
      const path = pathOf(point, budget);
      const found = path === undefined ? undefined : await readCheckpoint(path, host);
      if (found !== undefined) return withConstants(nets.build(point, seed), found.arrays);
      // A net that was stopped early has no weights worth keeping; it is trained whole.
      const epochs = Math.max(1, Math.round(params.epochs * budget));
      return (await trainNet(point, epochs, { path })).model!;
    },
    again: async (point, epochs) => {
      emit({ kind: "stage", name: `Training the chosen net for ${epochs} epochs` });
      const path = context.work && host.files.join(context.work.folder, "final");
      const { model, curve, falls } = await trainNet(point, epochs, { path });
      context.trained?.({ title: "Training the chosen net", rate: params.rate, falls });
      return { model: model!, accuracy: curve.at(-1) ?? 0 };
    },
  };

  async function timeNet(model: Model): Promise<Readonly<Record<string, number>>> {
    clock ??= startClock(nets.reference(seed), context, nominalOf(log));
    return { ...(await clock.time(model)) };
  }

  async function keep(point: Point, budget: number, model: Model): Promise<void> {
    const path = pathOf(point, budget);
    if (path === undefined) {
      held.set(`${budget} ${keyOf(point)}`, model);
      return;
    }
    await writeCheckpoint(path, { key: keyOf(point), position: null, arrays: constantsOf(model) }, host);
  }
}

interface TrainingParts {
  readonly path: string | undefined;
  /** Whether a training with this curve is to end. */
  readonly watch?: (curve: readonly number[]) => boolean;
}

/** The samples of every trial, and those that they are compared on. */
export function samplesOf({
  split,
  seed,
  params,
}: Pick<MethodContext<{ readonly samples: number }>, "split" | "seed" | "params">): {
  readonly training: SampleStream;
  readonly validation: SampleStream;
} {
  const [training, validation] = [split?.("train"), split?.("validation")];
  if (training === undefined || validation === undefined || training.count === 0 || validation.count === 0) {
    const missing = (training?.count ?? 0) === 0 ? "training" : "validation";
    throw new LatheError(
      "invalid-data",
      `A search trains and compares nets, and the project has no ${missing} samples.`,
      {
        hint: 'Import labelled data with "lathe import data PATH".',
      },
    );
  }
  if (params.samples === 0 || params.samples >= training.count) return { training, validation };
  const drawn = seededRandom(seed, "samples").shuffle(Array.from(training.indices)).slice(0, params.samples);
  return { training: training.select(Int32Array.from(drawn.toSorted((a, b) => a - b))), validation };
}

/** What the reference took beside the first trial that was timed. */
function nominalOf({ done }: TrialLog): number | undefined {
  return done.map((t) => t.values["reference"]).find((ms) => ms !== undefined);
}

/** Accuracies after each epoch of the trials that got as much effort. */
function curvesOf({ done }: TrialLog, budget: number): readonly (readonly number[])[] {
  return done
    .filter((t) => t.state === "done" && (t.values[BUDGET] ?? 1) === budget)
    .map(({ values }) => {
      const curve: number[] = [];
      for (let epoch = 1; values[`accuracy@${epoch}`] !== undefined; epoch++) curve.push(values[`accuracy@${epoch}`]!);
      return curve;
    });
}
