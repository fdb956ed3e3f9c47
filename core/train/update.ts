import { value } from "../graph/build.ts";
import type { Model, Value } from "../graph/model.ts";
import type { Draft } from "../autodiff/writer.ts";
import { intVector, scalarOf } from "../ops/constants.ts";
import { decayOf } from "./decay.ts";
import { joinedUpdate } from "./joinedUpdate.ts";
import { optimizerOf, type OptimizerSpec, type UpdateCall } from "./optimizers.ts";
import type { Slot } from "./slots.ts";

/** How weights follow from gradients. */
export interface UpdatePlan {
  readonly optimizer: OptimizerSpec;
  /** Patterns of weights without decay, beside biases and normalisation. */
  readonly noDecay?: readonly string[];
  /** Whether biases and normalisation decay as well. */
  readonly decayAll?: boolean;
  /** Greatest length of the whole gradient; a longer one is shortened to it (Pascanu et al. 2013). */
  readonly clip?: number;
  /** Whether an exponential moving average of weights and statistics is kept. */
  readonly average?: boolean;
  /** Names of weights that are multiplied with a mask after every update. */
  readonly masked?: readonly string[];
  /**
   * Which of the masked weights have movement scores (Sanh et al. 2020): S ← S − rate·∂L/∂w·w, where the gradient is that of
   * the masked weight and w what the weight is or was when it was masked, which it gets back when its mask opens again.
   */
  readonly scored?: readonly string[];
}

export interface UpdateParts {
  /** In inference form, for what the weights are used for. */
  readonly model: Model;
  readonly weights: readonly Slot[];
  /** Weight → the value that holds its gradient. */
  readonly gradients: ReadonlyMap<string, string>;
  /** Running statistics and the values that hold them after the step. */
  readonly statistics: readonly { readonly slot: Slot; readonly next: string }[];
}

export interface WrittenUpdate {
  readonly slots: readonly Slot[];
  readonly writes: ReadonlyMap<string, Slot>;
  readonly inputs: readonly Value[];
  /** Names of the scalar inputs: learning rate, number of the step from 1, share of the average that is kept. */
  readonly rate: string;
  readonly step: string;
  readonly keep: string | undefined;
  /** Scalar with the length of the gradient, where it is clipped. */
  readonly norm: string | undefined;
}

