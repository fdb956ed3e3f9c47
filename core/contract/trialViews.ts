import { z } from "zod";
import { objective, storedTrial } from "./trials.ts";

/**
 * A column of trials: "number", "seconds", "state", "group", "method" and "job" of the trial itself, "param.<name>" of its
 * point, "value.<name>" of what it came to.
 */
export const trialColumn = z.strictObject({
  id: z.string(),
  title: z.string(),
  kind: z.enum(["fact", "param", "value"]),
  isNumeric: z.boolean(),
  /** Trials that have it. */
  count: z.int(),
  /** Of numbers, the ends of what occurs. */
  low: z.number().optional(),
  high: z.number().optional(),
  /** Of texts, what occurs, sorted; the first hundred. */
  options: z.array(z.string()).optional(),
});
export type TrialColumn = z.infer<typeof trialColumn>;

/** Which trials, by their columns; all that is given has to hold. */
export const trialSearch = z.strictObject({
  /** Both ends included; a trial without the number is left out. */
  ranges: z
    .record(z.string(), z.strictObject({ least: z.number().optional(), most: z.number().optional() }))
    .optional(),
  /** One of these. */
  ids: z.array(z.int()).max(100_000).optional(),
  /** One of the texts. */
  texts: z.record(z.string(), z.array(z.string())).optional(),
});
export type TrialSearch = z.infer<typeof trialSearch>;

export const trialOrder = z.strictObject({ column: z.string(), isDescending: z.boolean() });
export type TrialOrder = z.infer<typeof trialOrder>;

export const trialSummary = z.strictObject({
  total: z.int(),
  columns: z.array(trialColumn),
  /** What is probably to be large or small, for a start. */
  objectives: z.array(objective),
  /** Titles of the jobs that made them. */
  jobs: z.array(z.strictObject({ id: z.string(), title: z.string() })),
});
export type TrialSummary = z.infer<typeof trialSummary>;

export const trialRows = z.strictObject({ total: z.int(), rows: z.array(storedTrial) });
export type TrialRows = z.infer<typeof trialRows>;

/** Columns of some trials, as arrays of the same length. Texts are places in the column's options. */
export const trialPoints = z.strictObject({
  /** How many were found; more than there are points where these are a sample. */
  total: z.int(),
  ids: z.array(z.int()),
  columns: z.record(z.string(), z.array(z.number().nullable())),
  options: z.record(z.string(), z.array(z.string())),
});
export type TrialPoints = z.infer<typeof trialPoints>;

export const trialFront = z.strictObject({
  /** Ids in the order of the first objective. */
  ids: z.array(z.int()),
  /** Values in the order of the objectives. */
  values: z.array(z.array(z.number())),
  /** Finished trials that the front is of. */
  of: z.int(),
  /** Number of trials so far, and the share of the box between the worst and the best values that is dominated. */
  hypervolume: z.array(z.tuple([z.int(), z.number()])),
});
export type TrialFront = z.infer<typeof trialFront>;

/** How much of the spread of a value goes with one parameter alone. */
export const importance = z.strictObject({
  column: z.string(),
  title: z.string(),
  /** ω² of a one-way analysis of variance, 0 to 1; interactions do not show. */
  share: z.number(),
  /** Trials, and groups that they fall into by the parameter. */
  trials: z.int(),
  groups: z.int(),
});
export type Importance = z.infer<typeof importance>;
