import { elementCount } from "../base/array.ts";
import type { Estimate } from "../contract/method.ts";
import type { Model } from "../graph/model.ts";
import { samplesOfTraining, type PlannedTraining } from "./trainingCost.ts";

/** A rule of thumb; the teacher, which is not known yet, is taken to be as large as the student. */
export function distillEstimate(
  { graph }: Model,
  { baseline, ...training }: PlannedTraining & { readonly baseline: boolean },
  samples: number,
): Estimate {
  const weights = graph.initializers.reduce((sum, t) => sum + elementCount(t.dims), 0);
  const passes = 3 + 1 + (baseline ? 3 : 0);
  return {
    seconds: 5 + (passes * samplesOfTraining(training, samples) * weights * 100) / 1e10,
    memory: 4e8 + weights * 28 + training.batch * 1e6,
    disk: weights * 40 + samples * 100,
  };
}
