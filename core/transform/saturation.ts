import { intOf } from "../graph/attributes.ts";
import type { Node } from "../graph/model.ts";

/**
 * Eight-bit kernels of x86 processors without VNNI multiply unsigned by signed bytes and add the products of neighbours
 * in 16 bits, where each pair sum saturates (Intel SDM, PMADDUBSW): 2·255·127 = 64,770 becomes 32,767.
 */
export const LIMIT = 32_767;

/** How much the pair sums would lose. */
export interface SaturationCount {
  pairs: number;
  saturated: number;
  /** Σ exact², for the signal. */
  signal: number;
  /** Σ (exact − saturating)², for the noise. */
  noise: number;
}

/**
 * Adds up one dot product as such a kernel does. Products stand in the order in which the runtime packs them.
 * @param unsigned activations in [0, 255]
 * @param signed weights in [−128, 127], starting at `offset`
 */
export function countSaturation(
  unsigned: Uint8Array,
  signed: { readonly weights: Int8Array; readonly offset: number },
  into: SaturationCount,
): void {
  const { weights, offset } = signed;
  let exact = 0;
  let lost = 0;
  for (let k = 0; k < unsigned.length; k += 2) {
    const first = unsigned[k]! * weights[offset + k]!;
    const second = k + 1 < unsigned.length ? unsigned[k + 1]! * weights[offset + k + 1]! : 0;
    const sum = first + second;
    exact += sum;
    into.pairs++;
    if (sum > LIMIT) lost += sum - LIMIT;
    else if (sum < -LIMIT - 1) lost += sum + LIMIT + 1;
    else continue;
    into.saturated++;
  }
  into.signal += exact * exact;
  into.noise += lost * lost;
}

/** Which weights a kernel sums in pairs. */
export interface PairOrder {
  /** Dot products that the weights hold: one per output channel, and per matrix of a stack. */
  readonly rows: number;
  /** Weights in each. */
  readonly depth: number;
  readonly channelOf: (row: number) => number;
  /** Where the k-th weight of a row stands; 2j and 2j + 1 are a pair. */
  readonly at: (row: number, k: number) => number;
}

/**
 * The order in which the runtime packs the weights of a matrix product or convolution: along the contracted axis, for
 * convolutions kernel positions outside and input channels inside.
 * @param outputAxis the axis of output channels; 0 of three axes and more is a convolution's
 */
export function pairOrder(dims: readonly number[], outputAxis: number): PairOrder {
  const count = dims.reduce((product, d) => product * d, 1);
  if (dims.length < 2) return { rows: 1, depth: count, channelOf: () => 0, at: (_, k) => k };
  const size = dims[outputAxis] ?? 1;
  if (outputAxis === 0) {
    const depth = count / size;
    const inputs = dims[1] ?? 1;
    const kernel = depth / inputs;
    const at = (row: number, k: number): number => row * depth + (k % inputs) * kernel + Math.floor(k / inputs);
    return { rows: size, depth, channelOf: (row) => row, at };
  }
  const depth = dims.at(-2) ?? 1;
  const at = (row: number, k: number): number => (Math.floor(row / size) * depth + k) * size + (row % size);
  return { rows: count / depth, depth, channelOf: (row) => row % size, at };
}

/** The largest magnitude of a sum of both with factors in [0, 1]: weights of opposite signs never add up. */
function together(first: number, second: number): number {
  return first > 0 === second > 0 ? Math.abs(first + second) : Math.max(Math.abs(first), Math.abs(second));
}

/** The largest magnitude that two weights of one sign have together in a pair, by output channel. */
function pairPeaks(weights: Float32Array, dims: readonly number[], outputAxis: number): Float64Array {
  const { rows, depth, channelOf, at } = pairOrder(dims, outputAxis);
  const peaks = new Float64Array(dims.length < 2 ? 1 : (dims[outputAxis] ?? 1));
  for (let row = 0; row < rows; row++) {
    let peak = 0;
    for (let k = 0; k < depth; k += 2) {
      peak = Math.max(peak, together(weights[at(row, k)]!, k + 1 < depth ? weights[at(row, k + 1)]! : 0));
    }
    const channel = channelOf(row);
    peaks[channel] = Math.max(peaks[channel]!, peak);
  }
  return peaks;
}

/** Rounding moves each of the two weights of a pair by half a level at most. */
const LEVELS = Math.floor(LIMIT / 255) - 1;

/** Kernels for one channel at a time widen its products to 32 bits first. */
function isDepthwise(node: Node, dims: readonly number[]): boolean {
  return dims.length > 2 && dims[1] === 1 && intOf(node, "group", 1) === dims[0];
}

/**
 * The least scales of a layer's weights with which no pair of eight-bit products can saturate, whatever the activations
 * are: one per output channel, or one. Undefined where the kernel sums no pairs.
 */
export function exactScales(
  node: Node,
  { data, dims }: { readonly data: Float32Array; readonly dims: readonly number[] },
  { outputAxis, perChannel }: { readonly outputAxis: number; readonly perChannel: boolean },
): Float64Array | undefined {
  if (isDepthwise(node, dims)) return undefined;
  const scales = pairPeaks(data, dims, outputAxis).map((peak) => peak / LEVELS);
  return perChannel ? scales : Float64Array.of(Math.max(...scales));
}

/** Pairs of a layer's int8 weights that saturate with some activations, in the order of their rows. */
export function riskyPairs(
  node: Node,
  { data, dims }: { readonly data: Int8Array; readonly dims: readonly number[] },
  outputAxis: number,
): readonly RiskyPair[] {
  if (isDepthwise(node, dims)) return [];
  const { rows, depth, channelOf, at } = pairOrder(dims, outputAxis);
  const found: RiskyPair[] = [];
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k + 1 < depth; k += 2) {
      const [first, second] = [at(row, k), at(row, k + 1)];
      const sum = together(data[first]!, data[second]!);
      if (sum * 255 > LIMIT) found.push({ channel: channelOf(row), first, second });
    }
  }
  return found;
}

export interface RiskyPair {
  readonly channel: number;
  /** Where the two weights stand. */
  readonly first: number;
  readonly second: number;
}
