import { z } from "zod";
import { about } from "../about.ts";
import { distillParams } from "../distillParams.ts";

/** Parameters of distilling features, version 2. */
export const params = z.strictObject({
  ...distillParams,
  featureLoss: z
    .enum(["attention", "mse", "distance", "angle"])
    .default("attention")
    .meta(
      about({
        title: "What is imitated",
        description:
          "Where inner values are large; the values themselves, through an adapter; or how samples lie to each other, by distance or angle.",
      }),
    ),
  featureWeight: z
    .number()
    .positive()
    .max(10_000)
    .default(1)
    .meta(
      about({
        title: "Weight of the features",
        description: "Factor of their losses; 1 is about what their authors took.",
        search: { low: 0.1, high: 10, log: true },
      }),
    ),
  pairs: z
    .array(z.string())
    .default([])
    .meta(
      about({
        title: "Pairs of values",
        description:
          '"student=teacher" by the names of inner values; empty: the ends of stages that have the same size in both.',
      }),
    ),
  teacherWeight: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .meta(
      about({
        title: "Weight of the answers",
        description: "The teacher's answers are learned as well; the labels have the rest. 0 is off.",
      }),
    ),
});

export type Params = z.output<typeof params>;
