import { intOf, stringOf } from "../../graph/attributes.ts";
import type { Node } from "../../graph/model.ts";
import { factsOf, intVector, scalar } from "../constants.ts";
import type { GraphWriter } from "../gradient.ts";
import { noGradientFor } from "../gradients/refuse.ts";
import { partsOf, times, type Parts } from "./parts.ts";

/** State after a step, [batch, hidden] each; undefined for zero. */
export interface State {
  readonly h: string | undefined;
  readonly c?: string | undefined;
}

/** One direction of a recurrent layer. */
export interface Direction {
  readonly parts: Parts;
  /** [gates·hidden, hidden] */
  readonly recurrent: string;
  /** Biases of input and state, [gates·hidden] each. */
  readonly bias: readonly [string, string] | undefined;
  /** Peephole weights, [3·hidden]. */
  readonly peephole: string | undefined;
  /** Activations by position, as functions on values. */
  readonly activate: (which: number, value: string) => string;
}

export interface Cell {
  /** Gates of one step. */
  readonly gates: number;
  /** Activations of one direction where none are given. */
  readonly activations: readonly string[];
  /** The bias that is added to the input's part of the gates for all steps at once. */
  readonly inputBias: (direction: Direction) => string | undefined;
  /** One step for `x`, the input's part of the gates, [batch, gates·hidden]. */
  readonly prepare: (direction: Direction) => (x: string, state: State) => State & { readonly h: string };
}

const ACTIVATIONS: Readonly<Record<string, string>> = {
  sigmoid: "Sigmoid",
  tanh: "Tanh",
  relu: "Relu",
  softsign: "Softsign",
  softplus: "Softplus",
  hardsigmoid: "HardSigmoid",
  elu: "Elu",
  leakyrelu: "LeakyRelu",
};

/** Slots of LSTM, GRU and RNN; the last two only the LSTM has. */
const SLOT = { x: 0, w: 1, r: 2, bias: 3, lengths: 4, h: 5, c: 6, peephole: 7 } as const;

/**
 * Unrolls a recurrent layer over its time steps, whose number has to be known; the batch may be open. The input's part
 * of all gates is one product before the steps.
 * @returns Y [time, directions, batch, hidden], Y_h and Y_c [directions, batch, hidden]; batch first with layout 1
 * @throws unsupported for clipping, activations with parameters and open lengths
 */
export function unroll(write: GraphWriter, node: Node, cell: Cell): readonly (string | undefined)[] {
  const parts = partsOf(write);
  refuse(node);
  const input = (slot: number): string | undefined => node.inputs[slot] || undefined;
  const isBatchFirst = intOf(node, "layout", 0) === 1;
  const timeFirst = (value: string, perm: readonly number[]): string =>
    isBatchFirst ? parts.transpose(value, perm) : value;

  const x = timeFirst(input(SLOT.x)!, [1, 0, 2]);
  const [time, batch, width] = parts.dims(x);
  if (typeof time !== "number" || typeof batch === "undefined" || typeof width !== "number") {
    throw noGradientFor(node, `an input of shape "[${parts.dims(x).join(",")}]", whose length is open`);
  }
  const flat = parts.reshape(x, [times(time, batch), width]);
  const names = directionsOf(node);
  /** The part of an operand [directions, …] that belongs to each direction. */
  const byDirection = (value: string | undefined): readonly (string | undefined)[] =>
    value === undefined
      ? names.map(() => undefined)
      : parts.pieces(value, 0, names.length).map((piece) => parts.squeeze(piece, 0));
  const states = (slot: number): readonly (string | undefined)[] => {
    const value = input(slot);
    return byDirection(value === undefined ? undefined : timeFirst(value, [1, 0, 2]));
  };
  const [w, r, bias] = [SLOT.w, SLOT.r, SLOT.bias].map((slot) => byDirection(input(slot)));
  const hasCell = node.op === "LSTM";
  const [h0, c0] = [states(SLOT.h), hasCell ? states(SLOT.c) : names.map(() => undefined)];
  const peephole = byDirection(hasCell ? input(SLOT.peephole) : undefined);

  const lengths = input(SLOT.lengths);
  const masks = lengths === undefined ? undefined : stepMasks(write, { lengths, batch, time });

  const runs = names.map((name, d) => {
    const direction: Direction = {
      parts,
      recurrent: r![d]!,
      bias: bias![d] === undefined ? undefined : (parts.pieces(bias![d], 0, 2) as [string, string]),
      peephole: peephole[d],
      activate: activations(node, parts, { cell, d }),
    };
    const steps = parts.pieces(parts.rows(flat, w![d]!, cell.inputBias(direction)), 0, time);
    // Pieces of a product with an open batch have the batch that was put into it.
    for (const step of steps) write.note(step, { ...factsOf(write, step), dims: [batch, parts.dims(step)[1]!] });
    const next = cell.prepare(direction);
    const order = name === "reverse" ? steps.toReversed() : steps;
    let state: State = { h: h0[d], c: c0[d] };
    const hs = order.map((step, i) => {
      const after = next(step, state);
      const isInside = masks?.[name === "reverse" ? time - 1 - i : i];
      state = isInside === undefined ? after : keepOutside(write, { isInside, before: state, after });
      return isInside === undefined ? after.h : choose(write, { isInside, yes: after.h });
    });
    return { hs: name === "reverse" ? hs.toReversed() : hs, state };
  });

  const isWanted = (slot: number): boolean => (node.outputs[slot] ?? "") !== "";
  const y = (): string => {
    const each = runs.map(({ hs }) => {
      const all = parts.concat(hs, 0);
      return parts.reshape(all, [time, 1, batch, parts.dims(all)[1]!]);
    });
    return timeFirst(parts.concat(each, 1), [2, 0, 1, 3]);
  };
  const last = (of: (state: State) => string): string =>
    timeFirst(
      parts.concat(
        runs.map(({ state }) => parts.unsqueeze(of(state), 0)),
        0,
      ),
      [1, 0, 2],
    );
  return [
    isWanted(0) ? y() : undefined,
    isWanted(1) ? last(({ h }) => h!) : undefined,
    isWanted(2) ? last(({ c }) => c!) : undefined,
  ];
}

