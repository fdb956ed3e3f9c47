import { elementCount } from "../../base/array.ts";
import { takesFormats } from "../calibrable.ts";
import { defineMethod } from "../define.ts";
import { FIXED_RATE } from "../fineTuneParams.ts";
import { withFixedRate } from "../learningRate.ts";
import { formatOf } from "../../transform/formats.ts";
import { settleTarget, upgradeTarget } from "../targetParams.ts";
import { samplesOfTraining } from "../trainingCost.ts";
import { findings } from "./findings.ts";
import { params } from "./params.ts";
import { report } from "./report.ts";
import { suggest } from "./suggest.ts";

export default defineMethod({
  id: "quantize-aware-train",
  family: "quantize",
  title: "Quantisation-aware training",
  summary: "Trains weights and grids with the rounding in place, where quantisation after training lost too much.",
  paper: "Esser et al. 2020, Learned Step Size Quantization",
  version: 2,
  params,
  upgrade: (given, from) => upgradeTarget(withFixedRate(FIXED_RATE)(given, from)),
  settle: settleTarget,
  needsData: () => true,
  applies: takesFormats,
  estimate: ({ graph }, params, seen) => {
    const weights = graph.initializers.reduce((sum, t) => sum + elementCount(t.dims), 0);
    // As training, and about twice of it for the rounding.
    return {
      seconds: 10 + (6 * samplesOfTraining(params, seen) * weights * 100) / 1e10,
      memory: 3e8 + weights * 28 + params.batch * 2e6,
      disk: weights * 40,
    };
  },
  findings,
  load: () => import("./run.ts"),
  report,
  layers: ({ layers }) => layers.map(({ node, format }) => ({ node, bits: formatOf(format).weights })),
  suggest,
});
