import { elementCount } from "../../base/array.ts";
import { opOf } from "../../ops/registry.ts";
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
  id: "sparsify-weights",
  family: "sparsify",
  title: "Sparse weights",
  summary: "Makes single weights zero, freely or by a pattern, and trains the others. Saves storage.",
  paper: "Zhu and Gupta 2017",
  version: 2,
  params,
  upgrade: withFixedRate(FIXED_RATE),
  needsData: ({ epochs, criterion }) => epochs > 0 || criterion === "snip" || criterion === "wanda",
  applies: (model) => {
    const float = needsFloatWeights(model, [
      "ONNX Runtime has no kernels for sparse weights: the file becomes smaller, not faster.",
    ]);
    if (!float.applies || model.graph.nodes.some((n) => opOf(n, model.opsets)?.linear !== undefined)) return float;
    return {
      applies: false,
      reason: "The model has no convolution or matrix multiplication.",
      hint: "convert-fp16 halves any model.",
    };
  },
  estimate: ({ graph }, params, seen) => {
    const weights = graph.initializers.reduce((sum, t) => sum + elementCount(t.dims), 0);
    const { baselines, rounds, rewindEpochs } = params;
    const isRewinding = params.schedule === "rewind";
    const baseline = baselines ? (isRewinding ? 1 : 2) : 0;
    const early = isRewinding ? samplesOfTraining({ ...params, epochs: rewindEpochs }, seen) : 0;
    const trained = early + ((isRewinding ? 1 + rounds : 1) + baseline) * samplesOfTraining(params, seen);
    return {
      seconds: 5 + weights / 1e6 + (3 * trained * weights * 100) / 1e10,
      memory: 3e8 + weights * 44,
      disk: weights * 40,
    };
  },
  findings,
  load: () => import("./run.ts"),
  report,
  layers: ({ layers }) =>
    layers.map(({ node, elements, zeros }) => ({ node, sparsity: elements === 0 ? 0 : zeros / elements })),
  suggest,
});
