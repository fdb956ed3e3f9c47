import { tensorArray } from "../../graph/build.ts";
import type { Model } from "../../graph/model.ts";
import { gradualMasks, type Ramp, type WeightState } from "../../train/gradual.ts";
import type { EpochResult } from "../../train/plan.ts";
import { applyMasks } from "../../transform/applyMasks.ts";
import type { LinearLayer } from "../../transform/linearLayers.ts";
import { chooseMasks, type MaskOptions } from "../../transform/sparseMasks.ts";
import type { MethodContext } from "../define.ts";
import { fineTune } from "../fineTune.ts";
import { randomScorer, type Scorer } from "./criteria.ts";
import type { Params } from "./params.ts";

/** Masks at a share of the way to the final sparsity. */
type Chooser = (share: number, state: (weight: string) => WeightState) => ReadonlyMap<string, Float32Array>;

/** What every training of a run needs. */
export interface Plan {
  readonly context: MethodContext<Params>;
  readonly start: Model;
  readonly layers: readonly LinearLayer[];
  readonly options: MaskOptions;
  readonly choose: Chooser;
}

/** A sparse model and how it came about. */
export interface Made {
  readonly model: Model;
  readonly history: readonly EpochResult[];
  readonly epochs: number;
  /** The dense model trained for as long, where that fell off. */
  readonly dense?: Model;
  /** What the last training began with, before its masks. */
  readonly from: Model;
}

/** Masks by what a criterion says. */
export function chooserOf(layers: readonly LinearLayer[], scorer: Scorer, options: MaskOptions): Chooser {
  return (share, state) =>
    chooseMasks(
      layers.map((layer) => ({ layer, scores: scorer(layer, state(layer.weight)) })),
      { ...options, sparsity: options.sparsity * share },
    );
}

/** Masks drawn at random that leave each layer as sparse as others have. */
function randomChooser({ layers, options, context }: Plan, masks: ReadonlyMap<string, Float32Array>): Chooser {
  const scorer = randomScorer(context.seed);
  const { pattern } = options;
  return (share, state) =>
    new Map(
      layers.flatMap((layer) => {
        const mask = masks.get(layer.weight)!;
        const sparsity = (share * mask.reduce((zeros, m) => zeros + 1 - m, 0)) / mask.length;
        const scored = [{ layer, scores: scorer(layer, state(layer.weight)) }];
        return [...chooseMasks(scored, { pattern, scope: "uniform", sparsity })];
      }),
    );
}

const SPARSE = "Training the sparse model";
const DENSE = "Training the dense model";
const BASELINE = "Baseline: the dense model";

/** Masks and trains as the schedule says. */
export async function makeSparse(plan: Plan): Promise<Made> {
  switch (plan.context.params.schedule) {
    case "one-shot":
      return trainMasked(plan, { stage: "sparse", title: SPARSE, from: plan.start, choose: plan.choose });
    case "cubic":
      return trainGradually(plan, { stage: "sparse", title: SPARSE, choose: plan.choose });
    case "rewind":
      return rewind(plan);
  }
}

interface Masked {
  readonly stage: string;
  /** The same for people. */
  readonly title: string;
  readonly from: Model;
  readonly choose: Chooser;
}

/** Masks at once, and training after that. */
async function trainMasked({ context }: Plan, { stage, title, from, choose }: Masked): Promise<Made> {
  const { params } = context;
  const masks = choose(1, (weight) => stateOf(from, weight));
  const masked = applyMasks(from, masks);
  if (params.epochs === 0) return { model: masked, history: [], epochs: 0, from };
  context.emit({ kind: "stage", name: "Training with masks" });
  const { model, history } = await fineTune(context, masked, { params, stage, title, masks });
  return { model, history, epochs: params.epochs, from };
}

/** Training that gets sparser step by step. */
async function trainGradually(
  { context, start, layers }: Plan,
  { stage, title, choose }: Omit<Masked, "from">,
): Promise<Made> {
  const { params } = context;
  context.emit({ kind: "stage", name: "Training sparser step by step" });
  const ramp: Ramp = { start: 0, end: params.rampEnd, every: params.rampEvery };
  const masks = new Map(layers.map((l) => [l.weight, new Float32Array(l.elements).fill(1)]));
  const scored = params.criterion === "movement" ? layers.map((l) => l.weight) : [];
  const beforeUpdate = gradualMasks(ramp, choose);
  const { model, history } = await fineTune(context, start, {
    params,
    stage,
    title,
    masks,
    beforeUpdate,
    plan: { scored },
  });
  return { model, history, epochs: params.epochs, from: start };
}

/**
 * The lottery ticket (Frankle and Carbin 2019; rewinding: Frankle et al. 2020): train, drop the lowest weights, set the
 * others back to what they were early on, and train again, for some rounds.
 */
async function rewind(plan: Plan): Promise<Made> {
  const { context, start, options } = plan;
  const { params, emit } = context;
  let early = start;
  if (params.rewindEpochs > 0) {
    const title = "Training up to the point to go back to";
    emit({ kind: "stage", name: title });
    const until = { ...params, epochs: params.rewindEpochs };
    const schedule = { kind: "constant", warmup: 0.05 } as const;
    early = (await fineTune(context, start, { params: until, stage: "early", title, plan: { schedule } })).model;
  }
  emit({ kind: "stage", name: DENSE });
  const dense = (await fineTune(context, early, { params, stage: "dense", title: DENSE })).model;
  let last = { model: dense, history: [] as readonly EpochResult[] };
  for (let round = 1; round <= params.rounds; round++) {
    const share = (1 - (1 - options.sparsity) ** (round / params.rounds)) / options.sparsity;
    const found = plan.choose(share, (weight) => stateOf(last.model, weight));
    const stage = round === params.rounds ? "sparse" : `round${round}`;
    const title = `Training what is left, round ${round} of ${params.rounds}`;
    emit({ kind: "stage", name: title });
    last = await fineTune(context, applyMasks(early, found), { params, stage, title, masks: found });
  }
  const epochs = params.rewindEpochs + (1 + params.rounds) * params.epochs;
  return { ...last, epochs, from: early, dense };
}

function stateOf(model: Model, weight: string): WeightState {
  const constant = model.graph.initializers.find((t) => t.name === weight)!;
  return { values: tensorArray(constant).data as Float32Array, movement: undefined };
}

/** What the result has to beat: a random mask, and it should come close to the dense model, both trained for as long. */
export async function trainBaselines(
  plan: Plan,
  made: Made,
): Promise<{ readonly label: string; readonly model: Model }[]> {
  const { context, layers, start } = plan;
  const { params, emit } = context;
  const masks = new Map(layers.map(({ weight }) => [weight, maskOf(made.model, weight)] as const));
  const choose = randomChooser(plan, masks);
  const title = "Baseline: random mask";
  emit({ kind: "stage", name: title });
  const isGradual = params.schedule === "cubic";
  const random = isGradual
    ? await trainGradually(plan, { stage: "random", title, choose })
    : await trainMasked(plan, { stage: "random", title, from: made.from, choose });
  const found = [{ label: "random mask, as sparse and trained as long", model: random.model }];
  if (made.dense !== undefined) return [...found, { label: "dense, trained as long", model: made.dense }];
  if (params.epochs === 0) return found;
  emit({ kind: "stage", name: BASELINE });
  const dense = await fineTune(context, start, { params, stage: "dense", title: BASELINE });
  return [...found, { label: "dense, trained as long", model: dense.model }];
}

function maskOf(model: Model, weight: string): Float32Array {
  return stateOf(model, weight).values.map((x) => (x === 0 ? 0 : 1));
}
