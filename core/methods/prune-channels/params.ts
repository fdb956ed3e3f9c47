import { z } from "zod";
import { about } from "../about.ts";
import { fineTuneParams } from "../fineTuneParams.ts";

/** Parameters of channel pruning, version 2. */
export const params = z.strictObject({
  target: z
    .enum(["macs", "parameters", "size", "latency"])
    .default("macs")
    .meta(
      about({
        title: "Target",
        description: "What is to become less: arithmetic, weights, bytes, or the latency measured on this device.",
      }),
    ),
  remove: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.5)
    .meta(
      about({
        title: "Share to remove",
        description: "Of the target: 0.5 halves it.",
        search: { low: 0.2, high: 0.8 },
      }),
    ),
  importance: z
    .enum(["l1", "l2", "fpgm", "bn-scale", "taylor", "fisher", "hessian", "random"])
    .default("l2")
    .meta(
      about({
        title: "Importance",
        description:
          "What a channel is worth: the size of its weights (L1, L2); how far it is from the others (FPGM); its batch norm scale; what the loss would change by without it, to first order (Taylor) or by the diagonal of its curvature (Fisher, Hessian); nothing.",
      }),
    ),
  scope: z
    .enum(["global", "layer", "isomorphic"])
    .default("global")
    .meta(
      about({
        title: "Scope",
        description:
          "Channels compete across the net, each group loses the same share, or groups of the same structure compete with each other.",
      }),
    ),
  perCost: z
    .boolean()
    .default(false)
    .meta(
      about({
        title: "Importance per cost",
        description: "Ranks channels across groups by their importance over what removing them saves.",
        advanced: true,
      }),
    ),
  schedule: z
    .enum(["one-shot", "iterative", "sensitivity"])
    .default("one-shot")
    .meta(
      about({
        title: "Schedule",
        description:
          "All at once; in rounds with training between them; or all at once by a scan of what each group costs in the outputs.",
      }),
    ),
  rounds: z
    .int()
    .min(1)
    .max(100)
    .default(4)
    .meta(about({ title: "Rounds", description: "Of an iterative schedule.", advanced: true, tryout: 1 })),
  multiple: z
    .int()
    .min(1)
    .max(256)
    .default(8)
    .meta(
      about({
        title: "Multiples of",
        unit: "channels",
        description: "Widths are rounded to these, where a group is wide enough; kernels work on 8 or 16 at a time.",
      }),
    ),
  minimum: z
    .int()
    .min(1)
    .max(4096)
    .default(4)
    .meta(about({ title: "Fewest channels", unit: "channels", description: "That a group keeps.", advanced: true })),
  exclude: z
    .array(z.string())
    .default([])
    .meta(
      about({
        title: "Protected layers",
        description: "Node or weight names whose outputs keep their width; * stands for any text.",
        reference: "layer",
      }),
    ),
  shifted: z
    .boolean()
    .default(false)
    .meta(
      about({
        title: "Prune what is averaged over",
        description:
          "Also removes channels that a layer normalisation averages over, such as the width of a transformer; what is left then changes even where a removed channel was zero.",
        advanced: true,
      }),
    ),
  samples: z
    .int()
    .min(1)
    .max(100_000)
    .default(512)
    .meta(
      about({
        title: "Samples to score with",
        unit: "samples",
        description: "Training samples for gradients, sensitivities and batch norm statistics.",
        advanced: true,
      }),
    ),
  compensate: z
    .enum(["none", "channels", "layers"])
    .default("layers")
    .meta(
      about({
        title: "Compensate for removed channels",
        description:
          "By least squares over training samples. Channels: what read a removed channel reads a prediction of it from those that stay. Layers: then every layer's weights are fitted anew to what it gave before.",
        advanced: true,
      }),
    ),
  recalibrate: z
    .boolean()
    .default(true)
    .meta(
      about({
        title: "Recalibrate batch norms",
        description: "Estimates running statistics anew right after channels are gone.",
        advanced: true,
      }),
    ),
  baselines: z
    .boolean()
    .default(true)
    .meta(
      about({
        title: "Baselines",
        description:
          "Also trains the whole model, one that is narrower everywhere, and one without random channels for as long, to compare with.",
      }),
    ),
  ...fineTuneParams,
});

export type Params = z.output<typeof params>;
