import { elementCount } from "../../base/array.ts";
import { needsFloatWeights } from "../floatModel.ts";
import { defineMethod } from "../define.ts";
import { FIXED_RATE } from "../fineTuneParams.ts";
import { withFixedRate } from "../learningRate.ts";
import { samplesOfTraining } from "../trainingCost.ts";
import { findings } from "./findings.ts";
import { params } from "./params.ts";
import { report } from "./report.ts";
import { suggest } from "./suggest.ts";

export default defineMethod({
  id: "prune-layers",
  family: "prune",
  title: "Pruned layers",
  summary: "Removes whole residual blocks or layers that change the outputs least and trains the rest.",
  paper: "Elkerdawy et al. 2020",
  version: 2,
  params,
  upgrade: withFixedRate(FIXED_RATE),
  needsData: ({ epochs, importance }) => epochs > 0 || importance === "output",
  applies: (model) => needsFloatWeights(model),
  estimate: ({ graph }, params, seen) => {
    const weights = graph.initializers.reduce((sum, t) => sum + elementCount(t.dims), 0);
    const trained = (params.baselines ? 3 : 1) * samplesOfTraining(params, seen);
    return {
      seconds: 10 + ((3 * trained + 40 * params.samples) * weights * 100) / 1e10,
      memory: 3e8 + weights * 44,
      disk: weights * 40,
    };
  },
  findings,
  load: () => import("./run.ts"),
  report,
  suggest,
});
