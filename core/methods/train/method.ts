import { elementCount } from "../../base/array.ts";
import { needsFloatWeights } from "../floatModel.ts";
import { defineMethod } from "../define.ts";
import { findings } from "./findings.ts";
import { params } from "./params.ts";
import { report } from "./report.ts";
import { suggest } from "./suggest.ts";

export default defineMethod({
  id: "train",
  family: "train",
  title: "Training",
  summary: "Trains the weights on the project's training samples, from scratch or as they are.",
  version: 1,
  params,
  needsData: () => true,
  applies: (model) => needsFloatWeights(model),
  estimate: ({ graph }, { epochs, batch }, seen) => {
    const weights = graph.initializers.reduce((sum, t) => sum + elementCount(t.dims), 0);
    // A parameter takes part in about 100 multiply–accumulates per sample in a convolution net, three times over, at 10 G/s.
    return {
      seconds: 3 + (3 * epochs * seen * weights * 100) / 1e10,
      memory: 3e8 + weights * 20 + batch * 1e6,
      disk: weights * 20,
    };
  },
  findings,
  load: () => import("./run.ts"),
  report,
  suggest,
});
