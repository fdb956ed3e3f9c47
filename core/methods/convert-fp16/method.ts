import { elementCount } from "../../base/array.ts";
import { needsFloatWeights } from "../floatModel.ts";
import { defineMethod } from "../define.ts";
import { findings } from "./findings.ts";
import { params } from "./params.ts";
import { report } from "./report.ts";

export default defineMethod({
  id: "convert-fp16",
  family: "quantize",
  title: "Half precision",
  summary: "Weights and arithmetic in float16 at half the size; inputs and outputs stay float32. Meant for GPUs.",
  version: 1,
  params,
  needsData: () => false,
  applies: (model) => needsFloatWeights(model),
  estimate: ({ graph }) => {
    const weights = graph.initializers.reduce((sum, t) => sum + elementCount(t.dims), 0);
    return { seconds: 0.5 + weights / 5e7, memory: 2e8 + weights * 10, disk: weights * 2.1 };
  },
  findings,
  load: () => import("./run.ts"),
  report,
});
