import { elementCount } from "../../base/array.ts";
import { needsFloatWeights } from "../floatModel.ts";
import { defineMethod } from "../define.ts";
import { withFixedRate } from "../learningRate.ts";
import { samplesOfTraining } from "../trainingCost.ts";
import { findings } from "./findings.ts";
import { params } from "./params.ts";
import { report } from "./report.ts";
import { suggest } from "./suggest.ts";

export default defineMethod({
  id: "train",
  family: "train",
  title: "Training",
  summary: "Trains the weights on the project's training samples, from scratch or as they are.",
  version: 2,
  params,
  upgrade: withFixedRate(0.05),
  needsData: () => true,
  applies: (model) => needsFloatWeights(model),
  estimate: ({ graph }, params, seen) => {
    const weights = graph.initializers.reduce((sum, t) => sum + elementCount(t.dims), 0);
    // A parameter takes part in about 100 multiply–accumulates per sample in a convolution net, three times over, at 10 G/s.
    return {
      seconds: 3 + (3 * samplesOfTraining(params, seen) * weights * 100) / 1e10,
      memory: 3e8 + weights * 24 + params.batch * 1e6,
      disk: weights * 40,
    };
  },
  findings,
  load: () => import("./run.ts"),
  report,
  suggest,
});
