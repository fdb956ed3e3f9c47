import { elementCount, type NdArray } from "../base/array.ts";
import { value } from "../graph/build.ts";
import { removeDeadNodes } from "../graph/edit.ts";
import type { Graph, Model, Value } from "../graph/model.ts";
import { sortNodes } from "../graph/order.ts";
import type { Draft } from "../autodiff/writer.ts";

export type SlotKind = "weight" | "statistic" | "optimizer" | "average" | "gradient" | "mask" | "dense" | "score";

/** One array that lives across steps. */
export interface Slot {
  /** Name in checkpoints, for instance "conv1.weight/momentum". */
  readonly key: string;
  readonly kind: SlotKind;
  /** The constant of the model that it belongs to. */
  readonly of: string;
  /** Graph input that it is read from. */
  readonly input: string;
  readonly dims: readonly number[];
  /** What it holds before the first step: these float32 elements, or this number everywhere. */
  readonly start: Float32Array | number;
}

/** One graph of a step: reads slots and writes some of them anew. */
export interface Phase {
  readonly model: Model;
  readonly reads: readonly Slot[];
  /** Graph output → the slot whose next value it holds. */
  readonly writes: ReadonlyMap<string, Slot>;
}

/** A slot's array as it is before the first step. */
export function startingArray({ dims, start }: Slot): NdArray {
  const data = new Float32Array(elementCount(dims));
  if (typeof start === "number") data.fill(start);
  else data.set(start);
  return { type: "float32", dims, data };
}

const inputOf = ({ input, dims }: Slot): Value => value(input, "float32", dims);

/** Turns the constants behind slots into inputs, and all that is made for the step into outputs, before a graph is rewritten. */
export function openGraph(
  base: Model,
  { reads, made }: { readonly reads: readonly Slot[]; readonly made: readonly string[] },
): Model {
  const isRead = new Set(reads.map((s) => s.input));
  const { inputs, initializers } = base.graph;
  return Object.freeze({
    ...base,
    graph: removeDeadNodes({
      ...base.graph,
      inputs: [...inputs, ...reads.map(inputOf)],
      outputs: [...new Set(made)].map((name) => ({ name })),
      initializers: initializers.filter((t) => !isRead.has(t.name)),
      values: [],
    }),
  });
}

export interface PhaseParts {
  readonly reads: readonly Slot[];
  readonly writes: ReadonlyMap<string, Slot>;
  /** Inputs that are no slots: data, targets, scalars. */
  readonly inputs: readonly Value[];
  /** Scalar float32 outputs. */
  readonly scalars: readonly string[];
  /** What is added to the model's nodes. */
  readonly draft: Draft;
}

/** Closes a graph: slots become inputs in place of the constants, and only what the outputs need stays. */
export function closePhase(base: Model, { reads, writes, inputs, scalars, draft }: PhaseParts): Phase {
  const isRead = new Set(reads.map((s) => s.input));
  const whole: Graph = {
    ...base.graph,
    inputs: [...inputs, ...reads.map(inputOf)],
    outputs: [
      ...scalars.map((name) => value(name, "float32", [])),
      ...[...writes].map(([name, slot]) => value(name, "float32", slot.dims)),
    ],
    nodes: sortNodes([...base.graph.nodes, ...draft.nodes]),
    initializers: [...base.graph.initializers, ...draft.initializers].filter((t) => !isRead.has(t.name)),
    // Recorded types may say less than a step does: a batch, for instance.
    values: [],
  };
  return { model: Object.freeze({ ...base, graph: removeDeadNodes(whole) }), reads, writes };
}
