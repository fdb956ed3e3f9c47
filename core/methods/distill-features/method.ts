import { defineMethod } from "../define.ts";
import { FIXED_RATE } from "../fineTuneParams.ts";
import { withFixedRate } from "../learningRate.ts";
import { distillEstimate } from "../distillEstimate.ts";
import { needsFloatWeights } from "../floatModel.ts";
import { findings } from "./findings.ts";
import { params } from "./params.ts";
import { report } from "./report.ts";

export default defineMethod({
  id: "distill-features",
  family: "distill",
  title: "Distillation of features",
  summary: "Trains the model to show inside what a larger teacher shows, beside the same model without it.",
  paper: "Zagoruyko and Komodakis 2017",
  version: 2,
  params,
  upgrade: withFixedRate(FIXED_RATE),
  needsData: () => true,
  applies: (model) => needsFloatWeights(model),
  estimate: distillEstimate,
  findings,
  load: () => import("./run.ts"),
  report,
});
