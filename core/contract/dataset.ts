import { z } from "zod";

export const datasetFormat = z.enum(["image-folder", "cifar", "idx", "npy", "npz", "csv"]);
export type DatasetFormat = z.infer<typeof datasetFormat>;

export const splitName = z.enum(["train", "validation", "test", "calibration"]);
export type SplitName = z.infer<typeof splitName>;

/** What a data set is, without its samples. */
export const datasetInfo = z.strictObject({
  format: datasetFormat,
  /** Whether samples are images (8-bit, height × width × channels) or arrays of numbers. */
  kind: z.enum(["image", "array"]),
  path: z.string(),
  count: z.int().nonnegative(),
  /** Class names by label; absent where there are no labels. */
  classes: z.array(z.string()).optional(),
  /** Shape of one raw sample where all agree: [height, width, channels] for images. */
  sampleShape: z.array(z.int().positive()).optional(),
  /** Samples that could not be read, by name, with the reason (at most 100 are named). */
  unreadable: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
  unreadableCount: z.int().nonnegative(),
  /** SHA-256 over names, sizes, labels and content. */
  fingerprint: z.string(),
});
export type DatasetInfo = z.infer<typeof datasetInfo>;

/** How calibration samples are drawn from a split. */
export const calibrationDraw = z.strictObject({
  /** Drawing from test is refused wherever accuracy is measured on it. */
  from: z.enum(["train", "validation", "test"]),
  /** `class`: each class has its share of the split, to within one sample. `random`: whatever comes. */
  by: z.enum(["class", "random"]),
  seed: z.int().nonnegative(),
});
export type CalibrationDraw = z.infer<typeof calibrationDraw>;

/** Which samples calibrate: how many, and how they are drawn. */
export const calibrationPick = calibrationDraw.extend({ samples: z.int().nonnegative() });
export type CalibrationPick = z.infer<typeof calibrationPick>;

/** How samples are assigned to splits. `given` follows the data set's own train/test parts where it has them. */
export const splitPlan = z.strictObject({
  seed: z.int().nonnegative(),
  given: z.boolean(),
  /** Fractions of what is left to assign; they are normalised. */
  train: z.number().min(0),
  validation: z.number().min(0),
  test: z.number().min(0),
  /** Samples to calibrate on. */
  calibration: z.int().nonnegative(),
  /** How they are drawn; absent: from train, by class, with the plan's seed. */
  draw: calibrationDraw.optional(),
});
export type SplitPlan = z.infer<typeof splitPlan>;
