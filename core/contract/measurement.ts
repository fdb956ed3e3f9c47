import { z } from "zod";
import { splitName } from "./dataset.ts";
import { processor } from "./device.ts";

/** A confidence interval. */
export const interval = z.strictObject({ low: z.number(), high: z.number(), level: z.number() });
export type Interval = z.infer<typeof interval>;

/**
 * Accuracy where sums of eight-bit products are added up otherwise. `run`: on this machine; `equal`: with the same sums
 * as there, so that it is the same; `emulated`: computed here as such a processor does.
 */
export const processorAccuracy = z.strictObject({
  processor,
  how: z.enum(["run", "equal", "emulated"]),
  top1: z.number(),
  top1Interval: interval,
});
export type ProcessorAccuracy = z.infer<typeof processorAccuracy>;

/** Classification accuracy on one split; fractions in [0, 1] with Wilson intervals. */
export const accuracy = z.strictObject({
  split: splitName,
  samples: z.int().positive(),
  top1: z.number(),
  top1Interval: interval,
  top5: z.number().optional(),
  perClass: z.array(z.strictObject({ label: z.string(), samples: z.int(), correct: z.int() })),
  /** Samples whose top-1 differs from the baseline's. `gained`: now right, `lost`: now wrong. */
  against: z
    .strictObject({ variant: z.string(), disagree: z.int(), gained: z.int(), lost: z.int(), indices: z.array(z.int()) })
    .optional(),
  /** By kind of processor, for models with layers of eight bits. */
  processors: z.array(processorAccuracy).optional(),
  /** Fingerprint of samples, split and preparation; accuracies compare only where it is equal. */
  data: z.string().optional(),
  /** What was predicted, kept so that a variant measured later can be compared sample by sample. */
  predictions: z.strictObject({ sha256: z.string(), bytes: z.number() }).optional(),
});
export type Accuracy = z.infer<typeof accuracy>;

/** Latency of one call, in milliseconds. Variants that were compared took turns run by run. */
export const latency = z.strictObject({
  device: z.string(),
  provider: z.string(),
  threads: z.int().positive(),
  batch: z.int().positive(),
  warmup: z.int().nonnegative(),
  runs: z.int().positive(),
  median: z.number(),
  medianInterval: interval,
  p95: z.number(),
  minimum: z.number(),
  interleaved: z.boolean(),
  /** The baseline in the same session, run in turns with this variant. */
  reference: z.strictObject({ variant: z.string(), median: z.number(), medianInterval: interval }).optional(),
});
export type Latency = z.infer<typeof latency>;

/** Memory of a process that does nothing but run the model, in bytes. */
export const memory = z.strictObject({
  batch: z.int().positive(),
  /** Highest resident size. */
  peak: z.number(),
  /** Resident size with the runtime loaded and no model. */
  floor: z.number(),
});
export type Memory = z.infer<typeof memory>;

export const layer = z.strictObject({
  node: z.string(),
  op: z.string(),
  /** Multiply–accumulates for one sample. */
  macs: z.number(),
  parameters: z.number(),
  weightBytes: z.number(),
  /** Type in which the weights are stored. */
  weightType: z.string().optional(),
  outputShape: z.array(z.union([z.int(), z.string()])).optional(),
  /** Milliseconds per call as the runtime's profiler saw them; absent where the node was fused away. */
  time: z.number().optional(),
});
export type Layer = z.infer<typeof layer>;

export const size = z.strictObject({
  /** Bytes on disk, external data included. */
  file: z.number(),
  parameters: z.number(),
  /** Bytes of all constants. */
  weights: z.number(),
  /** Multiply–accumulates for one sample. */
  macs: z.number(),
});
export type Size = z.infer<typeof size>;

/** All that is known of one variant's behaviour on one machine. */
export const measurements = z.strictObject({
  at: z.string(),
  machine: z.string(),
  accuracy: accuracy.optional(),
  latency: z.array(latency),
  memory: memory.optional(),
  size: size.optional(),
  layers: z.array(layer),
});
export type Measurements = z.infer<typeof measurements>;
