import { LatheError } from "../base/error.ts";
import type { Host } from "../base/host.ts";
import { differentiate, type Differentiated, type Request } from "../autodiff/differentiate.ts";
import { expandTraining } from "../autodiff/expand.ts";
import { recompute } from "../autodiff/recompute.ts";
import { startDraft } from "../autodiff/writer.ts";
import { subgraphsOf } from "../graph/attributes.ts";
import { floatTensor, graph as makeGraph, tensorArray } from "../graph/build.ts";
import type { Model } from "../graph/model.ts";
import { freshNames } from "../graph/uses.ts";
import { findShapes, type FoundShapes } from "../measure/shapes.ts";
import type { ValueFacts } from "../ops/gradient.ts";
import { prepareModel } from "../transform/prepare.ts";
import { trainBatchNorms } from "./batchNorm.ts";
import { trainDropouts, type DropoutForm, type DropoutMask } from "./dropout.ts";
import { addLosses, type Head, type HeadSpec } from "./heads.ts";
import { candidateParameters, frozenBy } from "./parameters.ts";
import { settleModel } from "./settle.ts";
import { closePhase, openGraph, type Phase, type Slot } from "./slots.ts";
import { writeUpdate, type UpdatePlan, type WrittenUpdate } from "./update.ts";

/** What one training step does. */
export interface StepPlan extends UpdatePlan {
  readonly heads: readonly HeadSpec[];
  /** Patterns of nodes and constants that stay as they are; * stands for any text. */
  readonly freeze?: readonly string[];
  /** Names of constants of one element that are trained all the same. */
  readonly trained?: readonly string[];
  /** Whether batch normalisations keep normalising with their stored statistics. */
  readonly freezeStatistics?: boolean;
  /** Whether Dropout drops values while training; default true. */
  readonly dropout?: boolean;
  /** Whether batch normalisations with computed statistics, as in supernets, normalise with those of the batch. */
  readonly batchStatistics?: boolean;
  /** Whether activations inside segments of the net are computed twice instead of kept: less memory, more time. */
  readonly recompute?: boolean;
  /** Batches whose gradients are averaged for one update; default 1. */
  readonly accumulate?: number;
}

/** The graphs of a training step and what they read and write. */
export interface StepGraph {
  /** The model in inference form, as it was before training. */
  readonly inference: Model;
  /** Shapes of the values of the model and its losses. */
  readonly shapes: FoundShapes;
  readonly heads: readonly Head[];
  /** Inputs of `batch` that the trainer fills with random masks. */
  readonly dropouts: readonly DropoutMask[];
  readonly slots: readonly Slot[];
  /** From a batch to new weights, or with accumulation to gradients only. */
  readonly batch: Phase;
  /** With accumulation: from gradients to new weights. */
  readonly update: Phase | undefined;
  readonly scalars: Pick<WrittenUpdate, "rate" | "step" | "keep" | "norm">;
  /** Scalar output of `batch`: the weighted sum of the losses. */
  readonly total: string;
  readonly accumulate: number;
}

export interface StepOptions {
  readonly host: Host;
  readonly signal?: AbortSignal;
  /** Brings a graph into a form that the device runs fast. */
  readonly lowering?: Lowering;
  /** Finds the shapes of the model's values, where running it on random inputs does not tell them. */
  readonly shapes?: (model: Model) => Promise<FoundShapes>;
}

/** What a device does differently: rules that keep nodes whole, and the rewrite of what they wrote. */
export interface Lowering {
  readonly rules?: Request["rules"];
  readonly lower: (model: Model, facts: (value: string) => ValueFacts | undefined) => Model;
}

/**
 * Makes the graph of one training step: forward, losses, backward and update as ordinary ONNX nodes, with weights and
 * all other state as inputs and their new values as outputs. Batch normalisations that the model has kept are trained
 * as such; the model itself stays in inference form.
 * @param model constants in memory
 * @throws unsupported where some op has no gradient; invalid-recipe where nothing is left to train
 */
