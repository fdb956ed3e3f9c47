import { floatOf } from "../../graph/attributes.ts";
import { node as makeNode } from "../../graph/build.ts";
import type { Node } from "../../graph/model.ts";
import { isTraining } from "../../ops/gradients/batchNormalization.ts";
import { cutTo, filled, int64, padTo, reshape, scalar } from "./constants.ts";
import { filledUp, inMemory, isImage, type ImageDims } from "./shapes.ts";
import { BLOCKED, type Pending, type Stage } from "./stage.ts";

interface Normalised {
  readonly mean: string;
  readonly inverse: string;
  /** γ·inverse, for one γ. */
  readonly scale: string;
  readonly factor: string;
}

/** A running statistic and what it moves towards. */
interface Move {
  readonly old: string;
  readonly batch: string;
  readonly next: string;
  readonly channels: number;
}

/**
 * Lowers batch normalisations in training mode; the backward pass reuses the statistics of the forward one. Vectors have
 * an entry for every channel in memory, also for those that fill up the last block.
 */
export function batchNormLowering(): {
  readonly forward: (stage: Stage, node: Node) => boolean;
  readonly backward: (stage: Stage, node: Node) => boolean;
  readonly finish: (stage: Stage) => void;
} {
  const found = new Map<string, Normalised>();
  const moves = new Map<number, Move[]>();
  const finish = (stage: Stage): void => {
    for (const [momentum, parts] of moves) moveAll(stage, momentum, parts);
    moves.clear();
  };
  return {
    finish,
    forward: (stage, node) => {
      const [x = "", scale = "", bias = "", oldMean = "", oldVariance = ""] = node.inputs;
      const dims = stage.dims(x);
      if (!isTraining(node) || !isImage(dims, stage.block)) return false;
      const sizes = inMemory(stage, dims);
      const vectors = vectorsOf(stage, dims);
      const data = stage.blocked(x);
      const mean = channelMean(stage, data, { sizes });
      // σ² = E[x²] − μ², never below zero by rounding
      const difference = stage.op("Sub", [meanProduct(stage, [data, data], { sizes }), stage.op("Mul", [mean, mean])]);
      const variance = stage.op("Max", [difference, scalar(stage, 0)]);
      const epsilon = scalar(stage, floatOf(node, "epsilon", 1e-5));
      const inverse = stage.op("Reciprocal", [stage.op("Sqrt", [stage.op("Add", [variance, epsilon])])]);
      const a = stage.op("Mul", [vectors.fill(scale), inverse]);
      found.set(keyOf(node), { mean, inverse, scale, factor: a });
      const shift = stage.op("Sub", [vectors.fill(bias), stage.op("Mul", [mean, a])]);
      const [y = "", nextMean = "", nextVariance = ""] = node.outputs;
      stage.note(y, dims);
      stage.setPending(y, perChannel(stage, data, { factor: a, shift, channels: sizes[1] }));
      const momentum = floatOf(node, "momentum", 0.9);
      const parts = moves.get(momentum) ?? [];
      moves.set(momentum, parts);
      const move = (...[old, batch, next]: [string, string, string]): void => {
        if (next !== "") parts.push({ old: stage.plain(old), batch: vectors.cut(batch), next, channels: dims[1] });
      };
      move(oldMean, mean, nextMean);
      move(oldVariance, variance, nextVariance);
      return true;
    },
    backward: (stage, node) => {
      finish(stage);
      const [dy = "", x = "", scale = ""] = node.inputs;
      const [dx = "", dScale = "", dBias = ""] = node.outputs;
      const dims = stage.dims(x) as ImageDims;
      const known = found.get(keyOf(node, x))!;
      const { mean, inverse } = known;
      const sizes = inMemory(stage, dims);
      const vectors = vectorsOf(stage, dims);
      stage.note(dy, dims);
      stage.note(dx, dims);
      const [gradient, data] = [stage.blocked(dy), stage.blocked(x)];
      // Means over batch and pixels of −dy and −dy·x; dγ = i·(Σdy·x − μ·Σdy)
      const m0 = channelMean(stage, gradient, { sizes, sign: -1 });
      const m1 = meanProduct(stage, [gradient, data], { sizes, sign: -1 });
      const centred = stage.op("Mul", [stage.op("Sub", [m1, stage.op("Mul", [mean, m0])]), inverse]);
      const count = scalar(stage, -dims[0] * dims[2] * dims[3]);
      stage.op("Mul", [vectors.cut(centred), count], {}, { as: dScale });
      stage.op("Mul", [vectors.cut(m0), count], {}, { as: dBias });
      // dx = A·dy + B·x + C: A = γ·i, B = A·i·centred, C = A·m0 − B·μ
      const a = known.scale === scale ? known.factor : stage.op("Mul", [vectors.fill(scale), inverse]);
      const b = stage.op("Mul", [stage.op("Mul", [a, inverse]), centred]);
      const shift = stage.op("Sub", [stage.op("Mul", [a, m0]), stage.op("Mul", [b, mean])]);
      const channels = sizes[1];
      const part = stage.writePending(perChannel(stage, data, { channels, factor: b, shift }));
      stage.setPending(dx, { ...perChannel(stage, gradient, { channels, factor: a }), sum: part });
      return true;
    },
  };
}

