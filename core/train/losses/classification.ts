import { LatheError } from "../../base/error.ts";
import { castTo, intVector } from "../../ops/constants.ts";
import type { GraphWriter } from "../../ops/gradient.ts";
import type { Loss, LossCall } from "./loss.ts";
import { classCount, meanOf, number, oneHot, safeLog, samplesOf, sumClasses, sumOf } from "./parts.ts";

export interface CrossEntropyOptions {
  /** Share ε of the target that is spread over all classes (Szegedy et al. 2016). */
  readonly smoothing?: number;
  /** Weight of each class; the mean is weighted by that of the labelled class. */
  readonly weights?: readonly number[];
}

/**
 * −Σ t·log softmax(y), over class labels or given distributions; [batch, classes] as well as maps
 * [batch, classes, height, width] and, with the class axis last, sequences [batch, positions, classes].
 */
export function crossEntropy({ smoothing = 0, weights }: CrossEntropyOptions): Loss {
  return {
    targets: ["classes", "probabilities"],
    activation: "Softmax",
    write: (write, call) => {
      const classes = classCount(call);
      const given = call.kind === "classes" ? oneHot(write, call) : call.target;
      const target = smoothing === 0 ? given : smooth(write, given, { smoothing, classes, call });
      const scale = weights && classWeights(write, call, weights);
      const weighted = scale === undefined ? target : write.op("Mul", [target, scale]);
      const logits = write.op("LogSoftmax", [call.output], { axis: call.axis });
      const sum = write.op("Neg", [sumOf(write, write.op("Mul", [weighted, logits]))]);
      const share = scale === undefined ? given : write.op("Mul", [given, scale]);
      // A batch without a single label must not divide by zero.
      const count = write.op("Max", [sumOf(write, share), number(write, 1e-12)]);
      return write.op("Div", [sum, count]);
    },
  };
}

/** (1 − ε)·t + ε/C where there is a label, 0 elsewhere. */
function smooth(
  write: GraphWriter,
  target: string,
  { smoothing, classes, call }: { readonly smoothing: number; readonly classes: number; readonly call: LossCall },
): string {
  const kept = write.op("Mul", [target, number(write, 1 - smoothing)]);
  return write.op("Add", [
    kept,
    write.op("Mul", [sumClasses(write, target, call), number(write, smoothing / classes)]),
  ]);
}

function classWeights(write: GraphWriter, call: LossCall, weights: readonly number[]): string {
  const classes = classCount(call);
  if (weights.length !== classes) {
    throw new LatheError("invalid-recipe", `There are "${weights.length}" class weights for ${classes} classes.`, {
      hint: "Give one weight per class, in the order of the labels.",
    });
  }
  const dims = call.dims.map((_, axis) => (axis === call.axis ? classes : 1));
  return write.constant({ type: "float32", dims, data: Float32Array.from(weights) });
}

/**
 * Independent yes–no questions: softplus(y) − t·y, the stable form of −t·log σ(y) − (1−t)·log(1−σ(y)).
 * @param positiveWeight weight q of the positive answers
 */
export function binaryCrossEntropy({ positiveWeight = 1 }: { readonly positiveWeight?: number }): Loss {
  return {
    targets: ["values", "probabilities"],
    activation: "Sigmoid",
    write: (write, { output, target }) => {
      const over = write.op("Softplus", [output]);
      if (positiveWeight === 1) return meanOf(write, write.op("Sub", [over, write.op("Mul", [target, output])]));
      // q·t·softplus(−y) + (1−t)·softplus(y), with softplus(−y) = softplus(y) − y
      const positive = write.op("Mul", [target, number(write, positiveWeight)]);
      const share = write.op("Add", [write.op("Sub", [number(write, 1), target]), positive]);
      return meanOf(write, write.op("Sub", [write.op("Mul", [share, over]), write.op("Mul", [positive, output])]));
    },
  };
}

export interface DivergenceOptions {
  /** Whether the targets are a teacher's logits, softened by the temperature, and not probabilities. */
  readonly targetLogits?: boolean;
  /** T divides both sides' logits, and the loss is multiplied by T² (Hinton et al. 2015). Default 1. */
  readonly temperature?: number;
}

