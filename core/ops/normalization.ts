import { defineOp, perOutput, type OpDeclaration } from "./declare.ts";
import type { Gradient } from "./gradient.ts";
import { batchNormalizationGradient } from "./gradients/batchNormalization.ts";
import * as rules from "./gradients/normalization.ts";

type Parts = Pick<OpDeclaration, "gradient"> & Partial<OpDeclaration>;

const normalization = (op: string, parts: Parts): OpDeclaration =>
  defineOp({
    domain: "",
    op,
    since: 1,
    quantize: { role: "float", reason: "its statistics need float precision" },
    cost: perOutput,
    ...parts,
  });

const contributed = (op: string, gradient: Gradient): OpDeclaration =>
  normalization(op, { domain: "com.microsoft", gradient });

export const normalizationOps = [
  normalization("BatchNormalization", {
    gradient: batchNormalizationGradient,
    quantize: { role: "float", reason: "it has to be folded into the layer before it" },
  }),
  normalization("InstanceNormalization", { gradient: rules.instanceNormalizationGradient }),
  normalization("LayerNormalization", { gradient: rules.layerNormalizationGradient }),
  normalization("GroupNormalization", { gradient: rules.groupNormalizationGradient("per group") }),
  normalization("GroupNormalization", { since: 21, gradient: rules.groupNormalizationGradient("per channel") }),
  normalization("RMSNormalization", { gradient: rules.rmsNormalizationGradient }),
  normalization("SimplifiedLayerNormalization", { gradient: rules.rmsNormalizationGradient }),
  normalization("MeanVarianceNormalization", { gradient: rules.meanVarianceGradient }),
  normalization("LRN", { gradient: rules.lrnGradient }),
  normalization("LpNormalization", { gradient: rules.lpNormalizationGradient }),
  contributed("LayerNormalization", rules.layerNormalizationGradient),
  contributed("SimplifiedLayerNormalization", rules.rmsNormalizationGradient),
  contributed("SkipLayerNormalization", rules.skipLayerNormalizationGradient),
  contributed("SkipSimplifiedLayerNormalization", rules.skipSimplifiedGradient),
  contributed("EmbedLayerNormalization", {
    unsupported: "it fuses an embedding for inference; export the model unfused",
  }),
];
