import type { Buffer } from "./buffers.ts";

/** A stretch of a region; neighbours in the same region are linked. */
interface Chunk {
  readonly region: number;
  readonly at: number;
  size: number;
  isFree: boolean;
  before: Chunk | undefined;
  after: Chunk | undefined;
}

const MIB = 2 ** 20;
/** Sizes of onnxruntime's arena (`bfc_arena.h`): granularity, first region, largest doubling, most that a chunk may waste. */
const GRAIN = 256;
const FIRST = MIB;
const DOUBLING = 1024 * MIB;
const WASTE = 128 * MIB;

/**
 * Bytes that onnxruntime's arena touches when a run takes and frees these buffers: best fit with coalescing, in regions
 * that double. A chunk less than twice as large as what is asked for is given whole, which is where it takes more than
 * is alive.
 */
export function touchedBytes(buffers: readonly Buffer[], nodes: number, bytes: (value: string) => number): number {
  const free: Chunk[] = [];
  const touched: number[] = [];
  let next = FIRST;

  /** First free chunk of at least this size; they are sorted by size, region and place. */
  const indexOf = (size: number, region = -1, at = -1): number => {
    let [low, high] = [0, free.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const c = free[middle]!;
      const isBefore = c.size - size || c.region - region || c.at - at;
      if (isBefore < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const put = (chunk: Chunk): void => void free.splice(indexOf(chunk.size, chunk.region, chunk.at), 0, chunk);
  const drop = (chunk: Chunk): void => void free.splice(indexOf(chunk.size, chunk.region, chunk.at), 1);
  const extend = (size: number): Chunk => {
    const isEnough = size <= next;
    while (size > next) next *= 2;
    const chunk = { region: touched.length, at: 0, size: next, isFree: false, before: undefined, after: undefined };
    touched.push(0);
    if (isEnough) next = Math.min(2 * next, DOUBLING);
    return chunk;
  };
  const take = (wanted: number): Chunk => {
    const size = Math.max(GRAIN, Math.ceil(wanted / GRAIN) * GRAIN);
    const chunk = free.splice(indexOf(size), 1)[0] ?? extend(size);
    if (chunk.size >= 2 * size || chunk.size - size >= WASTE) {
      const { region, at, after } = chunk;
      const rest = { region, at: at + size, size: chunk.size - size, isFree: true, before: chunk, after };
      if (after !== undefined) after.before = rest;
      [chunk.after, chunk.size] = [rest, size];
      put(rest);
    }
    chunk.isFree = false;
    touched[chunk.region] = Math.max(touched[chunk.region]!, chunk.at + size);
    return chunk;
  };
  const join = (chunk: Chunk, after: Chunk): void => {
    drop(after);
    chunk.size += after.size;
    chunk.after = after.after;
    if (after.after !== undefined) after.after.before = chunk;
  };
  const release = (chunk: Chunk): void => {
    chunk.isFree = true;
    if (chunk.after?.isFree === true) join(chunk, chunk.after);
    const { before } = chunk;
    if (before?.isFree !== true) {
      put(chunk);
      return;
    }
    drop(before);
    before.size += chunk.size;
    before.after = chunk.after;
    if (chunk.after !== undefined) chunk.after.before = before;
    put(before);
  };

  const starting: Buffer[][] = Array.from({ length: nodes }, () => []);
  const ending: Buffer[][] = Array.from({ length: nodes }, () => []);
  for (const b of buffers) {
    starting[b.start]!.push(b);
    ending[b.end]!.push(b);
  }
  const held = new Map<Buffer, Chunk>();
  for (let at = 0; at < nodes; at++) {
    for (const b of starting[at]!) held.set(b, take(bytes(b.value)));
    for (const b of ending[at]!) {
      release(held.get(b)!);
      held.delete(b);
    }
  }
  return touched.reduce((sum, bytes) => sum + bytes, 0);
}