export async function buildStep(model: Model, plan: StepPlan, options: StepOptions): Promise<StepGraph> {
  const accumulate = plan.accumulate ?? 1;
  const inference = prepareModel(await withoutBranches(model, options), { keepBatchNorm: true }).model;
  const isFrozen = frozenBy(inference, plan.freeze ?? []);
  const shapesOf = options.shapes ?? ((of: Model) => findShapes(of, options));
  const loss = addLosses(inference, plan.heads, await shapesOf(inference));
  const shapes = await shapesOf(loss.model);
  const found = (name: string): ValueFacts | undefined => shapes.values.get(name);
  const dropped: DropoutForm =
    plan.dropout === false ? { model: loss.model, masks: [] } : trainDropouts(loss.model, { isFrozen, facts: found });
  const isKept = plan.freezeStatistics === true ? () => true : isFrozen;
  const trained = trainBatchNorms(dropped.model, isKept, plan.batchStatistics === true);
  const followed = new Map(trained.statistics.map(({ name, next }) => [next, name]));
  const masks = new Map(dropped.masks.map(({ input, dims }) => [input, { type: "float32", dims } as const]));
  const facts = (name: string): ValueFacts | undefined => masks.get(name) ?? found(followed.get(name) ?? name);
  const { model: backward, gradients } = backwards(trained.model, {
    total: loss.total,
    share: 1 / accumulate,
    to: candidateParameters(inference, isFrozen, plan.trained).map((t) => t.name),
    facts,
    rules: options.lowering?.rules,
  });
  const slotOf = (kind: Slot["kind"], name: string): Slot =>
    Object.freeze({ key: name, kind, of: name, input: name, ...valuesOf(inference, name) });
  const weights = [...gradients.keys()].map((name) => slotOf("weight", name));
  const statistics = trained.statistics.map(({ name, next }) => ({ slot: slotOf("statistic", name), next }));
  const scalars = [...new Set([loss.total, ...loss.heads.map((h) => h.loss)])];
  const made = [...gradients.values(), ...statistics.map((s) => s.next), ...scalars];
  const open = openGraph(backward, { reads: [...weights, ...statistics.map((s) => s.slot)], made });
  const expanded = expandTraining(options.lowering?.lower(open, facts) ?? open, facts);
  const ahead = [...scalars, ...statistics.map((s) => s.next)];
  const given = new Set(dropped.model.graph.inputs.map((input) => input.name));
  const grown = { forward: ahead, data: [...given] };
  const ready = plan.recompute === true ? recompute(expanded, grown) : expanded;
  const parts = { model: inference, weights, gradients, statistics };
  const common = { inference, shapes, heads: loss.heads, dropouts: dropped.masks, total: loss.total, accumulate };
  const draft = startDraft(ready.graph, { opset: ready.opsets[""] ?? 0, facts: () => undefined, prefix: "update" });
  const after = new Map(statistics.map((s) => [s.next, s.slot] as const));
  const data = ready.graph.inputs.filter((input) => given.has(input.name));
  const own = [...weights, ...statistics.map((s) => s.slot)];

  if (accumulate === 1) {
    const update = writeUpdate(draft, parts, plan);
    const batch = closePhase(ready, {
      draft,
      reads: [...own, ...update.slots],
      writes: new Map([...update.writes, ...after]),
      inputs: [...data, ...update.inputs],
      scalars: [...scalars, ...(update.norm === undefined ? [] : [update.norm])],
    });
    return Object.freeze({ ...common, slots: batch.reads, batch, update: undefined, scalars: update });
  }
  const sums = weights.map((w): Slot =>
    Object.freeze<Slot>({
      key: `${w.of}/gradient`,
      kind: "gradient",
      of: w.of,
      input: draft.fresh(`${w.of}/gradient`),
      dims: w.dims,
      start: 0,
    }),
  );
  const batch = closePhase(ready, {
    draft,
    reads: [...own, ...sums],
    writes: new Map([
      ...sums.map((s) => [draft.op("Add", [s.input, gradients.get(s.of) ?? ""]), s] as const),
      ...after,
    ]),
    inputs: data,
    scalars,
  });
  const second = updatePhase(ready, { parts, sums, plan });
  const slots = [...new Set([...batch.reads, ...second.phase.reads])];
  return Object.freeze({ ...common, slots, batch, update: second.phase, scalars: second.written });
}

/** Branches and calls of functions in the way of gradients are resolved; other models stay as they are. */
function withoutBranches(model: Model, options: StepOptions): Promise<Model> {
  const isPlain = model.functions.length === 0 && model.graph.nodes.every((n) => subgraphsOf(n).length === 0);
  return isPlain ? Promise.resolve(model) : settleModel(model, options);
}

/** Shape and elements of a float32 constant; nothing is copied. */
function valuesOf(model: Model, name: string): Pick<Slot, "dims" | "start"> {
  const { dims, data } = tensorArray(model.graph.initializers.find((t) => t.name === name)!);
  return { dims, start: data as Float32Array };
}

interface Backwards {
  readonly total: string;
  /** What the gradient of the loss starts with. */
  readonly share: number;
  readonly to: readonly string[];
  readonly facts: (value: string) => ValueFacts | undefined;
  readonly rules: Request["rules"];
}

function backwards(model: Model, { total, share, to, facts, rules }: Backwards): Differentiated {
  const seed = freshNames(model.graph)("loss.share");
  const constant = floatTensor(seed, [], [share]);
  const seeded = { ...model, graph: { ...model.graph, initializers: [...model.graph.initializers, constant] } };
  const found = differentiate(seeded, {
    from: { [total]: seed },
    to,
    facts: (name) => (name === seed ? { type: "float32", dims: [] } : facts(name)),
    rules,
  });
  if (found.gradients.size > 0) return found;
  throw new LatheError("invalid-recipe", "Nothing is left to train: no weight reaches the loss.", {
    hint: "Freeze less, or train another output.",
  });
}

/** The update as a graph of its own, which reads the summed gradients. */
function updatePhase(
  base: Model,
  {
    parts,
    sums,
    plan,
  }: { readonly parts: Parameters<typeof writeUpdate>[1]; readonly sums: readonly Slot[]; readonly plan: UpdatePlan },
): { readonly phase: Phase; readonly written: WrittenUpdate } {
  const empty = { ...base, graph: makeGraph({ inputs: [], outputs: [], nodes: [] }), functions: [] };
  const draft = startDraft(base.graph, { opset: base.opsets[""] ?? 0, facts: () => undefined, prefix: "update" });
  const statistics = parts.statistics.map(({ slot }) => ({ slot, next: slot.input }));
  const gradients = new Map(sums.map((s) => [s.of, s.input]));
  const written = writeUpdate(draft, { ...parts, gradients, statistics }, plan);
  const watched = plan.average === true ? statistics.map((s) => s.slot) : [];
  const phase = closePhase(empty, {
    draft,
    reads: [...parts.weights, ...watched, ...sums, ...written.slots],
    writes: written.writes,
    inputs: written.inputs,
    scalars: written.norm === undefined ? [] : [written.norm],
  });
  return { phase, written };
}
