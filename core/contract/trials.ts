import { z } from "zod";
import { trial } from "./trial.ts";

/** Where a project's trials come from: the job (empty without one), its method, and the name of the run. */
export const trialOrigin = z.strictObject({ job: z.string(), method: z.string(), run: z.string() });
export type TrialOrigin = z.infer<typeof trialOrigin>;

/** A trial as a project keeps it. */
export const storedTrial = z.strictObject({ id: z.int().positive(), ...trialOrigin.shape, trial });
export type StoredTrial = z.infer<typeof storedTrial>;

const bounds = z.strictObject({ least: z.number().optional(), most: z.number().optional() });

/** Which trials; all that is given has to hold. */
export const trialFilter = z.strictObject({
  job: z.string().optional(),
  method: z.string().optional(),
  group: z.string().optional(),
  states: z.array(trial.shape.state).optional(),
  /** Bounds of values by their name, both included; a trial without the value is left out. */
  values: z.record(z.string(), bounds).optional(),
});
export type TrialFilter = z.infer<typeof trialFilter>;

/** A part of the trials in an order; the oldest first where nothing else is said. */
export const trialPage = z.strictObject({
  /** Name of a value. */
  by: z.string().optional(),
  isDescending: z.boolean().optional(),
  offset: z.int().nonnegative().optional(),
  limit: z.int().positive().optional(),
});
export type TrialPage = z.infer<typeof trialPage>;

/** A value of trials that is to be small or large. */
export const objective = z.strictObject({ value: z.string(), goal: z.enum(["least", "most"]) });
export type Objective = z.infer<typeof objective>;

/** A trial of a front: its id and its values in the order of the objectives. */
export interface FrontPoint {
  readonly id: number;
  readonly values: readonly number[];
}
