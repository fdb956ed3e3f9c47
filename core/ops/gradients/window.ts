import { intsOf, stringOf } from "../../graph/attributes.ts";
import type { Node } from "../../graph/model.ts";
import { factsOf } from "../constants.ts";
import type { GraphWriter } from "../gradient.ts";
import { noGradientFor } from "./refuse.ts";

/** How a convolution or pooling window moves; one entry per spatial axis. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padsBegin: readonly number[];
  readonly padsEnd: readonly number[];
}

/**
 * Reads the window of a node. `auto_pad` becomes explicit pads.
 * @param wide the larger side, which a Conv or pool reads and a ConvTranspose writes; `narrow` the other
 * @throws unsupported where the pads depend on sizes that are not known
 */
export function windowOf(
  write: GraphWriter,
  node: Node,
  { kernel, wide, narrow }: { readonly kernel: readonly number[]; readonly wide: string; readonly narrow: string },
): Window {
  const ones = kernel.map(() => 1);
  const strides = intsOf(node, "strides") ?? ones;
  const dilations = intsOf(node, "dilations") ?? ones;
  const given = intsOf(node, "pads");
  const mode = stringOf(node, "auto_pad", "NOTSET");
  const isTransposed = node.op === "ConvTranspose";
  // An output shape overrules the pads of a ConvTranspose.
  const areFound = isTransposed && node.attributes["output_shape"] !== undefined;
  if (!areFound && (mode === "NOTSET" || mode === "")) {
    const pads = given ?? [...kernel, ...kernel].map(() => 0);
    return {
      kernel,
      strides,
      dilations,
      padsBegin: pads.slice(0, kernel.length),
      padsEnd: pads.slice(kernel.length),
    };
  }
  if (!areFound && mode === "VALID") {
    const none = kernel.map(() => 0);
    return { kernel, strides, dilations, padsBegin: none, padsEnd: none };
  }
  const totals = kernel.map((k, i) => {
    const reach = extent(k, dilations[i]!);
    const [large, small] = [spatial(write, wide, i), spatial(write, narrow, i)];
    if (typeof large === "number" && typeof small === "number") {
      const extra = isTransposed ? (intsOf(node, "output_padding")?.[i] ?? 0) : 0;
      return Math.max(0, (small - 1) * strides[i]! + reach + extra - large);
    }
    if (strides[i] === 1 && !isTransposed) return reach - 1;
    throw noGradientFor(node, `auto_pad "${mode}" over sizes that are not known`);
  });
  // SAME_UPPER puts the odd one at the end, SAME_LOWER at the beginning; ConvTranspose's default is the latter.
  const few = totals.map((t) => Math.floor(t / 2));
  const many = totals.map((t, i) => t - few[i]!);
  const isUpper = mode === "SAME_UPPER";
  return { kernel, strides, dilations, padsBegin: isUpper ? few : many, padsEnd: isUpper ? many : few };
}

/** What a dilated kernel covers: dilation·(k − 1) + 1. */
export const extent = (kernel: number, dilation: number): number => dilation * (kernel - 1) + 1;

/** The size of a spatial axis, or its symbol. */
export const spatial = (write: GraphWriter, value: string, i: number): number | string | undefined =>
  factsOf(write, value).dims[i + 2];
