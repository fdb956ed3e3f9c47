import { elementCount } from "../../base/array.ts";
import type { Model } from "../../graph/model.ts";
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

/** Criteria that look at samples. */
const BY_GRADIENT: ReadonlySet<string> = new Set(["taylor", "fisher", "hessian"]);

export default defineMethod({
  id: "prune-channels",
  family: "prune",
  title: "Pruned channels",
  summary: "Removes channels, heads and neurons that matter least and trains the rest. Smaller and faster everywhere.",
  paper: "Fang et al. 2023",
  version: 2,
  params,
  upgrade: withFixedRate(FIXED_RATE),
  needsData: ({ epochs, importance, schedule }) =>
    epochs > 0 || BY_GRADIENT.has(importance) || schedule === "sensitivity",
  applies: (model) => {
    const float = needsFloatWeights(model);
    if (!float.applies || hasLayers(model)) return float;
    return {
      applies: false,
      reason: "The model has no layer whose channels are known.",
      hint: "Pruning knows convolutions, matrix multiplications, recurrent layers and attention.",
    };
  },
  estimate: ({ graph }, params, seen) => {
    const weights = graph.initializers.reduce((sum, t) => sum + elementCount(t.dims), 0);
    const { baselines, schedule, samples } = params;
    const trained = (baselines ? 4 : 1) * samplesOfTraining(params, seen);
    const scan = schedule === "sensitivity" ? 40 * samples : 3 * samples;
    return {
      seconds: 10 + ((3 * trained + scan) * weights * 100) / 1e10,
      memory: 3e8 + weights * 44,
      disk: weights * 40,
    };
  },
  findings,
  load: () => import("./run.ts"),
  report,
  suggest,
});

/** Whether some op makes channels that could be removed. */
function hasLayers({ graph, opsets }: Model): boolean {
  return graph.nodes.some((node) => {
    const op = opOf(node, opsets);
    const makes = op !== undefined && "couple" in op.channels && op.channels.makes !== undefined;
    return op?.linear !== undefined || makes;
  });
}
