import type { NdArray } from "../base/array.ts";
import type { ElementType } from "../base/elementType.ts";
import type { PlainAttribute } from "../graph/attributes.ts";
import type { Graph, Node } from "../graph/model.ts";

/** What is known of a value before it is computed. */
export interface ValueFacts {
  readonly type: ElementType;
  /** Sizes, or symbols that are equal where the sizes are; "?" is a size of its own that nothing is known of. */
  readonly dims: readonly (number | string)[];
}

export interface WriteOptions {
  readonly domain?: string;
  /** Outputs to make; default 1. */
  readonly outputs?: number;
}

/** Where gradient rules write the backward graph: plain ONNX ops at the model's own operator sets. */
export interface GraphWriter {
  /** Version of the ONNX domain. */
  readonly opset: number;
  /** Facts of a forward value or of one that this writer made, as far as they are known. */
  facts(value: string): ValueFacts | undefined;
  /** Says what a made value looks like, where the writer cannot know it from a copy of a forward one. */
  note(value: string, facts: ValueFacts): string;
  /** Appends a node and gives its first output. */
  op(op: string, inputs: readonly string[], attributes?: Readonly<Record<string, PlainAttribute>>): string;
  /** The same with all outputs, and for other domains. */
  ops(
    op: string,
    inputs: readonly string[],
    parts: WriteOptions & { readonly attributes?: Readonly<Record<string, PlainAttribute>> },
  ): readonly string[];
  /** A constant; equal ones are shared. */
  constant(array: NdArray): string;
}

/** One node to differentiate. */
export interface GradientCall {
  readonly node: Node;
  /** The gradient of the loss with respect to each output; undefined where nothing depends on it. */
  readonly dy: readonly (string | undefined)[];
  /** Whether the gradient of an input is wanted. Rules may leave the others out, and should where that saves work. */
  readonly needs: (slot: number) => boolean;
  /** The graph around it, for rules of ops with bodies. */
  readonly graph: Graph;
}

/** Writes the gradient of the loss with respect to each input, in their order; undefined for no gradient. */
export type GradientRule = (write: GraphWriter, call: GradientCall) => readonly (string | undefined)[];

/**
 * Writes what a node computes out of ops that have rules, and notes the facts of every value that it makes: one value
 * per output, undefined for an output that is omitted.
 */
export type Expansion = (write: GraphWriter, node: Node) => readonly (string | undefined)[];

/**
 * A rule; an expansion into ops that have rules, which takes the node's place before the walk;
 * `"stops"`: mathematically zero or not meant to be differentiated (shapes, comparisons, rounding);
 * or not possible, with the reason as it is told to the user.
 */
export type Gradient = GradientRule | { readonly expand: Expansion } | "stops" | { readonly unsupported: string };
