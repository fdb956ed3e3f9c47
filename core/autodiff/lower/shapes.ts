import type { Graph, Node } from "../../graph/model.ts";
import { constantNumbers } from "../../ops/constants.ts";
import { intOf, intsOf, stringOf } from "../../graph/attributes.ts";
import type { ValueFacts } from "../../ops/gradient.ts";

/** What the lowering is made for. */
export interface CpuTarget {
  /** Samples in a call. */
  readonly batch: number;
  /** Channels in a block of the runtime's blocked layout: 16 with AVX-512, else 8. */
  readonly block: number;
}

/** A two-dimensional convolution with everything known. */
export interface ConvShape {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  /** Top, left, bottom, right. */
  readonly pads: readonly [number, number, number, number];
  readonly groups: number;
}

/**
 * A convolution that the blocked kernels can do, forward and backward; undefined for any other.
 * @param dims of the input [N, C, H, W] and the weight [O, C/groups, kh, kw]
 */
export function convShape(node: Node, dims: readonly [x: Dims, w: Dims], { block }: CpuTarget): ConvShape | undefined {
  const [x, w] = dims;
  if (x?.length !== 4 || w?.length !== 4) return undefined;
  const pair = (name: string): readonly number[] => intsOf(node, name) ?? [1, 1];
  const mode = stringOf(node, "auto_pad", "NOTSET");
  const [kh, kw] = [w[2]!, w[3]!];
  const groups = intOf(node, "group", 1);
  const [c, o] = [x[1]!, w[0]!];
  const isDepthwise = groups > 1 && groups === c && c === o && fillsBlocks(c, block);
  const isDense = groups === 1 && fillsBlocks(o, block) && (fillsBlocks(c, block) || c < block);
  const isNear = pair("dilations").every((d) => d === 1);
  if (mode !== "NOTSET" || !isNear || !(isDepthwise || isDense)) return undefined;
  const [sh = 1, sw = 1] = pair("strides");
  const [top = 0, left = 0, bottom = 0, right = 0] = intsOf(node, "pads") ?? [];
  // A single pixel, as in squeeze-and-excitation, is not worth the layout.
  const [tall, wide] = [x[2]!, x[3]!];
  if (tall * wide === 1) return undefined;
  const isNarrow = Math.max(top, bottom) < kh && Math.max(left, right) < kw;
  const [height, width] = [outputSize(tall, [kh, sh, top + bottom]), outputSize(wide, [kw, sw, left + right])];
  // The way back from strides takes whole steps.
  const isEven = (sh === 1 || tall === height * sh) && (sw === 1 || wide === width * sw);
  if (!isNarrow || !isEven) return undefined;
  return { kernel: [kh, kw], strides: [sh, sw], pads: [top, left, bottom, right], groups };
}

/**
 * Whether channels are kept in blocks, the last of which may be filled up with channels whose values mean nothing (but
 * are finite): weights that read them are zero.
 */
export const fillsBlocks = (channels: number, block: number): boolean => channels >= block && channels % 4 === 0;

/** Channels with those that fill up the last block. */
export const filledUp = (channels: number, block: number): number => Math.ceil(channels / block) * block;

/** Windows along one axis. */
export const outputSize = (size: number, [kernel, stride, pads]: readonly [number, number, number]): number =>
  Math.floor((size + pads - kernel) / stride) + 1;

export type Dims = readonly number[] | undefined;

/** Sizes as numbers, with the batch put in; undefined where some are not known. */
export function sizesFrom(facts: ValueFacts | undefined, batch: number): Dims {
  if (facts?.type !== "float32") return undefined;
  const sizes = facts.dims.map((d) => {
    if (typeof d === "number") return d;
    if (d === "batch") return batch;
    return d.endsWith("*batch") ? Number(d.slice(0, -"*batch".length)) * batch : NaN;
  });
  return sizes.every((s) => s > 0) ? sizes : undefined;
}

/** Whether a value has pictures and enough channels for the blocked layout. */
export const isImage = (dims: Dims, block: number): dims is ImageDims =>
  dims?.length === 4 && fillsBlocks(dims[1]!, block) && dims[2]! * dims[3]! > 1;

/** The bounds [0, high] of a Clip, where they are constants of that kind. */
export function clipBounds(node: Node, graph: Graph): readonly [number, number] | undefined {
  const [, low = "", high = ""] = node.inputs;
  const [bottom, top] = [constantNumbers(graph, low)?.[0], constantNumbers(graph, high)?.[0]];
  return bottom === 0 && top !== undefined && top > 0 && top <= MOST ? [0, top] : undefined;
}

/** Bounds whose multiples by 2¹²⁰ are floats. */
const MOST = 100;

/** Which factor of a product [n, c, h, w]·[n, c, 1, 1] is the gate. */
export function gateOf([a, b]: readonly [Dims, Dims], block: number): 0 | 1 | undefined {
  const isGate = (gate: Dims, data: Dims): boolean =>
    isImage(data, block) && gate?.join() === [data[0], data[1], 1, 1].join();
  return isGate(b, a) ? 1 : isGate(a, b) ? 0 : undefined;
}

export type ImageDims = readonly [n: number, c: number, h: number, w: number];

/** Sizes with the channels that fill up the last block. */
export const inMemory = ({ block }: Pick<CpuTarget, "block">, [n, c, h, w]: ImageDims): ImageDims => [
  n,
  filledUp(c, block),
  h,
  w,
];

export const sameSizes = (a: Dims, b: Dims): boolean => a !== undefined && a.join() === b?.join();