/**
 * Which samples a step is still (or, backwards, already) inside of: [batch, 1] per step. A state that does not change
 * outside makes both directions begin and end where each sample does.
 */
function stepMasks(
  write: GraphWriter,
  { lengths, batch, time }: { readonly lengths: string; readonly batch: number | string; readonly time: number },
): readonly string[] {
  const column = write.op("Unsqueeze", [lengths, intVector(write, [1])]);
  return Array.from({ length: time }, (_, t) => {
    const step = write.constant({ type: "int32", dims: [], data: Int32Array.of(t) });
    return write.note(write.op("Greater", [column, step]), { type: "bool", dims: [batch, 1] });
  });
}

interface Choice {
  readonly isInside: string;
  readonly yes: string;
  /** Undefined for zero. */
  readonly no?: string | undefined;
}

function choose(write: GraphWriter, { isInside, yes, no }: Choice): string {
  return write.note(write.op("Where", [isInside, yes, no ?? scalar(write, 0, yes)]), factsOf(write, yes));
}

function keepOutside(
  write: GraphWriter,
  { isInside, before, after }: { readonly isInside: string; readonly before: State; readonly after: State },
): State {
  const kept = (yes: string | undefined, no: string | undefined): string | undefined =>
    yes === undefined ? undefined : choose(write, { isInside, yes, no });
  return { h: kept(after.h, before.h), c: kept(after.c, before.c) };
}

function refuse(node: Node): void {
  if (node.attributes["clip"] !== undefined) throw noGradientFor(node, "clipped gates");
}

function directionsOf(node: Node): readonly string[] {
  const direction = stringOf(node, "direction", "forward");
  return direction === "bidirectional" ? ["forward", "reverse"] : [direction];
}

function activations(
  node: Node,
  parts: Parts,
  { cell, d }: { readonly cell: Cell; readonly d: number },
): Direction["activate"] {
  const given = node.attributes["activations"];
  const all = given?.kind === "strings" ? given.value.map((text) => new TextDecoder().decode(text)) : [];
  const own = all.slice(d * cell.activations.length, (d + 1) * cell.activations.length);
  const names = all.length === 0 ? cell.activations : own;
  const ops = names.map((name) => {
    const op = ACTIVATIONS[name.toLowerCase()];
    if (op === undefined) throw noGradientFor(node, `activation "${name}"`);
    const isPlain = ["Sigmoid", "Tanh", "Relu", "Softsign", "Softplus"].includes(op);
    if (!isPlain && (node.attributes["activation_alpha"] ?? node.attributes["activation_beta"]) !== undefined) {
      throw noGradientFor(node, `activation "${name}" with parameters of its own`);
    }
    return op;
  });
  return (which, value) => parts.each(ops[which] ?? "Tanh", [value]);
}
