import { floatOf, intOf } from "../../graph/attributes.ts";
import type { Node } from "../../graph/model.ts";
import { reduceSum } from "../broadcast.ts";
import { rankOf, reshapeLike, scalar, sizeRatio } from "../constants.ts";
import type { GradientCall, GradientRule, GraphWriter } from "../gradient.ts";
import { noGradientFor } from "./refuse.ts";
import { axesFrom, perChannel } from "./sizes.ts";
import { inverseDeviation, statisticsOver, type Statistics } from "./statistics.ts";

/** y = γ·(x − μ)/√(σ² + ε) + β per channel; μ and σ² are inputs, or in training mode those of the batch. */
export const batchNormalizationGradient: GradientRule = (write, call) => {
  if (isTraining(call.node)) return trainingGradient(write, call);
  if (call.node.outputs.slice(1).some((output) => output !== ""))
    throw noGradientFor(call.node, "the training form of before opset 14");
  return inferenceGradient(write, call);
};

export const isTraining = (node: Node): boolean => intOf(node, "training_mode", 0) === 1;

const epsilonOf = (node: Node): number => floatOf(node, "epsilon", 1e-5);

const axesBesideChannels = (rank: number): readonly number[] => [0, ...axesFrom(2, rank)];

/** The statistics of the batch, as [1, C, 1, …]. */
export function batchStatistics(write: GraphWriter, node: Node): Statistics {
  const [x = "", scale = ""] = node.inputs;
  const axes = axesBesideChannels(rankOf(write, x));
  return statisticsOver(write, x, { axes, epsilon: epsilonOf(node), like: scale });
}

/**
 * Through the statistics of the batch (Ioffe and Szegedy, 2015), with c = x − μ, i = 1/√(σ² + ε) and sums over all but
 * the channels: dβ = Σdy, dγ = i·Σ(dy·c), dx = A·dy + B·c + C with A = γ·i, B = −A·i²·Σ(dy·c)/n, C = −A·Σdy/n.
 */
function trainingGradient(write: GraphWriter, { node, dy, needs }: GradientCall): readonly (string | undefined)[] {
  const [x = "", scale = "", bias = ""] = node.inputs;
  const [gradient, ...ofStatistics] = dy;
  if (ofStatistics.some((d) => d !== undefined)) throw noGradientFor(node, "what depends on its running statistics");
  if (gradient === undefined) return [];
  const rank = rankOf(write, x);
  const axes = axesBesideChannels(rank);
  const { centered, inverse } = batchStatistics(write, node);
  const sum = reduceSum(write, gradient, { axes, keep: true });
  const dBias = needs(2) ? reshapeLike(write, sum, bias) : undefined;
  if (!needs(0) && !needs(1)) return [undefined, undefined, dBias];
  const product = reduceSum(write, write.op("Mul", [gradient, centered]), { axes, keep: true });
  const scaled = write.op("Mul", [product, inverse]);
  const dScale = needs(1) ? reshapeLike(write, scaled, scale) : undefined;
  if (!needs(0)) return [undefined, dScale, dBias];
  const a = write.op("Mul", [perChannel(write, scale, rank), inverse]);
  const minusA = write.op("Div", [write.op("Neg", [a]), sizeRatio(write, x, scale)]);
  const b = write.op("Mul", [minusA, write.op("Mul", [scaled, inverse])]);
  const c = write.op("Mul", [minusA, sum]);
  const fromCentered = write.op("Add", [write.op("Mul", [centered, b]), c]);
  return [write.op("Add", [write.op("Mul", [gradient, a]), fromCentered]), dScale, dBias];
}

/** With μ and σ² given: dx = γ·i·dy, dγ = i·Σ(dy·c), dβ = Σdy, dμ = −γ·i·Σdy, dσ² = −½·γ·i³·Σ(dy·c). */
function inferenceGradient(write: GraphWriter, { node, dy, needs }: GradientCall): readonly (string | undefined)[] {
  const [gradient] = dy;
  if (gradient === undefined) return [];
  const [x = "", scale = "", bias = "", mean = "", variance = ""] = node.inputs;
  const rank = rankOf(write, x);
  const axes = axesBesideChannels(rank);
  const inverse = inverseDeviation(write, variance, { epsilon: epsilonOf(node), like: variance });
  const a = write.op("Mul", [scale, inverse]);
  const sum = needs(2) || needs(3) ? reduceSum(write, gradient, { axes, keep: false }) : "";
  const needsProduct = needs(1) || needs(4);
  const centered = needsProduct ? write.op("Sub", [x, perChannel(write, mean, rank)]) : "";
  const product = needsProduct ? reduceSum(write, write.op("Mul", [gradient, centered]), { axes, keep: false }) : "";
  return [
    needs(0) ? write.op("Mul", [gradient, perChannel(write, a, rank)]) : undefined,
    needs(1) ? reshapeLike(write, write.op("Mul", [product, inverse]), scale) : undefined,
    needs(2) ? reshapeLike(write, sum, bias) : undefined,
    needs(3) ? write.op("Neg", [write.op("Mul", [a, sum])]) : undefined,
    needs(4)
      ? write.op("Mul", [
          write.op("Mul", [scalar(write, -0.5, variance), write.op("Mul", [a, product])]),
          write.op("Mul", [inverse, inverse]),
        ])
      : undefined,
  ];
}

/**
 * The outputs of a BatchNormalization in training mode, out of primitive ops: y, and the running mean and variance
 * (old·momentum + batch·(1 − momentum), population variance; ONNX BatchNormalization-15).
 */
export function writeTraining(write: GraphWriter, node: Node): readonly [y: string, mean: string, variance: string] {
  const [x = "", scale = "", bias = "", oldMean = "", oldVariance = ""] = node.inputs;
  const rank = rankOf(write, x);
  const { mean, variance, inverse, centered } = batchStatistics(write, node);
  const a = write.op("Mul", [perChannel(write, scale, rank), inverse]);
  const y = write.op("Add", [write.op("Mul", [centered, a]), perChannel(write, bias, rank)]);
  const momentum = floatOf(node, "momentum", 0.9);
  const moved = (old: string, batch: string): string =>
    write.op("Add", [
      write.op("Mul", [old, scalar(write, momentum, old)]),
      write.op("Mul", [reshapeLike(write, batch, old), scalar(write, 1 - momentum, old)]),
    ]);
  return [y, moved(oldMean, mean), moved(oldVariance, variance)];
}