/** Σ p·(log p − log q) with q = softmax(y/T), averaged over the samples. */
export function kullbackLeibler(options: DivergenceOptions): Loss {
  return {
    targets: ["probabilities", "values"],
    activation: "Softmax",
    write: (write, call) => {
      const { p, logP, logQ } = distributions(write, call, options);
      return perSample(write, call, [write.op("Mul", [p, write.op("Sub", [logP, logQ])]), options]);
    },
  };
}

/** ½·KL(p‖m) + ½·KL(q‖m) with m = ½(p + q): symmetric and at most log 2. */
export function jensenShannon(options: DivergenceOptions): Loss {
  return {
    targets: ["probabilities", "values"],
    activation: "Softmax",
    write: (write, call) => {
      const { p, logP, logQ } = distributions(write, call, options);
      const q = write.op("Exp", [logQ]);
      const half = number(write, 0.5);
      const logM = safeLog(write, write.op("Mul", [write.op("Add", [p, q]), half]));
      const left = write.op("Mul", [p, write.op("Sub", [logP, logM])]);
      const right = write.op("Mul", [q, write.op("Sub", [logQ, logM])]);
      return perSample(write, call, [write.op("Mul", [write.op("Add", [left, right]), half]), options]);
    },
  };
}

function distributions(
  write: GraphWriter,
  { output, target, axis }: LossCall,
  { targetLogits = false, temperature = 1 }: DivergenceOptions,
): { readonly p: string; readonly logP: string; readonly logQ: string } {
  const soften = (logits: string): string =>
    temperature === 1 ? logits : write.op("Mul", [logits, number(write, 1 / temperature)]);
  const logQ = write.op("LogSoftmax", [soften(output)], { axis });
  if (!targetLogits) return { p: target, logP: safeLog(write, target), logQ };
  const logP = write.op("LogSoftmax", [soften(target)], { axis });
  return { p: write.op("Exp", [logP]), logP, logQ };
}

function perSample(
  write: GraphWriter,
  { output }: LossCall,
  [terms, { temperature = 1 }]: readonly [string, DivergenceOptions],
): string {
  const mean = write.op("Div", [sumOf(write, terms), samplesOf(write, output)]);
  const scalar = write.op("ReduceSum", [mean], { keepdims: 0 });
  return temperature === 1 ? scalar : write.op("Mul", [scalar, number(write, temperature ** 2)]);
}

/**
 * 1 − (2Σpt + s)/(Σp + Σt + s) per class over batch and space, averaged over the classes (Milletari et al. 2016);
 * p is the softmax, or the sigmoid where there is a single channel.
 * @param smoothing s, in elements; default 1
 */
export function dice({ smoothing = 1 }: { readonly smoothing?: number }): Loss {
  return {
    targets: ["classes", "probabilities", "values"],
    write: (write, call) => {
      const isBinary = call.dims[call.axis] === 1;
      const p = isBinary ? write.op("Sigmoid", [call.output]) : write.op("Softmax", [call.output], { axis: call.axis });
      const t = call.kind === "classes" ? (isBinary ? binaryTarget(write, call) : oneHot(write, call)) : call.target;
      const over = (value: string): string => sumButClasses(write, value, call);
      const s = number(write, smoothing);
      const shared = write.op("Mul", [over(write.op("Mul", [p, t])), number(write, 2)]);
      const all = write.op("Add", [write.op("Add", [over(p), over(t)]), s]);
      const ratio = meanOf(write, write.op("Div", [write.op("Add", [shared, s]), all]));
      return write.op("Sub", [number(write, 1), ratio]);
    },
  };
}

function binaryTarget(write: GraphWriter, { target, axis }: LossCall): string {
  return write.op("Unsqueeze", [castTo(write, target, "float32"), intVector(write, [axis])]);
}

function sumButClasses(write: GraphWriter, value: string, call: LossCall): string {
  const axes = call.dims.flatMap((_, axis) => (axis === call.axis ? [] : [axis]));
  return write.op("ReduceSum", [value, intVector(write, axes)], { keepdims: 0 });
}
