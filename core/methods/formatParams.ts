import { z } from "zod";
import { about } from "./about.ts";

/** How ranges and biases are found for layers of any number of bits; a fragment that methods put among their own. */
export const formatParams = {
  samples: z
    .int()
    .min(1)
    .max(100_000)
    .default(256)
    .meta(
      about({
        title: "Calibration samples",
        unit: "samples",
        description: "Samples of the calibration split that decide on ranges.",
      }),
    ),
  calibrationBatch: z
    .int()
    .min(1)
    .max(1024)
    .default(32)
    .meta(about({ title: "Calibration batch", unit: "samples", description: "Samples in one run.", advanced: true })),
  range: z
    .enum(["min-max", "percentile", "entropy", "mse"])
    .default("min-max")
    .meta(
      about({
        title: "Activation range",
        description: "How eight-bit intervals follow from what calibration saw. Fewer bits always take mse.",
        advanced: true,
      }),
    ),
  percentile: z
    .number()
    .min(90)
    .max(100)
    .default(99.999)
    .meta(
      about({
        title: "Percentile",
        unit: "%",
        description: "Share of elements inside the interval, for the percentile range.",
        advanced: true,
      }),
    ),
  biasCorrection: z
    .boolean()
    .default(true)
    .meta(
      about({
        title: "Correct biases",
        description: "Take back the mean shift that rounding the weights causes; matters below eight bits.",
        advanced: true,
      }),
    ),
  exclude: z
    .array(z.string())
    .default([])
    .meta(
      about({
        title: "Layers to leave in float",
        description: "Node names; * stands for any text.",
        reference: "layer",
      }),
    ),
};

export type FormatParams = z.output<z.ZodObject<typeof formatParams>>;
