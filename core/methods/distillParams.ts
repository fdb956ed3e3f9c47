import { z } from "zod";
import { about } from "./about.ts";
import { fineTuneParams } from "./fineTuneParams.ts";

/** Parameters that all kinds of distillation share: the training, and what it is held against. */
export const distillParams = {
  ...fineTuneParams,
  epochs: fineTuneParams.epochs
    .unwrap()
    .min(1)
    .default(20)
    .meta(about({ title: "Epochs", unit: "epochs", description: "Passes over the training samples." })),
  teacher: fineTuneParams.teacher
    .unwrap()
    .default("")
    .meta(
      about({
        title: "Teacher",
        description: "The variant or ONNX file whose answers are learned.",
        reference: "variant",
        isNeeded: true,
      }),
    ),
  freeze: z
    .array(z.string())
    .default([])
    .meta(
      about({
        title: "Frozen layers",
        description: "Nodes and constants of the student that stay as they are; * stands for any text.",
        advanced: true,
        reference: "layer",
      }),
    ),
  unlabelled: z
    .string()
    .default("")
    .meta(
      about({
        title: "Unlabelled data",
        description: "A folder or file of further samples; only the teacher speaks about them. Empty: none.",
      }),
    ),
  baseline: z
    .boolean()
    .default(true)
    .meta(
      about({
        title: "Undistilled student",
        description: "Also trains the same student for as many updates on the labels alone, to compare with.",
      }),
    ),
};

export type DistillParams = z.output<z.ZodObject<typeof distillParams>>;
