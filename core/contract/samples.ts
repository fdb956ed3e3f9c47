import { z } from "zod";
import { calibrationPick, splitName } from "./dataset.ts";
import { projectData } from "./project.ts";

/** Which samples of a data set are asked for. All that is given has to hold. */
export const sampleFilter = z.strictObject({
  split: splitName.optional(),
  /** Numbers of classes; absent: all. */
  classes: z.array(z.int().nonnegative()).max(100_000).optional(),
  /** Part of the name, whichever case. */
  search: z.string().max(200).optional(),
  /** Id of the variant whose predictions the rest is about. */
  variant: z.string().optional(),
  outcome: z.enum(["right", "wrong"]).optional(),
  /** Probability of the predicted class, as fractions, both ends included. */
  confidence: z.strictObject({ low: z.number(), high: z.number() }).optional(),
  /** Only those that the baseline puts into another class. */
  disagrees: z.boolean().optional(),
});
export type SampleFilter = z.infer<typeof sampleFilter>;

export const sampleOrder = z.strictObject({
  by: z.enum(["number", "name", "class", "prediction", "confidence"]),
  isDown: z.boolean(),
});
export type SampleOrder = z.infer<typeof sampleOrder>;

const predicted = z.strictObject({
  class: z.string(),
  /** Probability of that class, from 0 to 1. */
  confidence: z.number(),
  /** Absent where the sample has no label. */
  isRight: z.boolean().optional(),
});

export const sampleView = z.strictObject({
  /** Number of the sample in its data set, from 0. */
  sample: z.int().nonnegative(),
  name: z.string(),
  class: z.string().optional(),
  /** Absent where the plan leaves the sample out. */
  split: z.enum(["train", "validation", "test"]).optional(),
  /** Whether calibration reads it. */
  calibrates: z.boolean(),
  /** What the variant said that was asked about, where that is known. */
  predicted: predicted.optional(),
  /** What the baseline said, where that is known and the variant is another one. */
  baseline: predicted.optional(),
});
export type SampleView = z.infer<typeof sampleView>;

/** Predictions that an answer would need and that are not there yet. */
export const missingPredictions = z.strictObject({
  variant: z.string(),
  name: z.string(),
  splits: z.array(splitName),
  samples: z.int().positive(),
});

export const samplePage = z.strictObject({
  /** Samples that fit, on all pages. */
  total: z.int().nonnegative(),
  samples: z.array(sampleView),
  missing: z.array(missingPredictions),
});
export type SamplePage = z.infer<typeof samplePage>;

/** What a sample looks like, small enough for a grid. */
export const samplePreview = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("image"),
    /** The picture as a data URL; smaller than the sample where that is large. */
    url: z.string(),
    /** Size of the sample itself, in pixels. */
    width: z.int().positive(),
    height: z.int().positive(),
    /** What each level of a rendered array stands for; absent for true pictures. */
    range: z.strictObject({ low: z.number(), high: z.number() }).optional(),
  }),
  /** The first values of an array. */
  z.strictObject({ kind: z.literal("values"), dims: z.array(z.int()), type: z.string(), values: z.array(z.number()) }),
  /** A long array as its lowest and highest value along the way. */
  z.strictObject({
    kind: z.literal("curve"),
    dims: z.array(z.int()),
    type: z.string(),
    low: z.array(z.number()),
    high: z.array(z.number()),
  }),
  z.strictObject({ kind: z.literal("broken"), reason: z.string() }),
]);
export type SamplePreview = z.infer<typeof samplePreview>;

/** The tensor that a model gets for one sample. */
export const tensorView = z.strictObject({
  /** Without the batch. */
  shape: z.array(z.int()),
  type: z.string(),
  /** What happened to the sample on the way, in order, in words. */
  steps: z.array(z.string()),
  channels: z.array(
    z.strictObject({
      name: z.string(),
      minimum: z.number(),
      mean: z.number(),
      deviation: z.number(),
      maximum: z.number(),
    }),
  ),
  /** The tensor drawn: all channels together where they are colours, then one by one. */
  pictures: z.array(z.strictObject({ title: z.string(), preview: samplePreview })),
});
export type TensorView = z.infer<typeof tensorView>;

export const sampleDetail = z.strictObject({
  sample: sampleView,
  /** What the file holds: "28 × 28 pixels, 1 channel". */
  facts: z.string(),
  preview: samplePreview,
  /** Absent where it cannot be made; `reason` says why. */
  tensor: tensorView.optional(),
  reason: z.string().optional(),
});
export type SampleDetail = z.infer<typeof sampleDetail>;

const counts = z.record(splitName, z.int());

/** A data set with what its splits hold. */
export const dataSummary = z.strictObject({
  data: projectData,
  counts,
  /** Samples of each class by split; one entry without a name where there are no labels. */
  balance: z.array(z.strictObject({ class: z.string(), counts })),
  calibration: calibrationPick,
  /** What is done to a sample, in order, in words. */
  steps: z.array(z.string()),
  /** Id and splits of the variants whose predictions are known. */
  predicted: z.array(z.strictObject({ variant: z.string(), splits: z.array(splitName) })),
});
export type DataSummary = z.infer<typeof dataSummary>;

/** What calibrating on some samples would mean, before it is decided. */
export const calibrationReport = z.strictObject({
  pick: calibrationPick,
  /** Numbers of the samples, in the order in which they are read. */
  samples: z.array(z.int()),
  /** How many of each class are picked, and how many the split has. */
  classes: z.array(z.strictObject({ class: z.string(), picked: z.int(), available: z.int() })),
  /** Picked samples that also evaluate: the same ones, and others of equal content, by split. */
  leaks: z.array(z.strictObject({ split: splitName, same: z.int(), copies: z.int() })),
  warnings: z.array(z.string()),
  /** Why it cannot be chosen; absent where it can. */
  refusal: z.string().optional(),
});
export type CalibrationReport = z.infer<typeof calibrationReport>;
