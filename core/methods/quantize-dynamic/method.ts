import { elementCount } from "../../base/array.ts";
import { opOf } from "../../ops/registry.ts";
import { normalizeModel } from "../../transform/constants.ts";
import { upgradeOpset } from "../../transform/upgradeOpset.ts";
import { refuseQuantized } from "../floatModel.ts";
import { defineMethod } from "../define.ts";
import { settleTarget, upgradeTarget } from "../targetParams.ts";
import { findings } from "./findings.ts";
import { params } from "./params.ts";
import { report } from "./report.ts";

export default defineMethod({
  id: "quantize-dynamic",
  family: "quantize",
  title: "Dynamic INT8 quantisation",
  summary: "Eight-bit weights; activations are quantised at run time, so no data is needed. Suits matrix-heavy models.",
  version: 2,
  params,
  upgrade: upgradeTarget,
  settle: settleTarget,
  needsData: () => false,
  applies: (model) => {
    const { graph, opsets } = model;
    const quantized = refuseQuantized(model);
    if (quantized !== undefined) return quantized;
    const upgrade = (opsets[""] ?? 0) < 11 ? upgradeOpset(normalizeModel(model)) : { model };
    if ("reason" in upgrade) {
      return {
        applies: false,
        reason: `DynamicQuantizeLinear needs opset 11 or newer, and the model cannot be brought to it: ${upgrade.reason}.`,
        hint: "Export the model again with a newer opset.",
      };
    }
    if (!graph.nodes.some((n) => opOf(n, opsets)?.quantize.role === "multiply")) {
      return {
        applies: false,
        reason: "The model has no convolution or matrix multiplication with an eight-bit kernel.",
        hint: "convert-fp16 halves any model.",
      };
    }
    return { applies: true, notes: [] };
  },
  estimate: ({ graph }) => {
    const weights = graph.initializers.reduce((sum, t) => sum + elementCount(t.dims), 0);
    return { seconds: 0.2 + weights / 5e7, memory: 2e8 + weights * 12, disk: weights * 1.1 };
  },
  findings,
  load: () => import("./run.ts"),
  report,
});
