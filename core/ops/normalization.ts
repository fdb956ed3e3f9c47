import { defineOps, perOutput, unwritten } from "./declare.ts";
import { batchNormalizationGradient } from "./gradients/batchNormalization.ts";

export const normalizationOps = [
  ...defineOps(["BatchNormalization"], {
    domain: "",
    since: 1,
    gradient: batchNormalizationGradient,
    quantize: { role: "float", reason: "it has to be folded into the layer before it" },
    cost: perOutput,
  }),
  ...defineOps(
    ["InstanceNormalization", "LayerNormalization", "GroupNormalization", "RMSNormalization", "LRN", "LpNormalization"],
    {
      domain: "",
      since: 1,
      gradient: unwritten,
      quantize: { role: "float", reason: "its statistics need float precision" },
      cost: perOutput,
    },
  ),
  ...defineOps(
    ["LayerNormalization", "SkipLayerNormalization", "EmbedLayerNormalization", "SimplifiedLayerNormalization"],
    {
      domain: "com.microsoft",
      since: 1,
      gradient: unwritten,
      quantize: { role: "float", reason: "its statistics need float precision" },
      cost: perOutput,
    },
  ),
];