/** What statistics are of: two normalisations of one value share them only with the same ε. */
const keyOf = (node: Node, x = node.inputs[0]): string => `${floatOf(node, "epsilon", 1e-5)} ${x ?? ""}`;

/** Between vectors of the model and vectors over all channels in memory. */
function vectorsOf(stage: Stage, [, c]: ImageDims): Record<"fill" | "cut", (vector: string) => string> {
  const full = filledUp(c, stage.block);
  return {
    fill: (vector) => padTo(stage, stage.plain(vector), { from: [c], to: [full] }),
    cut: (vector) => cutTo(stage, vector, { from: [full], to: [c] }),
  };
}

/** next = old·m + batch·(1 − m) of many vectors at once: each node costs as much as some thousand numbers. */
function moveAll(stage: Stage, momentum: number, moves: readonly Move[]): void {
  const joined = (names: readonly string[]): string => stage.op("Concat", names, { axis: 0 });
  const kept = stage.op("Mul", [joined(moves.map((m) => m.old)), scalar(stage, momentum)]);
  const added = stage.op("Mul", [joined(moves.map((m) => m.batch)), scalar(stage, 1 - momentum)]);
  const lengths = int64(
    stage,
    moves.map((m) => m.channels),
  );
  const all = stage.op("Add", [kept, added]);
  const next = moves.map((m) => m.next);
  stage.push(makeNode("Split", [[all, lengths], next], { name: `${all}.split`, attributes: { axis: 0 } }));
}

interface Averaging {
  readonly sizes: ImageDims;
  /** What the mean is multiplied with; default 1. */
  readonly sign?: 1 | -1;
}

/** Mean over batch and pixels of a blocked value: [C]. */
export function channelMean(stage: Stage, blocked: string, { sizes: [n, c], sign = 1 }: Averaging): string {
  const perImage = stage.op("GlobalAveragePool", [blocked], {}, { domain: BLOCKED });
  return overBatch(stage, perImage, { n, c, factor: sign / n });
}

/** Mean over batch and pixels of the product of two blocked values: [C]. */
function meanProduct(stage: Stage, pair: readonly [string, string], { sizes, sign = 1 }: Averaging): string {
  const [n, c, h, w] = sizes;
  return overBatch(stage, pixelProduct(stage, pair, sizes), { n, c, factor: sign / (n * h * w) });
}

/**
 * Sums over pixels of the product of two blocked values: [1, n·c, 1, 1]. One is the weight of a depthwise convolution as
 * large as its picture, with every channel of every image for itself: a pass over memory that writes nothing.
 */
export function pixelProduct(stage: Stage, [a, b]: readonly [string, string], [n, c, h, w]: ImageDims): string {
  const inputs = [reshape(stage, a, [1, n * c, h, w]), reshape(stage, b, [n * c, 1, h, w])];
  return stage.op("Conv", inputs, { kernel_shape: [h, w], group: n * c }, { domain: BLOCKED });
}

/** Sum over the batch times a factor, as a product of matrices: one node. */
function overBatch(
  stage: Stage,
  value: string,
  { n, c, factor }: { readonly n: number; readonly c: number; readonly factor: number },
): string {
  return stage.op("MatMul", [filled(stage, [n], factor), reshape(stage, value, [n, c])]);
}

interface PerChannel {
  readonly channels: number;
  readonly factor: string;
  readonly shift?: string;
}

/** factor·x + shift per channel, as a 1×1 depthwise convolution: one pass over memory. */
function perChannel(stage: Stage, data: string, { channels, factor, shift }: PerChannel): Pending {
  const weight = stage.op("Reshape", [factor, int64(stage, [channels, 1, 1, 1])]);
  return {
    inputs: shift === undefined ? [data, weight] : [data, weight, shift],
    attributes: { kernel_shape: [1, 1], group: channels },
  };
}
