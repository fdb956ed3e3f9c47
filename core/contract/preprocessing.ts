import { z } from "zod";
import { PRESET_NAMES } from "./presetNames.ts";

export const presetName = z.enum(PRESET_NAMES);

/** How a raw image becomes the tensor that a model gets. Applied in this order: resize, crop, scale, normalise, layout. */
export const imagePreprocessing = z.strictObject({
  kind: z.literal("image"),
  /** Channels the model expects, and their order. */
  channels: z.enum(["rgb", "bgr", "grey"]),
  /** Final height and width in pixels. */
  height: z.int().positive(),
  width: z.int().positive(),
  resize: z.enum(["none", "stretch", "shorter-side", "letterbox"]),
  /** Shorter-side target before the centre crop; absent means the final size. */
  resizeTo: z.int().positive().optional(),
  /** 0–255 level that letterboxing fills with; absent means 114, as YOLO's. */
  pad: z.int().min(0).max(255).optional(),
  interpolation: z.enum(["nearest", "bilinear", "bicubic", "lanczos"]),
  /** Each 0–255 sample is multiplied by this first: 1/255 gives [0, 1]. */
  scale: z.number(),
  /** Then mean is subtracted and std divided by, per channel in the model's order. */
  mean: z.array(z.number()),
  std: z.array(z.number().positive()),
  layout: z.enum(["nchw", "nhwc"]),
  type: z.enum(["float32", "float16", "uint8", "int8"]),
});

/** Arrays and tables go in as they are, after an affine map. */
export const arrayPreprocessing = z.strictObject({
  kind: z.literal("array"),
  /** Shape of one sample, without the batch. */
  shape: z.array(z.int().positive()),
  scale: z.number(),
  /** One value, or one per element of the last axis. */
  mean: z.array(z.number()),
  std: z.array(z.number().positive()),
  type: z.enum(["float32", "float64", "int64", "int32"]),
});

/** The one description of input preparation that calibration, evaluation and export share. */
export const preprocessing = z.discriminatedUnion("kind", [imagePreprocessing, arrayPreprocessing]);

export type ImagePreprocessing = z.infer<typeof imagePreprocessing>;
export type ArrayPreprocessing = z.infer<typeof arrayPreprocessing>;
export type Preprocessing = z.infer<typeof preprocessing>;
