import { z } from "zod";
import { about } from "../about.ts";
import { formatParams } from "../formatParams.ts";
import { targetParams } from "../targetParams.ts";

/** Parameters of static INT8 quantisation, version 2. */
export const params = z.strictObject({
  activations: z
    .enum(["uint8", "int8"])
    .default("uint8")
    .meta(
      about({
        title: "Activation type",
        description: "uint8 suits x86; int8 is what many ARM and accelerator toolchains expect.",
      }),
    ),
  perChannel: z
    .boolean()
    .default(true)
    .meta(
      about({
        title: "Scale per channel",
        description: "One weight scale per output channel instead of one per tensor.",
      }),
    ),
  range: z
    .enum(["min-max", "percentile", "entropy", "mse"])
    .default("min-max")
    .meta(
      about({
        title: "Activation range",
        description:
          "How the quantised interval follows from what calibration saw. Min-max suits convolution nets, percentile transformers.",
        search: ["min-max", "percentile", "entropy", "mse"],
      }),
    ),
  percentile: formatParams.percentile,
  weightRange: z
    .enum(["min-max", "mse"])
    .default("min-max")
    .meta(
      about({
        title: "Weight range",
        description: "mse clips outliers where that lowers the squared error.",
        advanced: true,
      }),
    ),
  samples: z
    .int()
    .min(1)
    .max(100_000)
    .default(256)
    .meta(
      about({
        title: "Calibration samples",
        unit: "samples",
        description: "Samples of the calibration split that are run.",
      }),
    ),
  batch: z
    .int()
    .min(1)
    .max(1024)
    .default(32)
    .meta(
      about({
        title: "Calibration batch",
        unit: "samples",
        description: "Samples in one run. More is faster and takes more memory.",
        advanced: true,
      }),
    ),
  foldBatchNorm: z
    .boolean()
    .default(true)
    .meta(
      about({
        title: "Fold batch norm",
        description: "Fold batch normalisation into the layer before it.",
        advanced: true,
      }),
    ),
  equalize: z
    .boolean()
    .default(false)
    .meta(
      about({
        title: "Equalise layers",
        description:
          "Cross-layer equalisation: even out channel ranges of neighbouring layers. Helps most with one scale per tensor.",
      }),
    ),
  biasCorrection: z
    .boolean()
    .default(false)
    .meta(
      about({ title: "Correct biases", description: "Take back the mean shift that rounding the weights causes." }),
    ),
  ...targetParams,
  exclude: z
    .array(z.string())
    .default([])
    .meta(
      about({
        title: "Layers to leave in float",
        description: "Node names; * stands for any text.",
        reference: "layer",
      }),
    ),
  excludeWorst: z
    .int()
    .min(0)
    .default(0)
    .meta(
      about({
        title: "Most sensitive layers to leave in float",
        unit: "layers",
        description: "Ranks the layers by their sensitivity first and leaves this many of them out.",
      }),
    ),
  tail: z
    .boolean()
    .default(false)
    .meta(
      about({
        title: "Quantise behind the last layer",
        description:
          "Also quantise heads: score scaling, joined boxes. Needed only where the target has no float at all.",
        advanced: true,
      }),
    ),
  sensitivity: z
    .enum(["off", "kl", "mse", "cosine", "sqnr"])
    .default("off")
    .meta(
      about({
        title: "Sensitivity",
        description: "Quantise one layer at a time and rank them by what that does to the output.",
      }),
    ),
  sensitivitySamples: z
    .int()
    .min(1)
    .default(64)
    .meta(
      about({
        title: "Sensitivity samples",
        unit: "samples",
        description: "Samples that each layer is judged on.",
        advanced: true,
      }),
    ),
  ifSlower: z
    .enum(["warn", "stop"])
    .default("warn")
    .meta(
      about({
        title: "If INT8 is slower here",
        description: "What to do when the gate finds that this machine gains nothing.",
      }),
    ),
  portability: z
    .boolean()
    .default(true)
    .meta(
      about({
        title: "Portability check",
        description: "Where sums can saturate on x86 without VNNI, emulate that on a few samples.",
        advanced: true,
      }),
    ),
});

export type Params = z.output<typeof params>;
