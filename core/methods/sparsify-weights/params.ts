import { z } from "zod";
import { about } from "../about.ts";
import { fineTuneParams } from "../fineTuneParams.ts";

/** Parameters of weight sparsity, version 2. */
export const params = z.strictObject({
  sparsity: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.8)
    .meta(
      about({
        title: "Sparsity",
        description: "Share of zeros in the layers that take part. A pattern of groups such as 2:4 decides itself.",
        search: { low: 0.5, high: 0.98 },
      }),
    ),
  pattern: z
    .string()
    .default("unstructured")
    .meta(
      about({
        title: "Pattern",
        description:
          '"unstructured"; "2:4" keeps at most two of four input channels; "4x4" drops blocks of four output by four input channels.',
      }),
    ),
  criterion: z
    .enum(["magnitude", "movement", "snip", "wanda", "random"])
    .default("magnitude")
    .meta(
      about({
        title: "Criterion",
        description:
          "What a weight is worth: its size; how training moves it away from zero; size times gradient (SNIP); size times the length of its input (Wanda); nothing.",
      }),
    ),
  scope: z
    .enum(["global", "lamp", "uniform", "erk"])
    .default("global")
    .meta(
      about({
        title: "Scope",
        description:
          "Weights compete across layers (global, LAMP), or each layer has its share: the same one, or by its shape (ERK).",
      }),
    ),
  schedule: z
    .enum(["cubic", "one-shot", "rewind"])
    .default("cubic")
    .meta(
      about({
        title: "Schedule",
        description:
          "Sparser step by step while training; all at once before it; or found by training, whose weights are then set back and trained again.",
      }),
    ),
  rampEnd: z
    .number()
    .gt(0)
    .max(1)
    .default(0.6)
    .meta(
      about({
        title: "End of the ramp",
        description: "Share of the training after which a cubic schedule has reached the sparsity.",
        advanced: true,
      }),
    ),
  rampEvery: z
    .int()
    .min(1)
    .max(100_000)
    .default(16)
    .meta(
      about({
        title: "New masks every",
        unit: "updates",
        description: "Of a cubic schedule.",
        advanced: true,
      }),
    ),
  rewindEpochs: z
    .int()
    .min(0)
    .max(10_000)
    .default(0)
    .meta(
      about({
        title: "Rewind to",
        unit: "epochs",
        description: "Training after which the weights are kept to go back to; 0 goes back to those of the start.",
        advanced: true,
      }),
    ),
  rounds: z
    .int()
    .min(1)
    .max(100)
    .default(1)
    .meta(
      about({
        title: "Rounds",
        description:
          "Trainings by which a rewinding schedule reaches its sparsity, each dropping the same share of the rest.",
        advanced: true,
        tryout: 1,
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
        description: "Labelled ones for SNIP, calibration samples for Wanda.",
        advanced: true,
      }),
    ),
  keepEnds: z
    .boolean()
    .default(true)
    .meta(
      about({
        title: "Keep first and last layer",
        description: "They are small, and most sensitive.",
      }),
    ),
  exclude: z
    .array(z.string())
    .default([])
    .meta(
      about({
        title: "Layers to leave dense",
        description: "Node or weight names; * stands for any text.",
        reference: "layer",
      }),
    ),
  baselines: z
    .boolean()
    .default(true)
    .meta(
      about({
        title: "Baselines",
        description: "Also trains the dense model and one with a random mask for as long, to compare with.",
      }),
    ),
  ...fineTuneParams,
});

export type Params = z.output<typeof params>;
