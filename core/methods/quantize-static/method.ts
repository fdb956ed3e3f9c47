import { elementCount } from "../../base/array.ts";
import { opOf } from "../../ops/registry.ts";
import { defineMethod } from "../define.ts";
import { settleTarget, upgradeTarget } from "../targetParams.ts";
import { findings } from "./findings.ts";
import { params } from "./params.ts";
import { report } from "./report.ts";
import { applies } from "./applies.ts";
import { suggest } from "./suggest.ts";

export default defineMethod({
  id: "quantize-static",
  family: "quantize",
  title: "Static INT8 quantisation",
  summary:
    "Eight-bit weights and activations with ranges from calibration samples, written as QuantizeLinear/DequantizeLinear pairs.",
  paper:
    "Jacob et al. 2018, Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference",
  version: 2,
  params,
  upgrade: upgradeTarget,
  settle: settleTarget,
  needsData: () => true,
  applies,
  estimate: (model, { samples, sensitivity, sensitivitySamples, excludeWorst }) => {
    const weights = model.graph.initializers.reduce((sum, t) => sum + elementCount(t.dims), 0);
    const layers = model.graph.nodes.filter((n) => opOf(n, model.opsets)?.quantize.role === "multiply").length;
    const ranked = sensitivity !== "off" || excludeWorst > 0 ? layers * sensitivitySamples : 0;
    // A parameter takes part in about 100 multiply–accumulates per sample in a convolution net, at 10 G/s.
    return {
      seconds: 3 + (weights * 100 * (samples + ranked)) / 1e10,
      memory: 3e8 + weights * 24,
      disk: weights * 1.1,
    };
  },
  findings,
  load: () => import("./run.ts"),
  report,
  layers: ({ layers, sensitivity }) => {
    const judged = new Map(sensitivity.map((s) => [s.node, { sensitivity: s.kl, error: s.sqnr }]));
    const written = new Set(layers.map((l) => l.node));
    return [
      ...layers.map(({ node, weightSqnr }) => ({ node, sqnr: weightSqnr, ...judged.get(node) })),
      // Those that were left in float for it.
      ...[...judged].flatMap(([node, found]) => (written.has(node) ? [] : [{ node, ...found }])),
    ];
  },
  suggest,
});
