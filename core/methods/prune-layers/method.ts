import { elementCount } from "../../base/array.ts";
import { needsFloatWeights } from "../floatModel.ts";
import { defineMethod } from "../define.ts";
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
  version: 1,
  params,
  needsData: ({ epochs, importance }) => epochs > 0 || importance === "output",
  applies: (model) => needsFloatWeights(model),
  estimate: ({ graph }, { epochs, baselines, samples }, seen) => {
    const weights = graph.initializers.reduce((sum, t) => sum + elementCount(t.dims), 0);
    const all = epochs * (baselines ? 3 : 1);
    return {
      seconds: 10 + ((3 * all * seen + 40 * samples) * weights * 100) / 1e10,
      memory: 3e8 + weights * 40,
      disk: weights * 24,
    };
  },
  findings,
  load: () => import("./run.ts"),
  report,
  suggest,
});
