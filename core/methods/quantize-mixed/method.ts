import { elementCount } from "../../base/array.ts";
import { opOf } from "../../ops/registry.ts";
import { takesFormats } from "../calibrable.ts";
import { defineMethod } from "../define.ts";
import { formatOf } from "../../transform/formats.ts";
import { settleTarget, upgradeTarget } from "../targetParams.ts";
import { findings } from "./findings.ts";
import { params } from "./params.ts";
import { report } from "./report.ts";
import { suggest } from "./suggest.ts";

export default defineMethod({
  id: "quantize-mixed",
  family: "quantize",
  title: "Mixed precision",
  summary:
    "Bits for each layer, chosen by an integer linear programme: least harm within a budget of size, bit operations or latency.",
  paper: "Yao et al. 2021, HAWQ-V3: Dyadic Neural Network Quantization",
  version: 2,
  params,
  upgrade: upgradeTarget,
  settle: settleTarget,
  needsData: () => true,
  applies: takesFormats,
  estimate: ({ graph, opsets }, { samples, sensitivity, sensitivitySamples, formats, probes, front }) => {
    const weights = graph.initializers.reduce((sum, t) => sum + elementCount(t.dims), 0);
    const layers = graph.nodes.filter((n) => opOf(n, opsets)?.quantize.role === "multiply").length;
    // A product with the Hessian takes about twenty runs of the model.
    const judged = sensitivity === "hessian" ? 20 * probes : layers * formats.length;
    // A parameter takes part in about 100 multiply–accumulates per sample in a convolution net, at 10 G/s.
    return {
      seconds:
        5 +
        front.length +
        0.1 * layers * formats.length +
        (weights * 100 * (samples + judged * sensitivitySamples)) / 1e10,
      memory: 4e8 + weights * 40,
      disk: weights * (2 + front.length),
    };
  },
  findings,
  load: () => import("./run.ts"),
  report,
  layers: ({ layers }) => layers.map(({ node, format }) => ({ node, bits: formatOf(format).weights })),
  suggest,
});
