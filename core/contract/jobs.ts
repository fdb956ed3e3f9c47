import { z } from "zod";
import type { Json } from "../base/json.ts";
import { calibrationPick } from "./dataset.ts";
import { providerName } from "./device.ts";
import { progressEvent } from "./event.ts";
import { estimate } from "./method.ts";
import { measurements } from "./measurement.ts";
import { artifact, recipe } from "./project.ts";

const json: z.ZodType<Json> = z.json();

/**
 * `paused`: stopped at a checkpoint, by a person or for want of disk space. `interrupted`: its process died.
 * Both go on from the checkpoint once they are resumed, and so do `cancelled` and `failed` where there is one.
 */
export const jobState = z.enum([
  "queued",
  "running",
  "paused",
  "cancelling",
  "cancelled",
  "failed",
  "interrupted",
  "done",
]);
export type JobState = z.infer<typeof jobState>;

/** One run of a method within a job: all of a recipe but what the step before decides. */
export const jobStep = z.strictObject({
  method: z.string(),
  version: z.int().positive(),
  params: z.record(z.string(), json),
  seed: z.int().nonnegative(),
  threads: z.int().positive(),
  provider: providerName.optional(),
  /** Name of the variant; absent: the method's. */
  name: z.string().optional(),
  /** Whether what it makes is measured once all steps are done, in turns with what the others make. */
  measure: z.boolean(),
});
export type JobStep = z.infer<typeof jobStep>;

/** A run of all steps on a few samples and for one epoch, which leaves no variant: what it takes, and whether it works. */
export const tryout = z.strictObject({
  samples: z.int().positive(),
  /** Wall time, opening model and data included. */
  seconds: z.number().nonnegative(),
  /** Highest resident bytes of the job's process. */
  memory: z.number().nonnegative(),
  steps: z.array(
    z.strictObject({
      method: z.string(),
      seconds: z.number().nonnegative(),
      /** Nodes of the model that it made. */
      nodes: z.int().nonnegative(),
      warnings: z.array(z.string()),
    }),
  ),
});
export type Tryout = z.infer<typeof tryout>;

/** What a job is to do: one recipe, or several in a chain; then measure. */
export const jobPlan = z.strictObject({
  /** Id of the variant that the first step starts from, and the SHA-256 of its model; absent without steps. */
  from: z.strictObject({ variant: z.string(), sha256: z.string() }).optional(),
  /** Id of the data set; absent where the project has none. */
  data: z.string().optional(),
  /** Fingerprint that the data must have; absent: any. */
  fingerprint: z.string().optional(),
  /** Which samples calibrate, as it stood when the job was submitted. */
  calibration: calibrationPick.optional(),
  steps: z.array(jobStep),
  /** Ids of further variants to measure once all steps are done. */
  measure: z.array(z.string()),
  /** Only tries the steps on so many samples; nothing is recorded and nothing measured. */
  tryout: z.int().positive().optional(),
});
export type JobPlan = z.infer<typeof jobPlan>;

export const jobFailure = z.strictObject({
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
});
export type JobFailure = z.infer<typeof jobFailure>;

/** A job as the project keeps it. What changes by the second stands in its event log. */
export const job = z.strictObject({
  id: z.string(),
  title: z.string(),
  state: jobState,
  /** Higher ones start first; equal ones in the order of their coming. */
  priority: z.int(),
  plan: jobPlan,
  /** Ids of the variants that each step has made, the main one first; as many as there are steps done. */
  made: z.array(z.array(z.string()).min(1)),
  /** Whether what is to be measured has been. */
  isMeasured: z.boolean(),
  /** What came of a tryout. */
  tryout: tryout.optional(),
  /** Predicted for all steps together; absent where a method cannot say. */
  estimate: estimate.optional(),
  /** When it was submitted, when a process first took it up, when it came to its end. */
  at: z.string(),
  startedAt: z.string().optional(),
  endedAt: z.string().optional(),
  /** Seconds that its processes ran, all together. */
  seconds: z.number().nonnegative(),
  /** How often a process took it up. */
  attempts: z.int().nonnegative(),
  /** Why it is in this state, where that is not plain. */
  reason: z.string().optional(),
  failure: jobFailure.optional(),
  /** When it was put out of sight; absent where it was not. */
  archivedAt: z.string().optional(),
});
export type Job = z.infer<typeof job>;

/** How a running job stands; made from its event log. */
export const jobProgress = z.strictObject({
  stage: z.string(),
  done: z.number(),
  total: z.number(),
  unit: z.string(),
  /** Which step of how many, from 1. */
  step: z.int().positive(),
  steps: z.int().positive(),
  /** Latest value by name. */
  metrics: z.record(z.string(), z.number()),
  /** The highest accuracy so far; where there is none, the lowest loss. */
  best: z.strictObject({ name: z.string(), value: z.number() }).optional(),
  /** Seconds to the end; absent until 5 % are done. */
  secondsLeft: z.number().optional(),
  /** What the job's process takes: cores busy over the last seconds, resident bytes now and at most. */
  usage: z.strictObject({ cores: z.number(), memory: z.number(), peak: z.number() }).optional(),
});
export type JobProgress = z.infer<typeof jobProgress>;

/** What happens to a job: its work's own events, a change of its state, the start and the end of a step. */
export const jobHappening = z.discriminatedUnion("kind", [
  ...progressEvent.options,
  z.strictObject({ kind: z.literal("state"), state: jobState, reason: z.string().optional() }),
  z.strictObject({ kind: z.literal("step"), step: z.int().positive(), steps: z.int().positive(), method: z.string() }),
  z.strictObject({ kind: z.literal("variant"), variant: z.string(), name: z.string() }),
  z.strictObject({ kind: z.literal("measured"), variants: z.array(z.string()) }),
  z.strictObject({ kind: z.literal("trials"), count: z.int().positive() }),
  /** Told while a process works; not kept in the log. */
  z.strictObject({ kind: z.literal("usage"), cores: z.number(), memory: z.number(), peak: z.number() }),
  z.strictObject({ kind: z.literal("failure"), ...jobFailure.shape }),
]);
export type JobHappening = z.infer<typeof jobHappening>;

/** One line of a job's event log. */
export const jobLogEntry = z.strictObject({ at: z.string(), event: jobHappening });
export type JobLogEntry = z.infer<typeof jobLogEntry>;

/** What subscribers of the queue get. */
export type JobEvent = { readonly job: string } & JobLogEntry;

/** A job with how its work stands, while a process does it. */
export type JobView = Job & {
  readonly progress?: JobProgress;
  /** What it has been asked for and has not come to yet. */
  readonly asked?: "pause" | "cancel";
};

/** A model that a step made, in the project's artefacts and not yet in its records. */
const madeModel = z.strictObject({
  suffix: z.string(),
  model: artifact,
  external: z.record(z.string(), artifact),
  findings: json,
  warnings: z.array(z.string()),
});

/** The result of a step as its process leaves it for the engine. */
export const jobStepOutput = z.strictObject({
  recipe,
  /** Id of the variant that it started from. */
  from: z.string(),
  name: z.string().optional(),
  at: z.string(),
  engine: z.strictObject({ lathe: z.string(), runtime: z.string(), platform: z.string() }),
  /** The main one first. */
  made: z.array(madeModel).min(1),
});
export type JobStepOutput = z.infer<typeof jobStepOutput>;

/** Measurements as a job's process leaves them: by id of the variant, the baseline among them. */
export const jobMeasurements = z.array(z.strictObject({ variant: z.string(), measurements }));
export type JobMeasurements = z.infer<typeof jobMeasurements>;
