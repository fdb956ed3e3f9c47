import { defineOps, free } from "./declare.ts";

const STEPS = ["Binarizer", "TreeEnsemble", "TreeEnsembleClassifier", "TreeEnsembleRegressor"];

export const treeOps = defineOps(STEPS, {
  domain: "ai.onnx.ml",
  since: 1,
  // Thresholds: constant between them.
  gradient: "stops",
  channels: { unknown: "compares features by their numbers" },
  quantize: { role: "float", reason: "it compares and does not multiply" },
  cost: free,
});
