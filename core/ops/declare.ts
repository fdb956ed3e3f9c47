import type { Node } from "../graph/model.ts";
import type { Channels } from "./channels.ts";
import type { Gradient } from "./gradient.ts";

/** Shapes of one call, found by running: one entry per slot, undefined for an omitted optional. */
export interface CallShapes {
  readonly node: Node;
  readonly inputs: readonly (readonly number[] | undefined)[];
  readonly outputs: readonly (readonly number[] | undefined)[];
}

/** Multiply–accumulates of one call. */
export type Cost = (call: CallShapes) => number;

/** An op that maps its data linearly with a weight, channel by channel: y[o] = Σ w[o,i]·x[i] + b[o]. */
export interface LinearMap {
  readonly data: number;
  readonly weight: number;
  /** Absent where the op has no bias slot. */
  readonly bias?: number;
  /** Axis of the weight that runs over output channels. */
  readonly outputAxis: (node: Node, rank: number) => number;
  /** Axis of the weight that runs over input channels; undefined where a channel has no single axis. */
  readonly inputAxis: (node: Node, weightDims: readonly number[]) => number | undefined;
  /** Axis of the data that runs over channels. */
  readonly dataAxis: (rank: number) => number;
}

/**
 * How an op takes part in an eight-bit graph of QuantizeLinear/DequantizeLinear pairs.
 * - `multiply`: the arithmetic that pays for it; inputs and output quantised. `floatOutput`: the integer
 *   kernel can also give float, so that a last layer needs no output quantiser.
 * - `join`: an integer kernel over several inputs, each with its own scale.
 * - `transform`: an integer kernel over one input with an output scale of its own.
 * - `move`: values are only moved or selected; output and input share one scale.
 * - `clamp`: a quantiser after it that starts at zero does the clamping, so the op vanishes.
 * - `float`: stays in float, with the reason.
 * - `none`: left as it is: carries no activations (shapes, indices, comparisons, casts), makes a type that an
 *   attribute says, or computes in float32 alone.
 */
export type QuantizeRule =
  | { readonly role: "multiply"; readonly floatOutput: boolean }
  | { readonly role: "join" }
  | { readonly role: "transform"; readonly range?: readonly [number, number] }
  | { readonly role: "move" }
  | { readonly role: "clamp" }
  | { readonly role: "float"; readonly reason: string }
  | { readonly role: "none" };

/** Everything that Lathe knows of one op from one operator-set version on. */
export interface OpDeclaration {
  /** "" is the ONNX domain. */
  readonly domain: string;
  readonly op: string;
  readonly since: number;
  readonly gradient: Gradient;
  readonly channels: Channels;
  readonly quantize: QuantizeRule;
  readonly cost: Cost;
  readonly linear?: LinearMap;
  /** f(s·x) = s·f(x) for every s > 0, channel by channel: a positive scale passes through it. */
  readonly homogeneous?: true;
  /** Input slots that stay float32 where everything else is float16. */
  readonly float32Slots?: readonly number[];
  /** The output has the first input's elements in the same order, so a runtime may give it the same memory. */
  readonly sameElements?: true;
  /** Every output element is ≥ 0. */
  readonly nonNegative?: true;
  /** Training sets elements to 0 at random, their share being the input in this slot; inference passes them on. */
  readonly dropout?: { readonly ratio: number };
}

/** Declares one op. Costs nothing but the check that no field is missing. */
export function defineOp(declaration: OpDeclaration): OpDeclaration {
  return Object.freeze(declaration);
}

/** The same declaration for several op names. */
export function defineOps(ops: readonly string[], rest: Omit<OpDeclaration, "op">): readonly OpDeclaration[] {
  return ops.map((op) => defineOp({ ...rest, op }));
}

export const free: Cost = () => 0;

/** One multiply–accumulate per output element. */
export const perOutput: Cost = ({ outputs }) => product(outputs[0] ?? []);

export function product(dims: readonly number[]): number {
  return dims.reduce((all, d) => all * d, 1);
}
