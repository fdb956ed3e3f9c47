import { z } from "zod";
import { about } from "../about.ts";
import { distillParams } from "../distillParams.ts";

/** Parameters of distilling logits, version 2. */
export const params = z.strictObject({
  ...distillParams,
  loss: z
    .enum(["kl", "js"])
    .default("kl")
    .meta(
      about({
        title: "Loss",
        description:
          "How the student's answers are held against the teacher's: Kullback–Leibler, or the gentler Jensen–Shannon divergence.",
      }),
    ),
  temperature: z
    .number()
    .positive()
    .max(100)
    .default(4)
    .meta(
      about({
        title: "Temperature",
        description: "Softens the answers of both, so that wrong classes count as well.",
        search: { low: 1, high: 10 },
      }),
    ),
  teacherWeight: z
    .number()
    .gt(0)
    .max(1)
    .default(0.9)
    .meta(
      about({
        title: "Weight of the teacher",
        description: "Of the loss; the labels have the rest. 1 does without labels.",
        search: { low: 0.3, high: 1 },
      }),
    ),
  views: z
    .int()
    .min(0)
    .max(10_000)
    .default(0)
    .meta(
      about({
        title: "Kept views",
        description:
          "Different augmentations of each sample, about which the teacher is asked once and its answers kept for every later run; 0 asks anew in each epoch, or once where nothing is augmented.",
      }),
    ),
  top: z
    .int()
    .min(0)
    .max(100_000)
    .default(0)
    .meta(
      about({
        title: "Kept classes",
        description: "Highest answers that are kept of each view, the rest is spread evenly; 0 keeps all.",
        advanced: true,
      }),
    ),
});

export type Params = z.output<typeof params>;
