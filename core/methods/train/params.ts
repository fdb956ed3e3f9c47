import { z } from "zod";
import { about } from "../about.ts";
import { augmentParams } from "../augmentParams.ts";
import { learningRate } from "../learningRate.ts";

const share = z.number().min(0).max(1);

/** Parameters of training, version 2. */
export const params = z.strictObject({
  epochs: z
    .int()
    .min(1)
    .max(100_000)
    .default(10)
    .meta(about({ title: "Epochs", unit: "epochs", description: "Passes over the training samples." })),
  batch: z
    .int()
    .min(1)
    .max(65_536)
    .default(128)
    .meta(
      about({
        title: "Batch",
        unit: "samples",
        description: "Samples in one step. Batch norm wants 16 or more.",
        search: { low: 32, high: 512, log: true },
      }),
    ),
  rate: learningRate({
    description:
      "The highest of the schedule; auto measures one. SGD from scratch likes 0.1, fine-tuning 0.01, AdamW 0.001.",
    search: { low: 1e-4, high: 0.5, log: true },
  }),
  schedule: z
    .enum(["one-cycle", "cosine", "linear", "step", "constant"])
    .default("cosine")
    .meta(about({ title: "Schedule", description: "How the learning rate goes from its highest value towards zero." })),
  warmup: share
    .default(0.05)
    .meta(about({ title: "Warm-up", description: "Share of the training over which the learning rate rises." })),
  optimizer: z
    .enum(["sgd", "adam", "adamw", "rmsprop", "lamb"])
    .default("sgd")
    .meta(about({ title: "Optimiser", description: "SGD suits convolution nets, AdamW transformers." })),
  momentum: share
    .default(0.9)
    .meta(about({ title: "Momentum", description: "Of SGD with Nesterov's step, and of RMSProp.", advanced: true })),
  weightDecay: z
    .number()
    .min(0)
    .default(5e-4)
    .meta(
      about({
        title: "Weight decay",
        description: "Pull of the weights towards zero; decoupled from the gradient in AdamW and LAMB.",
        search: { low: 1e-6, high: 1e-1, log: true },
      }),
    ),
  noDecay: z
    .array(z.string())
    .default([])
    .meta(
      about({
        title: "Weights without decay",
        description: "Names of constants, beside biases and normalisation; * stands for any text.",
        advanced: true,
      }),
    ),
  decayAll: z
    .boolean()
    .default(false)
    .meta(about({ title: "Decay everything", description: "Biases and normalisation decay as well.", advanced: true })),
  loss: z
    .enum(["cross-entropy", "bce", "js", "mse"])
    .default("cross-entropy")
    .meta(about({ title: "Loss", description: "What is made small: the distance of the scores from the labels." })),
  smoothing: share
    .default(0)
    .meta(about({ title: "Label smoothing", description: "Share of the target that is spread over all classes." })),
  classWeights: z
    .array(z.number().min(0))
    .default([])
    .meta(
      about({
        title: "Class weights",
        description: "Weight of each class in the cross-entropy, in the order of the labels; none: all the same.",
        advanced: true,
      }),
    ),
  clip: z
    .number()
    .min(0)
    .default(0)
    .meta(about({ title: "Gradient clipping", description: "Greatest length of the gradient; 0 does not clip." })),
  accumulate: z
    .int()
    .min(1)
    .max(4096)
    .default(1)
    .meta(
      about({
        title: "Batches per update",
        unit: "batches",
        description: "Averages the gradients of several batches, for large batches in little memory.",
        advanced: true,
      }),
    ),
  dropout: z
    .boolean()
    .default(true)
    .meta(
      about({
        title: "Dropout",
        description: "Where the net has Dropout, it drops values while training, by the ratio in the net.",
        advanced: true,
      }),
    ),
  recompute: z
    .boolean()
    .default(false)
    .meta(
      about({
        title: "Recompute activations",
        description: "Computes parts of the net twice instead of keeping their values: less memory, more time.",
        advanced: true,
      }),
    ),
  average: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .meta(
      about({
        title: "Moving average of the weights",
        description:
          "Share that the average keeps at each update, for instance 0.999; it is then the result. 0 is off.",
      }),
    ),
  freeze: z
    .array(z.string())
    .default([])
    .meta(
      about({
        title: "Frozen layers",
        description: "Nodes and constants that stay as they are; * stands for any text.",
        reference: "layer",
      }),
    ),
  freezeStatistics: z
    .boolean()
    .default(false)
    .meta(
      about({
        title: "Freeze batch statistics",
        description: "Batch norm keeps using its stored mean and variance, which suits fine-tuning with small batches.",
        advanced: true,
      }),
    ),
  keepZeros: z
    .boolean()
    .default(true)
    .meta(
      about({
        title: "Keep pruned weights at zero",
        description: "Layers of which a tenth or more of the weights is exactly zero keep those zeros.",
        advanced: true,
      }),
    ),
  keep: z
    .enum(["last", "best"])
    .default("last")
    .meta(
      about({
        title: "Weights to keep",
        description: "The last epoch's, or those of the epoch with the best validation accuracy.",
      }),
    ),
  ...augmentParams,
});

export type Params = z.output<typeof params>;
