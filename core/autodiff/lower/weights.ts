import { int64, reshape } from "./constants.ts";
import { BLOCKED, type Stage } from "./stage.ts";

/** Sizes of a weight [O, I, kh, kw]. */
export type WeightDims = readonly [o: number, i: number, kh: number, kw: number];

/** The weight of a dense blocked convolution: [O, I, kh, kw] → [O/b, I/b, kh, kw, b·i, b·o]; few channels stay unblocked. */
export function blockedWeight(stage: Stage, w: string, [o, i, kh, kw]: WeightDims): string {
  const b = stage.block;
  const to = [o, i, kh, kw];
  const inBlocks = intoBlocks(stage, w, { dims: [1, o, 1, i * kh * kw], to });
  if (i < b) return inBlocks;
  return reorder(stage, inBlocks, { split: [(o * i) / (b * b), b, kh * kw, b], order: [0, 2, 1, 3], to });
}

/** The weight of a depthwise blocked convolution: [C, 1, kh, kw] → [C/b, kh·kw, b]. */
export function depthwiseWeight(stage: Stage, w: string, [c, , kh, kw]: WeightDims): string {
  const b = stage.block;
  if (kh * kw === 1) return w;
  return reorder(stage, w, { split: [c / b, b, kh * kw], order: [0, 2, 1], to: [c, 1, kh, kw] });
}

/**
 * The weight that carries gradients back: kernel reversed, inputs and outputs exchanged, blocked. Made of the forward
 * pass's blocked weight, in steps that move whole blocks.
 */
export function turnedWeight(stage: Stage, w: string, [o, i, kh, kw]: WeightDims): string {
  const b = stage.block;
  const k = kh * kw;
  if (k === 1) return reorder(stage, w, { split: [o / b, b, i / b, b], order: [2, 0, 1, 3], to: [i, o, 1, 1] });
  const blocked = stage.once(`blocked ${w}`, () => blockedWeight(stage, w, [o, i, kh, kw]));
  const exchanged = intoBlocks(stage, blocked, { dims: [(o * i * k) / (b * b), b, 1, b], to: [o, i, kh, kw] });
  const to = [i, o, kh, kw];
  const outer = reorder(stage, exchanged, { split: [o / b, i / b, k * b * b], order: [1, 0, 2], to });
  const taps = int64(
    stage,
    Array.from({ length: k }, (_, at) => k - 1 - at),
  );
  const pictures = reshape(stage, outer, [(o * i) / (b * b), k, b * b]);
  return reshape(stage, stage.op("Gather", [pictures, taps], { axis: 1 }), to);
}

interface Blocking {
  /** Sizes in plain layout, of which the second goes into blocks. */
  readonly dims: readonly [number, number, number, number];
  /** Sizes of the result. */
  readonly to: readonly number[];
}

/** Numbers that stand b apart side by side: the runtime's way into blocked layout does it several times as fast as Transpose. */
const intoBlocks = (stage: Stage, value: string, { dims, to }: Blocking): string =>
  reshape(stage, stage.op("ReorderInput", [reshape(stage, value, dims)], {}, { domain: BLOCKED }), to);

/** The way back: `dims` are those of the result before it gets the sizes `to`. */
export const outOfBlocks = (stage: Stage, value: string, { dims, to }: Blocking): string => {
  const blocks = reshape(stage, value, dims);
  const plain = stage.op("ReorderOutput", [blocks], { channels: dims[1] }, { domain: BLOCKED });
  return reshape(stage, plain, to);
};

/** The kernel axes of a weight in reverse. */
export function reversed(stage: Stage, w: string, kernel: readonly [number, number]): string {
  const axes = kernel.flatMap((k, i) => (k > 1 ? [i + 2] : []));
  if (axes.length === 0) return w;
  const all = (x: number): string =>
    int64(
      stage,
      axes.map(() => x),
    );
  return stage.op("Slice", [w, all(-1), all(-0x7fffffff), int64(stage, axes), all(-1)]);
}

export interface Reordering {
  /** Sizes of the axes to move. */
  readonly split: readonly number[];
  /** Where each axis of the result comes from. */
  readonly order: readonly number[];
  /** Sizes of the result. */
  readonly to: readonly number[];
}

/** Reshape, Transpose, Reshape. Axes that stay together are moved as one, which the runtime does much faster. */
export function reorder(stage: Stage, value: string, { split, order, to }: Reordering): string {
  const kept = order.filter((axis) => split[axis] !== 1);
  const runs: number[][] = [];
  for (const axis of kept) {
    const last = runs.at(-1);
    const before = last?.at(-1);
    const isNext = before !== undefined && kept.every((other) => other <= before || other >= axis) && axis > before;
    if (last !== undefined && isNext) last.push(axis);
    else runs.push([axis]);
  }
  const inOrder = runs.toSorted((a, b) => a[0]! - b[0]!);
  const sizes = inOrder.map((run) => run.reduce((all, axis) => all * split[axis]!, 1));
  const perm = runs.map((run) => inOrder.indexOf(run));
  if (perm.every((axis, i) => axis === i)) return reshape(stage, value, to);
  return reshape(stage, stage.op("Transpose", [reshape(stage, value, sizes)], { perm }), to);
}
