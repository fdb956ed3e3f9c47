import { z } from "zod";
import { about } from "./about.ts";
import { augmentParams } from "./augmentParams.ts";
import { learningRate } from "./learningRate.ts";

/** Parameters of the training that follows a change to a model; a fragment that methods put among their own. */
export const fineTuneParams = {
  epochs: z
    .int()
    .min(0)
    .max(10_000)
    .default(5)
    .meta(about({ title: "Fine-tuning", unit: "epochs", description: "Passes over the training samples; 0 is off." })),
  batch: z
    .int()
    .min(1)
    .max(65_536)
    .default(64)
    .meta(about({ title: "Batch", unit: "samples", description: "Samples in one step.", advanced: true })),
  rate: learningRate({
    description: "The highest of the cosine schedule; auto measures one on the changed model.",
    search: { low: 1e-4, high: 0.2, log: true },
  }),
  optimizer: z
    .enum(["sgd", "adamw"])
    .default("sgd")
    .meta(
      about({ title: "Optimiser", description: "SGD suits convolution nets, AdamW transformers.", advanced: true }),
    ),
  weightDecay: z
    .number()
    .min(0)
    .default(5e-4)
    .meta(about({ title: "Weight decay", description: "Pull of the weights towards zero.", advanced: true })),
  crop: augmentParams.crop,
  flip: augmentParams.flip,
  policy: augmentParams.policy,
  teacher: z
    .string()
    .default("")
    .meta(
      about({
        title: "Teacher",
        description: "A variant or ONNX file whose answers are learned beside the labels; empty: none.",
        reference: "variant",
      }),
    ),
  temperature: z
    .number()
    .positive()
    .max(100)
    .default(4)
    .meta(about({ title: "Temperature", description: "Softens the teacher's answers.", advanced: true })),
  teacherWeight: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .meta(
      about({ title: "Weight of the teacher", description: "Of the loss; the labels have the rest.", advanced: true }),
    ),
};

/** Of version 1 of the methods that have these parameters. */
export const FIXED_RATE = 0.02;

export type FineTuneParams = z.output<z.ZodObject<typeof fineTuneParams>>;
