import { z } from "zod";
import { about } from "../about.ts";
import { fineTuneParams } from "../fineTuneParams.ts";
import { formatParams } from "../formatParams.ts";

/** Parameters of quantisation-aware training, version 2. */
export const params = z.strictObject({
  weightBits: z
    .literal([2, 3, 4, 6, 8])
    .default(4)
    .meta(about({ title: "Weight bits", unit: "bits", description: "Of each layer but the edges." })),
  activationBits: z
    .literal([2, 3, 4, 6, 8, 32])
    .default(8)
    .meta(
      about({
        title: "Activation bits",
        unit: "bits",
        description: "32 leaves them in float and writes weights alone. Fewer than eight are simulated when run.",
      }),
    ),
  wideEdges: z
    .boolean()
    .default(true)
    .meta(about({ title: "Eight bits at the edges", description: "The first and the last layer keep eight bits." })),
  layers: z
    .array(z.string().regex(/^.+=w(2|3|4|6|8)(a(2|3|4|6|8))?$/, "has the form PATTERN=w4a8"))
    .default([])
    .meta(
      about({
        title: "Bits of single layers",
        description: "PATTERN=w4a8 for nodes of that name, * stands for any text; the last that matches counts.",
        advanced: true,
      }),
    ),
  estimator: z
    .enum(["lsq", "straight-through"])
    .default("lsq")
    .meta(
      about({
        title: "Estimator",
        description: "lsq learns the step of every grid with the weights; straight-through keeps those of calibration.",
      }),
    ),
  batchNorm: z
    .enum(["train", "fold"])
    .default("train")
    .meta(
      about({
        title: "Batch norm",
        description:
          "train keeps it, with statistics that follow the rounded weights, and folds it afterwards; fold folds it before.",
      }),
    ),
  frozenShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.3)
    .meta(
      about({
        title: "Share with frozen statistics",
        description:
          "Last part of the training in which batch norm uses its stored statistics, at a tenth of the rate.",
        advanced: true,
      }),
    ),
  ...formatParams,
  ...fineTuneParams,
  epochs: z
    .int()
    .min(1)
    .max(10_000)
    .default(5)
    .meta(about({ title: "Epochs", unit: "epochs", description: "Passes over the training samples." })),
});

export type Params = z.output<typeof params>;
