import { z } from "zod";
import { about } from "../about.ts";
import { goalParams, trialParams } from "../searchParams.ts";

const share = z.number().min(0.125).max(4);

/** Parameters of the supernet search, version 1. */
export const params = z.strictObject({
  channels: z
    .int()
    .min(4)
    .max(256)
    .default(16)
    .meta(about({ title: "Channels", description: "Of the first stage at width 1; each stage has twice as many." })),
  stages: z
    .int()
    .min(1)
    .max(5)
    .default(3)
    .meta(about({ title: "Stages", description: "Each halves height and width, but the first." })),
  depth: z
    .int()
    .min(1)
    .max(4)
    .default(2)
    .meta(about({ title: "Depth", unit: "blocks", description: "Most blocks of a stage; a net has from one up." })),
  widths: z
    .array(share)
    .min(1)
    .default([0.5, 0.75, 1])
    .meta(about({ title: "Widths", description: "Factors on the channels of a stage." })),
  kernels: z
    .array(z.literal([3, 5, 7]))
    .min(1)
    .default([3, 5])
    .meta(about({ title: "Kernels", description: "Of the first convolution of a block." })),
  expansions: z
    .array(share)
    .min(1)
    .default([0.5, 1])
    .meta(about({ title: "Expansions", description: "Channels between the two convolutions of a block." })),
  ...goalParams,
  ...trialParams,
  epochs: z
    .int()
    .min(1)
    .max(10_000)
    .default(12)
    .meta(about({ title: "Epochs", unit: "epochs", description: "Passes over the training samples." })),
  random: z
    .int()
    .min(0)
    .max(16)
    .default(2)
    .meta(
      about({
        title: "Random subnets per step",
        description: "Beside the largest and the smallest, which take part in every step.",
      }),
    ),
  distill: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .meta(
      about({
        title: "In-place distillation",
        description: "Share of the largest subnet's answers in what the smaller ones learn; the rest are the labels.",
      }),
    ),
  trials: z
    .int()
    .min(1)
    .max(100_000)
    .default(60)
    .meta(about({ title: "Subnets", description: "Subnets to look at, for the baseline as many again.", tryout: 3 })),
  population: z
    .int()
    .min(2)
    .max(1000)
    .default(12)
    .meta(about({ title: "Population", unit: "subnets", description: "Of NSGA-II.", advanced: true, tryout: 2 })),
  baseline: z
    .boolean()
    .default(true)
    .meta(about({ title: "Random baseline", description: "Looks at as many random subnets." })),
  calibration: z
    .int()
    .min(32)
    .max(100_000)
    .default(512)
    .meta(
      about({
        title: "Samples for statistics",
        unit: "samples",
        description: "From which each subnet's batch statistics are estimated.",
        advanced: true,
      }),
    ),
  timed: z
    .int()
    .min(4)
    .max(1000)
    .default(16)
    .meta(
      about({
        title: "Nets for the latency predictor",
        description: "Measured whole, beside the table of blocks, where latency is searched or bounded.",
        advanced: true,
        tryout: 3,
      }),
    ),
  alone: z
    .int()
    .min(0)
    .max(50)
    .default(0)
    .meta(
      about({
        title: "Nets to train alone",
        description: "Trains so many nets of the front from scratch with as many samples, to see what sharing costs.",
        tryout: 1,
      }),
    ),
});

export type Params = z.output<typeof params>;
