import { defineMethod } from "../define.ts";
import { FIXED_RATE } from "../fineTuneParams.ts";
import { withFixedRate } from "../learningRate.ts";
import { distillEstimate } from "../distillEstimate.ts";
import { distillFindings } from "../distillFindings.ts";
import { needsFloatWeights } from "../floatModel.ts";
import { params } from "./params.ts";
import { report } from "./report.ts";
import { suggest } from "./suggest.ts";

export default defineMethod({
  id: "distill-logits",
  family: "distill",
  title: "Distillation of answers",
  summary: "Trains the model to answer as a larger teacher does, labels or none, beside the same model without it.",
  paper: "Hinton et al. 2015",
  version: 2,
  params,
  upgrade: withFixedRate(FIXED_RATE),
  needsData: () => true,
  applies: (model) => needsFloatWeights(model),
  estimate: distillEstimate,
  findings: distillFindings,
  load: () => import("./run.ts"),
  report,
  suggest,
});