/** Writes the update of all weights. */
export function writeUpdate(write: Draft, parts: UpdateParts, plan: UpdatePlan): WrittenUpdate {
  const { model, weights, statistics } = parts;
  const inputs: Value[] = [];
  const scalarInput = (wish: string): string => {
    const name = write.fresh(wish);
    inputs.push(value(name, "float32", []));
    return name;
  };
  const [rate, step] = [scalarInput("step.rate"), scalarInput("step.number")];
  const keep = plan.average === true ? scalarInput("step.keep") : undefined;
  const optimizer = optimizerOf(plan.optimizer);
  const update = optimizer.start(write, { rate, step });
  const names = weights.map((w) => w.of);
  const { noDecay = [], decayAll = false } = plan;
  const decay = decayOf(model, names, { weightDecay: optimizer.weightDecay, noDecay, decayAll });
  const { gradients, norm } = clipped(write, parts, plan.clip);

  const slots: Slot[] = [];
  const writes = new Map<string, Slot>();
  const slot = (
    kind: Slot["kind"],
    owner: Slot,
    parts: { readonly suffix: string; readonly start: Slot["start"] },
  ): Slot => {
    const key = `${owner.of}/${parts.suffix}`;
    const made = Object.freeze<Slot>({
      key,
      kind,
      of: owner.of,
      input: write.fresh(key),
      dims: owner.dims,
      start: parts.start,
    });
    slots.push(made);
    return made;
  };
  const average = (owner: Slot, next: string): void => {
    if (keep === undefined) return;
    const held = slot("average", owner, { suffix: "average", start: owner.start });
    // a ← k·a + (1−k)·w as w + k·(a − w)
    const away = write.op("Mul", [write.op("Sub", [held.input, next]), keep]);
    writes.set(write.op("Add", [next, away]), held);
  };
  const calls = weights.map((weight) => {
    const state = optimizer.slots.map((name) => slot("optimizer", weight, { suffix: name, start: 0 }));
    const { flat, shaped } = flattening(write, weight.dims);
    const call: UpdateCall = {
      weight: flat(weight.input),
      gradient: flat(gradients.get(weight.of) ?? ""),
      state: state.map((s) => flat(s.input)),
      decay: decay(weight.of),
    };
    return { weight, state, flat, shaped, call };
  });
  const vectors = calls.filter(({ weight }) => optimizer.isElementwise && weight.dims.length === 1);
  const joined = joinedUpdate(
    write,
    update,
    vectors.map(({ weight, call }) => ({ call, length: weight.dims[0]! })),
  );
  const together = new Map(vectors.map(({ weight }, i) => [weight, joined[i]!]));
  for (const { weight, state, flat, shaped, call } of calls) {
    const after = together.get(weight) ?? update(call);
    let next = shaped(after.weight);
    if (plan.masked?.includes(weight.of) === true) {
      const mask = slot("mask", weight, { suffix: "mask", start: 1 });
      if (plan.scored?.includes(weight.of) === true) {
        const dense = slot("dense", weight, { suffix: "dense", start: weight.start });
        const score = slot("score", weight, { suffix: "score", start: 0 });
        const push = write.op("Mul", [flat(gradients.get(weight.of) ?? ""), flat(dense.input)]);
        const scored = write.op("Sub", [flat(score.input), write.op("Mul", [push, rate])]);
        writes.set(shaped(scored), score);
        // d ← d + m·(w − d): what is masked stays as it was.
        const change = write.op("Mul", [write.op("Sub", [after.weight, flat(dense.input)]), flat(mask.input)]);
        writes.set(shaped(write.op("Add", [flat(dense.input), change])), dense);
      }
      next = write.op("Mul", [next, mask.input]);
    }
    writes.set(next, weight);
    for (const [i, s] of state.entries()) writes.set(shaped(after.state[i] ?? ""), s);
    average(weight, next);
  }
  for (const { slot: statistic, next } of statistics) average(statistic, next);
  return { slots, writes, inputs, rate, step, keep, norm };
}

/**
 * Weights of 1×1 convolutions as vectors and back: onnxruntime multiplies a tensor that ends in axes of size 1 with a
 * scalar element by element, fifteen times slower than a vector.
 */
function flattening(write: Draft, dims: readonly number[]): Record<"flat" | "shaped", (value: string) => string> {
  if (dims.length < 2 || dims.at(-1) !== 1) return { flat: (value) => value, shaped: (value) => value };
  const flat = intVector(write, [-1]);
  const shape = intVector(write, dims);
  return {
    flat: (value) => write.op("Reshape", [value, flat]),
    shaped: (value) => write.op("Reshape", [value, shape]),
  };
}

/** g·min(1, c/(‖g‖ + 10⁻⁶)), with the length over all gradients. */
function clipped(
  write: Draft,
  { weights, gradients }: UpdateParts,
  clip: number | undefined,
): { readonly gradients: ReadonlyMap<string, string>; readonly norm: string | undefined } {
  if (clip === undefined) return { gradients, norm: undefined };
  const number = (x: number): string => scalarOf(write, x, "float32");
  const squares = weights.map((w) => write.op("ReduceSumSquare", [gradients.get(w.of) ?? ""], { keepdims: 0 }));
  const norm = write.op("Sqrt", [squares.length === 1 ? squares[0]! : write.op("Sum", squares)]);
  const share = write.op("Div", [number(clip), write.op("Add", [norm, number(1e-6)])]);
  const factor = write.op("Min", [share, number(1)]);
  return {
    gradients: new Map(weights.map((w) => [w.of, write.op("Mul", [gradients.get(w.of) ?? "", factor])] as const)),
    norm,
  };
}
