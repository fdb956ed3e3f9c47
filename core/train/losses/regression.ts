import { reduceSum } from "../../ops/broadcast.ts";
import type { GraphWriter } from "../../ops/gradient.ts";
import type { Loss, LossCall } from "./loss.ts";
import { meanOf, number, rowsOf, samplesOf, square } from "./parts.ts";

const difference = (write: GraphWriter, { output, target }: LossCall): string => write.op("Sub", [output, target]);

/** Mean of (y − t)². */
export const meanSquaredError: Loss = {
  targets: ["values", "probabilities"],
  write: (write, call) => meanOf(write, square(write, difference(write, call))),
};

/** Mean of |y − t|. */
export const meanAbsoluteError: Loss = {
  targets: ["values", "probabilities"],
  write: (write, call) => meanOf(write, write.op("Abs", [difference(write, call)])),
};

/** ½d² for |d| ≤ δ and δ(|d| − ½δ) beyond (Huber 1964), as c·(|d| − ½c) with c = min(|d|, δ). */
export function huber({ delta = 1 }: { readonly delta?: number }): Loss {
  return {
    targets: ["values", "probabilities"],
    write: (write, call) => {
      const size = write.op("Abs", [difference(write, call)]);
      const capped = write.op("Min", [size, number(write, delta)]);
      const rest = write.op("Sub", [size, write.op("Mul", [capped, number(write, 0.5)])]);
      return meanOf(write, write.op("Mul", [capped, rest]));
    },
  };
}

/** 1 − cos(y, t), each sample taken as one vector. */
export const cosine: Loss = {
  targets: ["values", "probabilities"],
  write: (write, { output, target }) => {
    const [y, t] = [rowsOf(write, output), rowsOf(write, target)];
    const sum = (value: string): string => reduceSum(write, value, { axes: [1], keep: false });
    const lengths = write.op("Mul", [sum(square(write, y)), sum(square(write, t))]);
    const length = write.op("Sqrt", [write.op("Max", [lengths, number(write, 1e-16)])]);
    const similarity = write.op("Div", [sum(write.op("Mul", [y, t])), length]);
    return write.op("Sub", [number(write, 1), meanOf(write, similarity)]);
  },
};

/**
 * 1 − 2·cov(y, t)/(σ²_y + σ²_t + (μ_y − μ_t)²), Lin's concordance correlation over the batch for each output
 * (Lin 1989), averaged over the outputs.
 */
export const concordance: Loss = {
  targets: ["values", "probabilities"],
  write: (write, { output, target }) => {
    const [y, t] = [rowsOf(write, output), rowsOf(write, target)];
    const count = samplesOf(write, output);
    const mean = (value: string): string =>
      write.op("Div", [reduceSum(write, value, { axes: [0], keep: true }), count]);
    const [meanY, meanT] = [mean(y), mean(t)];
    const [awayY, awayT] = [write.op("Sub", [y, meanY]), write.op("Sub", [t, meanT])];
    const covariance = mean(write.op("Mul", [awayY, awayT]));
    const spread = write.op("Add", [mean(square(write, awayY)), mean(square(write, awayT))]);
    const shift = square(write, write.op("Sub", [meanY, meanT]));
    const bottom = write.op("Max", [write.op("Add", [spread, shift]), number(write, 1e-12)]);
    const ratio = write.op("Div", [write.op("Mul", [covariance, number(write, 2)]), bottom]);
    return write.op("Sub", [number(write, 1), meanOf(write, ratio)]);
  },
};
