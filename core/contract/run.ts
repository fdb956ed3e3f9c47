import { z } from "zod";
import type { Json } from "../base/json.ts";
import { providerName } from "./device.ts";
import { job, jobLogEntry, jobProgress } from "./jobs.ts";
import { pipeline } from "./pipeline.ts";
import { estimate } from "./method.ts";
import { recipe } from "./project.ts";

const json: z.ZodType<Json> = z.json();

/** What a wizard asks for: a method with those parameters that are not to be the default ones. */
export const runRequest = z.strictObject({
  method: z.string(),
  params: z.record(z.string(), json),
  seed: z.int().nonnegative(),
  threads: z.int().positive(),
  provider: providerName.optional(),
  from: z.string(),
  data: z.string().optional(),
  name: z.string().optional(),
  /** Measure the result beside the baseline. */
  measure: z.boolean(),
});
export type RunAsked = z.infer<typeof runRequest>;

/** What a run would be, before it is started. */
export const runPlan = z.strictObject({
  recipe,
  estimate,
  notes: z.array(z.string()),
  /** The same run on the command line. */
  command: z.string(),
});
export type RunPlan = z.infer<typeof runPlan>;

/** What a chain of methods asks for. */
export const chainRequest = z.strictObject({ pipeline, from: z.string(), data: z.string().optional() });
export type ChainAsked = z.infer<typeof chainRequest>;

/** What a chain would be, before it is started. */
export const chainPlan = z.strictObject({
  title: z.string(),
  estimate: estimate.optional(),
  /** The same chain on the command line, with the pipeline in a file. */
  command: z.string(),
});
export type ChainPlan = z.infer<typeof chainPlan>;

/** What every job may be given when it is submitted. */
export const jobWish = z.strictObject({
  /** Higher ones start first; default 0. */
  priority: z.int().min(-1000).max(1000).optional(),
  /** Only tries the work on so many samples. */
  tryout: z.int().min(1).max(10_000).optional(),
});
export type JobWished = z.infer<typeof jobWish>;

/** A node that a parameter can name. */
export const layerName = z.strictObject({
  name: z.string(),
  op: z.string(),
  /** Elements of the constants that it reads. */
  parameters: z.number(),
  /** Its place among the most sensitive ones, from 1; absent where no run has looked. */
  rank: z.int().positive().optional(),
});
export type LayerName = z.infer<typeof layerName>;

/** A job of a project with how it stands now. */
export const jobView = z.strictObject({
  project: z.string(),
  job,
  /** Absent before it starts. */
  progress: jobProgress.optional(),
  /** Ids of the variants that it has made so far. */
  made: z.array(z.string()),
  /** What it has been asked for and has not come to yet. */
  asked: z.enum(["pause", "cancel"]).optional(),
  can: z.strictObject({ pause: z.boolean(), resume: z.boolean(), cancel: z.boolean() }),
});
export type JobView = z.infer<typeof jobView>;

/** What a page is told without asking. */
export const engineEvent = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("job"), view: jobView }),
  z.strictObject({ kind: z.literal("log"), project: z.string(), job: z.string(), entries: z.array(jobLogEntry) }),
  /** Variants, data or settings of a project are no longer what they were. */
  z.strictObject({ kind: z.literal("project"), project: z.string() }),
]);
export type EngineEvent = z.infer<typeof engineEvent>;
