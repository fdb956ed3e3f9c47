import type { PlainAttribute } from "../graph/attributes.ts";
import type { Node } from "../graph/model.ts";

/** Stands for an index along an axis. Indexes that bear the same label are removed together. */
export type Label = number;

/** The label of an index that stays. */
export const STAYS: Label = 0;

/** One label per index; undefined where the whole axis stays as it is. */
export type Axis = readonly Label[] | undefined;

/** The axes of a value. */
export type Axes = readonly Axis[];

/**
 * What a coupling rule works with: the axes of a node's inputs, and the ways to tie them. Slots count as in the node.
 */
export interface Coupler {
  readonly node: Node;
  /** Version of the node's operator set. */
  readonly opset: number;
  /** Number of inputs and outputs that the node names. */
  readonly slots: { readonly inputs: number; readonly outputs: number };
  /** Axes of an input; none where it is omitted. */
  input(slot: number): Axes;
  /** Sizes of an input in a call with one sample; none where it is omitted. */
  sizes(slot: number): readonly number[];
  outputSizes(slot: number): readonly number[];
  /** The numbers of a constant input; undefined where it is computed or omitted. */
  constant(slot: number): readonly number[] | undefined;
  /** Ties axes of the same length index by index. An axis that stays makes the other ones stay. */
  same(...axes: readonly Axis[]): Axis;
  /** The axis that several become when they are laid out behind each other, the last one fastest. */
  merge(axes: Axes, sizes: readonly number[]): Axis;
  /** The inverse of `merge`: an index goes when its index along one of the new axes goes. */
  split(axis: Axis, sizes: readonly number[]): Axes;
  /** As `split`, where only one of the new axes can lose indexes: ties what shares an index along it. */
  fold(axis: Axis, sizes: readonly number[], kept: number): Axis;
  /** Labels of indexes that nothing is known of yet. */
  fresh(size: number): readonly Label[];
  /** Nothing of the axis may be removed; `reason` completes 'Op "name" …'. */
  keep(axis: Axis, reason: string): void;
  /** Removing an index changes what is left, even where it held zeros; `reason` completes 'Op "name" …'. */
  shift(axis: Axis, reason: string): void;
}

/** What is left of the axes of a node's inputs and outputs: one boolean per index, undefined where all is. */
export interface Cut {
  readonly node: Node;
  readonly opset: number;
  input(slot: number, axis: number): readonly boolean[] | undefined;
  output(slot: number, axis: number): readonly boolean[] | undefined;
  /** Sizes before the removal, for one sample. */
  sizes(slot: number): readonly number[];
  outputSizes(slot: number): readonly number[];
  /** Sizes of an output after the removal: numbers, or symbols where calls differ. */
  outputDims(slot: number): readonly (number | string)[];
  constant(slot: number): readonly number[] | undefined;
}

/** How a node has to change where indexes are gone. */
export interface Rewrite {
  /** New attributes; null removes one. */
  readonly attributes?: Readonly<Record<string, PlainAttribute | null>>;
  /** New int64 vectors by input slot. */
  readonly constants?: Readonly<Record<number, readonly number[]>>;
  /** For int64 vectors that are computed: the most that an element may be, or null; by input slot. */
  readonly limits?: Readonly<Record<number, readonly (number | null)[]>>;
}

/** What a constant is for: the part of a name in tables, and what importance goes by. */
export type Role = "weight" | "bias" | "scale" | "shift" | "mean" | "variance";

export interface ChannelRule {
  /** Ties the axes of a node's inputs and gives those of its outputs. */
  readonly couple: (call: Coupler) => readonly Axes[];
  /** What the node itself has to change where indexes are gone; undefined: its inputs say it all. */
  readonly rewrite?: (cut: Cut) => Rewrite;
  /** What the constants in these slots are for. */
  readonly roles?: Readonly<Record<number, Role>>;
  /** Axis of the constant in a slot whose indexes are the layer's outputs, for layers without `linear`. */
  readonly makes?: (node: Node, slot: number) => number | undefined;
}

/**
 * How indexes of an op's inputs and outputs stand and fall together; or why nothing is known, which keeps everything
 * that meets the op: the reason completes 'Op "name" …'.
 */
export type Channels = ChannelRule | { readonly unknown: string };
