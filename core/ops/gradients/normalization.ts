import { floatOf, intOf, intsOf } from "../../graph/attributes.ts";
import type { Node } from "../../graph/model.ts";
import { reduceSum, sumTo } from "../broadcast.ts";
import { axisOf, intVector, rankOf, reshapeLike, scalar } from "../constants.ts";
import type { GradientCall, GradientRule, GraphWriter } from "../gradient.ts";
import { unary } from "./forms.ts";
import { noGradientFor } from "./refuse.ts";
import { axesFrom, perChannel, reshapeTo, sizeOf } from "./sizes.ts";
import { inverseDeviation, meanOver, statisticsOver } from "./statistics.ts";

/** x̂ and what else its derivative needs; `mean` says that a mean was taken off first. */
interface Normalized {
  readonly hat: string;
  readonly inverse: string;
  readonly axes: readonly number[];
  readonly isCentered: boolean;
}

const epsilonOf = (node: Node, otherwise = 1e-5): number => floatOf(node, "epsilon", otherwise);

interface Over {
  readonly axes: readonly number[];
  readonly epsilon: number;
}

/** x̂ = (x − μ)/√(σ² + ε) over some axes. */
function standardize(write: GraphWriter, x: string, { axes, epsilon, like = x }: Over & { like?: string }): Normalized {
  const { centered, inverse } = statisticsOver(write, x, { axes, epsilon, like });
  return { hat: write.op("Mul", [centered, inverse]), inverse, axes, isCentered: true };
}

/** x̂ = x/√(mean of x² + ε) */
function scaleToUnit(write: GraphWriter, x: string, { axes, epsilon, like = x }: Over & { like?: string }): Normalized {
  const square = meanOver(write, write.op("Mul", [x, x]), axes);
  const inverse = inverseDeviation(write, square, { epsilon, like });
  return { hat: write.op("Mul", [x, inverse]), inverse, axes, isCentered: false };
}

/** dx = i·(dx̂ − mean(dx̂) − x̂·mean(dx̂·x̂)), without the middle term where no mean was taken off. */
function throughStatistics(write: GraphWriter, dHat: string, { hat, inverse, axes, isCentered }: Normalized): string {
  const along = write.op("Mul", [hat, meanOver(write, write.op("Mul", [dHat, hat]), axes)]);
  const rest = isCentered ? write.op("Sub", [dHat, meanOver(write, dHat, axes)]) : dHat;
  return write.op("Mul", [write.op("Sub", [rest, along]), inverse]);
}

const lastAxes = (write: GraphWriter, node: Node, x: string): readonly number[] => {
  const rank = rankOf(write, x);
  return axesFrom(axisOf(intOf(node, "axis", -1), rank), rank);
};

/** Only y may be used: mean and deviation are outputs too, for whoever wants to save their computation. */
function onlyFirst({ node, dy: [dy, ...others] }: GradientCall): string | undefined {
  if (others.some((d) => d !== undefined)) throw noGradientFor(node, "what depends on its statistics");
  return dy;
}

/** y = γ·x̂ + β over the last axes (Ba, Kiros and Hinton, 2016). */
export const layerNormalizationGradient: GradientRule = (write, call) => overLastAxes(write, call, standardize);

/** y = γ·x/√(mean of x² + ε) (Zhang and Sennrich, 2019). */
export const rmsNormalizationGradient: GradientRule = (write, call) => overLastAxes(write, call, scaleToUnit);

function overLastAxes(
  write: GraphWriter,
  call: GradientCall,
  normalize: typeof standardize,
): readonly (string | undefined)[] {
  const dy = onlyFirst(call);
  if (dy === undefined) return [];
  const { node, needs } = call;
  const [x = "", scale = "", bias = ""] = node.inputs;
  const dBias = needs(2) ? sumTo(write, dy, [x, bias]) : undefined;
  if (!needs(0) && !needs(1)) return [undefined, undefined, dBias];
  const normalized = normalize(write, x, { axes: lastAxes(write, node, x), epsilon: epsilonOf(node) });
  return [
    needs(0) ? throughStatistics(write, write.op("Mul", [dy, scale]), normalized) : undefined,
    needs(1) ? sumTo(write, write.op("Mul", [dy, normalized.hat]), [x, scale]) : undefined,
    dBias,
  ];
}

