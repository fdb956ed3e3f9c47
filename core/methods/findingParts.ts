import { z } from "zod";
import { interval } from "../contract/measurement.ts";
import { FORMATS, type FormatName } from "../transform/formats.ts";

/**
 * Schemas that findings of several methods are put together from. JSON knows neither NaN nor infinities; both are kept as
 * null and come back as NaN.
 */
export const figure = z
  .number()
  .nullable()
  .transform((x) => x ?? NaN);

/** What nobody changes any more. */
export const listOf = <T extends z.ZodType>(of: T): z.ZodReadonly<z.ZodArray<T>> => z.array(of).readonly();

/** Of `train/plan.ts`, `EpochResult`. */
export const epochs = listOf(z.object({ epoch: z.int(), loss: figure, rate: figure, accuracy: figure.optional() }));

/** Of `train/plan.ts`, `Extent`. */
export const extent = z.object({ batch: z.int(), batches: z.int(), updates: z.int() });

/** Of `measure/speedGate.ts`, `SpeedGate`. */
export const speedGate = z.object({
  speedup: figure,
  beforeMs: figure,
  afterMs: figure,
  batch: z.int(),
  threads: z.int(),
  verdict: z.enum(["faster", "same", "slower"]),
  reasons: listOf(z.string()),
});

/** Of `measure/outputError.ts`, `OutputError`. */
export const outputError = z.object({
  mse: figure,
  sqnr: figure,
  cosine: figure,
  kl: figure,
  maximum: figure,
  agreement: figure,
});

/** A node, and in `kept` why it stays as it was. */
export const namedOp = z.object({ node: z.string(), op: z.string() });
export const kept = listOf(namedOp.extend({ reason: z.string() }));

export const formatName = z.enum(FORMATS.map((f) => f.name) as [FormatName, ...FormatName[]]);

/** What a model costs: of `methods/pruned.ts`, `PrunedFacts`. */
export const prunedFacts = z.object({
  label: z.string(),
  macs: figure,
  parameters: figure,
  bytes: figure,
  latency: figure,
});

/** Accuracy of one model on the validation samples, and how it differs from the model that a method gives. */
const score = z.object({
  label: z.string(),
  accuracy: figure,
  interval,
  /** Accuracy of the method's model minus this one's, sample by sample; absent for the method's own. */
  difference: z.object({ value: figure, interval }).optional(),
});

/** Accuracies on the same validation samples, the method's own first. */
export const scores = z.object({ samples: z.int(), scores: listOf(score) });
export type Scores = z.output<typeof scores>;
export type Score = z.output<typeof score>;
