import { floatOf } from "../../graph/attributes.ts";
import type { Node } from "../../graph/model.ts";
import { isTraining } from "../../ops/gradients/batchNormalization.ts";
import { int64, reshape, scalar } from "./constants.ts";
import { BLOCKED, type Stage } from "./stage.ts";

interface Normalised {
  readonly mean: string;
  readonly inverse: string;
}

/** Lowers batch normalisations in training mode; the backward pass reuses the statistics of the forward one. */
export function batchNormLowering(): {
  readonly forward: (stage: Stage, node: Node) => boolean;
  readonly backward: (stage: Stage, node: Node) => boolean;
} {
  const found = new Map<string, Normalised>();
  return {
    forward: (stage, node) => {
      const [x = "", scale = "", bias = "", oldMean = "", oldVariance = ""] = node.inputs;
      const dims = stage.dims(x);
      if (!isTraining(node) || dims?.length !== 4 || dims[1]! % stage.block !== 0) return false;
      const [n, c] = dims as readonly [number, number];
      const data = stage.blocked(x);
      const mean = channelMean(stage, data, [n, c]);
      // σ² = E[x²] − μ², never below zero by rounding
      const squares = channelMean(stage, stage.op("Mul", [data, data]), [n, c]);
      const difference = stage.op("Sub", [squares, stage.op("Mul", [mean, mean])]);
      const variance = stage.op("Max", [difference, scalar(stage, 0)]);
      const epsilon = scalar(stage, floatOf(node, "epsilon", 1e-5));
      const inverse = stage.op("Reciprocal", [stage.op("Sqrt", [stage.op("Add", [variance, epsilon])])]);
      found.set(x, { mean, inverse });
      const a = stage.op("Mul", [stage.plain(scale), inverse]);
      const shift = stage.op("Sub", [stage.plain(bias), stage.op("Mul", [mean, a])]);
      const [y = "", nextMean = "", nextVariance = ""] = node.outputs;
      stage.note(y, dims);
      stage.setPending(y, perChannel(stage, data, { channels: c, factor: a, shift }));
      const momentum = floatOf(node, "momentum", 0.9);
      // old·m + batch·(1 − m)
      const move = (old: string, batch: string, as: string): void => {
        if (as === "") return;
        const kept = stage.op("Mul", [stage.plain(old), scalar(stage, momentum)]);
        stage.op("Add", [kept, stage.op("Mul", [batch, scalar(stage, 1 - momentum)])], {}, { as });
      };
      move(oldMean, mean, nextMean);
      move(oldVariance, variance, nextVariance);
      return true;
    },
    backward: (stage, node) => {
      const [dy = "", x = "", scale = ""] = node.inputs;
      const [dx = "", dScale = "", dBias = ""] = node.outputs;
      const dims = stage.dims(x)!;
      const { mean, inverse } = found.get(x)!;
      const [n, c] = dims as readonly [number, number];
      stage.note(dy, dims);
      stage.note(dx, dims);
      const [gradient, data] = [stage.blocked(dy), stage.blocked(x)];
      const count = n * dims[2]! * dims[3]!;
      // Means over batch and pixels of dy and dy·x; dγ = i·(Σdy·x − μ·Σdy)
      const m0 = channelMean(stage, gradient, [n, c]);
      const m1 = channelMean(stage, stage.op("Mul", [gradient, data]), [n, c]);
      const centred = stage.op("Mul", [stage.op("Sub", [m1, stage.op("Mul", [mean, m0])]), inverse]);
      const size = scalar(stage, count);
      stage.op("Mul", [centred, size], {}, { as: dScale });
      stage.op("Mul", [m0, size], {}, { as: dBias });
      // dx = A·dy + B·x + C: A = γ·i, B = −A·i·centred, C = −A·m0 − B·μ
      const a = stage.op("Mul", [stage.plain(scale), inverse]);
      const minusB = stage.op("Mul", [stage.op("Mul", [a, inverse]), centred]);
      const b = stage.op("Neg", [minusB]);
      const shift = stage.op("Sub", [stage.op("Mul", [minusB, mean]), stage.op("Mul", [a, m0])]);
      const part = stage.writePending(perChannel(stage, data, { channels: c, factor: b, shift }));
      stage.setPending(dx, { ...perChannel(stage, gradient, { channels: c, factor: a }), sum: part });
      return true;
    },
  };
}

/** Mean over batch and pixels of a blocked value: [C]. */
export function channelMean(stage: Stage, blocked: string, [n, c]: readonly [number, number]): string {
  const perImage = stage.op("GlobalAveragePool", [blocked], {}, { domain: BLOCKED });
  const sum = stage.op("ReduceSum", [reshape(stage, perImage, [n, c]), int64(stage, [0])], { keepdims: 0 });
  return stage.op("Mul", [sum, scalar(stage, 1 / n)]);
}

interface PerChannel {
  readonly channels: number;
  readonly factor: string;
  readonly shift?: string;
}

/** factor·x + shift per channel, as a 1×1 depthwise convolution: one pass over memory. */
function perChannel(
  stage: Stage,
  data: string,
  { channels, factor, shift }: PerChannel,
): Parameters<Stage["setPending"]>[1] {
  const weight = stage.op("Reshape", [factor, int64(stage, [channels, 1, 1, 1])]);
  return {
    inputs: shift === undefined ? [data, weight] : [data, weight, shift],
    attributes: { kernel_shape: [1, 1], group: channels },
  };
}
