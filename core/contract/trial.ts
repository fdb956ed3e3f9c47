import { z } from "zod";

/** One thing that a method tried: a point of its space and what it came to. */
export const trial = z.strictObject({
  /** From 0, in the order in which they were asked for. */
  number: z.int().nonnegative(),
  /** Where results of several samplers share a log: which of them asked. */
  group: z.string().optional(),
  /** The point, by the names of the space. */
  point: z.record(z.string(), z.json()),
  state: z.enum(["done", "failed", "stopped"]),
  /** What was measured, by name; the unit stands in the method's report. */
  values: z.record(z.string(), z.number()),
  /** Why it failed or was stopped. */
  note: z.string().optional(),
  /** How long it took. */
  seconds: z.number().nonnegative(),
});
export type Trial = z.infer<typeof trial>;
