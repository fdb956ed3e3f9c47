import * as channels from "./channels/normalization.ts";
import { defineOp, perOutput, type OpDeclaration } from "./declare.ts";
import type { Channels } from "./channels.ts";
import { follows } from "./channels/elementwise.ts";
import type { Gradient } from "./gradient.ts";
import { batchNormalizationGradient } from "./gradients/batchNormalization.ts";
import * as rules from "./gradients/normalization.ts";

type Parts = Pick<OpDeclaration, "gradient" | "channels"> & Partial<OpDeclaration>;

const normalization = (op: string, parts: Parts): OpDeclaration =>
  defineOp({
    domain: "",
    op,
    since: 1,
    quantize: { role: "float", reason: "its statistics need float precision" },
    cost: perOutput,
    ...parts,
  });

const contributed = (op: string, gradient: Gradient, coupling: Channels): OpDeclaration =>
  normalization(op, { domain: "com.microsoft", gradient, channels: coupling });

const skip = channels.skipLayerNormalization;
const WITH_SHIFT = { tied: [2, 3, 4], roles: { 2: "scale", 3: "shift", 4: "bias" } } as const;
const WITHOUT_SHIFT = { tied: [2, 3], roles: { 2: "scale", 3: "bias" } } as const;

export const normalizationOps = [
  normalization("BatchNormalization", {
    gradient: batchNormalizationGradient,
    channels: channels.batchNormalization,
    quantize: { role: "float", reason: "it has to be folded into the layer before it" },
  }),
  normalization("InstanceNormalization", {
    gradient: rules.instanceNormalizationGradient,
    channels: channels.instanceNormalization,
  }),
  normalization("LayerNormalization", {
    gradient: rules.layerNormalizationGradient,
    channels: channels.layerNormalization,
  }),
  normalization("GroupNormalization", {
    gradient: rules.groupNormalizationGradient("per group"),
    channels: channels.groupNormalization("per group"),
  }),
  normalization("GroupNormalization", {
    since: 21,
    gradient: rules.groupNormalizationGradient("per channel"),
    channels: channels.groupNormalization("per channel"),
  }),
  normalization("RMSNormalization", {
    gradient: rules.rmsNormalizationGradient,
    channels: channels.layerNormalization,
  }),
  normalization("SimplifiedLayerNormalization", {
    gradient: rules.rmsNormalizationGradient,
    channels: channels.layerNormalization,
  }),
  normalization("MeanVarianceNormalization", {
    gradient: rules.meanVarianceGradient,
    channels: channels.meanVariance,
  }),
  normalization("LRN", { gradient: rules.lrnGradient, channels: channels.neighbours }),
  normalization("LpNormalization", { gradient: rules.lpNormalizationGradient, channels: follows }),
  contributed("LayerNormalization", rules.layerNormalizationGradient, channels.layerNormalization),
  contributed("SimplifiedLayerNormalization", rules.rmsNormalizationGradient, channels.layerNormalization),
  contributed("SkipLayerNormalization", rules.skipLayerNormalizationGradient, skip(WITH_SHIFT)),
  contributed("SkipSimplifiedLayerNormalization", rules.skipSimplifiedGradient, skip(WITHOUT_SHIFT)),
  contributed(
    "EmbedLayerNormalization",
    { unsupported: "it fuses an embedding for inference; export the model unfused" },
    { unknown: "holds several embeddings" },
  ),
];
