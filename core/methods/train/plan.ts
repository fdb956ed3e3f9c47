import { LatheError } from "../../base/error.ts";
import type { LossSpec } from "../../train/losses.ts";
import type { OptimizerSpec } from "../../train/optimizers.ts";
import type { TrainPlan } from "../../train/plan.ts";
import { augmentOf } from "../augmentParams.ts";
import type { Params } from "./params.ts";

/** What the engine is to do, from the parameters as people give them: 0 is off. */
export function planOf(params: Params): TrainPlan {
  const {
    epochs,
    batch,
    rate,
    schedule,
    warmup,
    accumulate,
    freeze,
    freezeStatistics,
    keep,
    keepZeros,
    noDecay,
    decayAll,
  } = params;
  const isMixing = params.mixup > 0 || params.cutmix > 0;
  const loss = lossOf(params);
  const isHard = loss.kind === "cross-entropy" && !isMixing;
  return {
    epochs,
    batch,
    rate,
    schedule: { kind: schedule, warmup },
    heads: [{ loss, target: isHard ? "classes" : "probabilities" }],
    optimizer: optimizerOf(params),
    accumulate,
    dropout: params.dropout,
    recompute: params.recompute,
    freeze,
    freezeStatistics,
    keep,
    keepZeros,
    noDecay,
    decayAll,
    augment: augmentOf(params),
    ...(params.clip > 0 && { clip: params.clip }),
    ...(params.average > 0 && { averageDecay: params.average }),
  };
}

/** @throws invalid-recipe for class weights that the loss does not take */
function lossOf({ loss, smoothing, classWeights }: Params): LossSpec {
  if (loss === "cross-entropy") {
    return { kind: loss, smoothing, ...(classWeights.length > 0 && { weights: classWeights }) };
  }
  if (classWeights.length === 0) return { kind: loss };
  throw new LatheError("invalid-recipe", `Class weights are for cross-entropy; the loss is "${loss}".`, {
    hint: "Leave out the class weights or the loss.",
  });
}

function optimizerOf({ optimizer, momentum, weightDecay }: Params): OptimizerSpec {
  switch (optimizer) {
    case "sgd":
      return { kind: optimizer, momentum, nesterov: momentum > 0, weightDecay };
    case "rmsprop":
      return { kind: optimizer, momentum, weightDecay };
    default:
      return { kind: optimizer, weightDecay };
  }
}