/** com.microsoft: y = γ·x̂ + β of s = x + skip + bias; s is the fourth output. */
export const skipLayerNormalizationGradient: GradientRule = (write, call) =>
  withSkip(write, call, { normalize: standardize, slots: { scale: 2, shift: 3, bias: 4 } });

export const skipSimplifiedGradient: GradientRule = (write, call) =>
  withSkip(write, call, { normalize: scaleToUnit, slots: { scale: 2, shift: -1, bias: 3 } });

function withSkip(
  write: GraphWriter,
  { node, dy, needs }: GradientCall,
  { normalize, slots }: { normalize: typeof standardize; slots: { scale: number; shift: number; bias: number } },
): readonly (string | undefined)[] {
  if (dy[1] !== undefined || dy[2] !== undefined) throw noGradientFor(node, "what depends on its statistics");
  const [x = "", skip = ""] = node.inputs;
  const [scale = "", shift = "", bias = ""] = [slots.scale, slots.shift, slots.bias].map((s) => node.inputs[s]);
  const parts: (string | undefined)[] = [];
  let dSum = dy[3];
  if (dy[0] !== undefined) {
    const joined = write.op("Add", [x, skip]);
    const sum = node.outputs[3] || (bias === "" ? joined : write.op("Add", [joined, bias]));
    const rank = rankOf(write, x);
    const normalized = normalize(write, sum, { axes: [rank - 1], epsilon: epsilonOf(node, 1e-12), like: x });
    const through = throughStatistics(write, write.op("Mul", [dy[0], scale]), normalized);
    dSum = dSum === undefined ? through : write.op("Add", [dSum, through]);
    if (needs(slots.scale)) parts[slots.scale] = sumTo(write, write.op("Mul", [dy[0], normalized.hat]), [x, scale]);
    if (slots.shift >= 0 && needs(slots.shift)) parts[slots.shift] = sumTo(write, dy[0], [x, shift]);
  }
  if (dSum === undefined) return parts;
  if (needs(0)) parts[0] = dSum;
  if (needs(1)) parts[1] = sumTo(write, dSum, [x, skip]);
  if (bias !== "" && needs(slots.bias)) parts[slots.bias] = sumTo(write, dSum, [x, bias]);
  return parts;
}

/** y = γ·x̂ + β per image and channel (Ulyanov et al., 2016). */
export const instanceNormalizationGradient: GradientRule = (write, { node, dy: [dy], needs }) => {
  if (dy === undefined) return [];
  const [x = "", scale = "", bias = ""] = node.inputs;
  const rank = rankOf(write, x);
  const normalized = standardize(write, x, { axes: axesFrom(2, rank), epsilon: epsilonOf(node) });
  const perChannelSum = (value: string): string =>
    reduceSum(write, value, { axes: [0, ...axesFrom(2, rank)], keep: false });
  return [
    needs(0) ? throughStatistics(write, write.op("Mul", [dy, perChannel(write, scale, rank)]), normalized) : undefined,
    needs(1) ? reshapeLike(write, perChannelSum(write.op("Mul", [dy, normalized.hat])), scale) : undefined,
    needs(2) ? reshapeLike(write, perChannelSum(dy), bias) : undefined,
  ];
};

/**
 * y = γ·x̂ + β per image and group of channels (Wu and He, 2018). γ and β are per group up to opset 20, per channel
 * from 21 on.
 */
export const groupNormalizationGradient =
  (parameters: "per group" | "per channel"): GradientRule =>
  (write, { node, dy: [dy], needs }) => {
    if (dy === undefined) return [];
    const [x = "", scale = "", bias = ""] = node.inputs;
    const groups = intOf(node, "num_groups", 1);
    const grouped = (value: string): string => write.op("Reshape", [value, intVector(write, [0, groups, -1])]);
    const normalized = standardize(write, grouped(x), { axes: [2], epsilon: epsilonOf(node), like: x });
    const isPerGroup = parameters === "per group";
    const rank = isPerGroup ? 3 : rankOf(write, x);
    const [hat, gradient] = isPerGroup ? [normalized.hat, grouped(dy)] : [reshapeLike(write, normalized.hat, x), dy];
    const sum = (value: string): string => reduceSum(write, value, { axes: [0, ...axesFrom(2, rank)], keep: false });
    const dHat = needs(0) ? write.op("Mul", [gradient, perChannel(write, scale, rank)]) : "";
    return [
      needs(0)
        ? reshapeLike(write, throughStatistics(write, isPerGroup ? dHat : grouped(dHat), normalized), x)
        : undefined,
      needs(1) ? reshapeLike(write, sum(write.op("Mul", [gradient, hat])), scale) : undefined,
      needs(2) ? reshapeLike(write, sum(gradient), bias) : undefined,
    ];
  };

