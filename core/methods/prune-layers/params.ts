import { z } from "zod";
import { about } from "../about.ts";
import { fineTuneParams } from "../fineTuneParams.ts";

/** Parameters of layer pruning, version 2. */
export const params = z.strictObject({
  target: z
    .enum(["macs", "parameters", "size", "latency", "count"])
    .default("macs")
    .meta(
      about({
        title: "Target",
        description:
          "What is to become less: arithmetic, weights, bytes, latency measured on this device, or the number of blocks.",
      }),
    ),
  remove: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.25)
    .meta(about({ title: "Share to remove", description: "Of the target.", search: { low: 0.1, high: 0.7 } })),
  unit: z
    .enum(["blocks", "layers", "both"])
    .default("blocks")
    .meta(
      about({
        title: "What is removed",
        description:
          "Residual blocks, whose shortcut stays; single layers that give the shape that they take; or either.",
      }),
    ),
  importance: z
    .enum(["output", "random"])
    .default("output")
    .meta(
      about({
        title: "Importance",
        description: "How far the outputs move without the block (KL divergence), or nothing.",
      }),
    ),
  rescan: z
    .boolean()
    .default(true)
    .meta(
      about({
        title: "Scan again",
        description: "Looks at what is left after each removal; else all are ranked once.",
        advanced: true,
      }),
    ),
  exclude: z
    .array(z.string())
    .default([])
    .meta(
      about({
        title: "Protected layers",
        description: "Names of nodes that stay; * stands for any text.",
        reference: "layer",
      }),
    ),
  samples: z
    .int()
    .min(1)
    .max(100_000)
    .default(256)
    .meta(
      about({
        title: "Samples to score with",
        unit: "samples",
        description: "Training samples for outputs and batch norm statistics.",
        advanced: true,
      }),
    ),
  compensate: z
    .enum(["none", "layers"])
    .default("layers")
    .meta(
      about({
        title: "Compensate for removed layers",
        description:
          "Fits the weights of every layer behind a removal to what the layer gave before, by least squares over training samples.",
        advanced: true,
      }),
    ),
  recalibrate: z
    .boolean()
    .default(true)
    .meta(
      about({
        title: "Recalibrate batch norms",
        description: "Estimates running statistics anew right after layers are gone.",
        advanced: true,
      }),
    ),
  baselines: z
    .boolean()
    .default(true)
    .meta(
      about({
        title: "Baselines",
        description: "Also trains the whole model and one without random blocks for as long, to compare with.",
      }),
    ),
  ...fineTuneParams,
});

export type Params = z.output<typeof params>;