/** y = (x − μ)/(σ + 1e-9) */
export const meanVarianceGradient = unary((write, { node, x, dy }) => {
  const axes = intsOf(node, "axes") ?? [0, 2, 3];
  const { centered, variance } = statisticsOver(write, x, { axes, epsilon: 0, like: x });
  const deviation = write.op("Sqrt", [variance]);
  const divisor = write.op("Add", [deviation, scalar(write, 1e-9, x)]);
  const rest = write.op("Sub", [dy, meanOver(write, dy, axes)]);
  const slope = write.op("Div", [
    meanOver(write, write.op("Mul", [dy, centered]), axes),
    write.op("Mul", [deviation, divisor]),
  ]);
  return write.op("Div", [write.op("Sub", [rest, write.op("Mul", [centered, slope])]), divisor]);
});

/** y = x/‖x‖ₚ along an axis; p = 2: dx = (dy − y·Σ(dy·y))/‖x‖, p = 1: dx = (dy − sign(x)·Σ(dy·y))/‖x‖; 0 for x = 0. */
export const lpNormalizationGradient = unary((write, { node, x, y, dy }) => {
  const axes = [axisOf(intOf(node, "axis", -1), rankOf(write, x))];
  const isOne = intOf(node, "p", 2) === 1;
  const sum = (value: string): string => reduceSum(write, value, { axes, keep: true });
  const norm = isOne ? sum(write.op("Abs", [x])) : write.op("Sqrt", [sum(write.op("Mul", [x, x]))]);
  const zero = scalar(write, 0, x);
  const isZero = write.op("Equal", [norm, zero]);
  const along = write.op("Mul", [isOne ? write.op("Sign", [x]) : y, sum(write.op("Mul", [dy, y]))]);
  const safe = write.op("Where", [isZero, scalar(write, 1, x), norm]);
  return write.op("Where", [isZero, zero, write.op("Div", [write.op("Sub", [dy, along]), safe])]);
});

/**
 * y = x·s^−β with s = bias + α/n · Σx² over n channels around (Krizhevsky et al., 2012):
 * dx = dy·s^−β − 2αβ/n · x · Σ over the channels whose window holds x of dy·x·s^(−β−1).
 */
export const lrnGradient = unary((write, { node, x, dy }) => {
  const size = intOf(node, "size", 1);
  const [alpha, beta, bias] = [floatOf(node, "alpha", 1e-4), floatOf(node, "beta", 0.75), floatOf(node, "bias", 1)];
  const [before, after] = [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)];
  const constant = (value: number): string => scalar(write, value, x);
  // The mean over channels counts the padding, so it is a sum divided by n.
  const meanAround = (value: string, [left, right]: readonly [number, number]): string => {
    const lines = reshapeTo(write, value, [sizeOf(write, x, 0), 1, sizeOf(write, x, 1), -1]);
    return reshapeLike(
      write,
      write.op("AveragePool", [lines], { kernel_shape: [size, 1], pads: [left, 0, right, 0], count_include_pad: 1 }),
      x,
    );
  };
  const square = meanAround(write.op("Mul", [x, x]), [before, after]);
  const s = write.op("Add", [write.op("Mul", [square, constant(alpha)]), constant(bias)]);
  const direct = write.op("Mul", [dy, write.op("Pow", [s, constant(-beta)])]);
  const crossed = meanAround(write.op("Div", [write.op("Mul", [direct, x]), s]), [after, before]);
  return write.op("Sub", [direct, write.op("Mul", [write.op("Mul", [x, crossed]), constant(2 * alpha * beta)])]);
});
