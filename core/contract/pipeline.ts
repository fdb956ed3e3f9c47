import { z } from "zod";
import type { Json } from "../base/json.ts";
import { providerName } from "./device.ts";

const json: z.ZodType<Json> = z.json();

/** One recipe of a chain; what it does not say comes from the pipeline, or from the method's defaults. */
export const pipelineStep = z.strictObject({
  method: z.string(),
  /** Version of the method's parameters that `params` is in; default: the newest. */
  version: z.int().positive().optional(),
  params: z.record(z.string(), json).default({}),
  /** Name of the variant that it makes; default: the method's. Later steps may refer to it. */
  name: z.string().optional(),
  seed: z.int().nonnegative().optional(),
  /** Whether what it makes is measured with the others; default: what the pipeline says. */
  measure: z.boolean().optional(),
});
export type PipelineStep = z.infer<typeof pipelineStep>;

/**
 * Recipes that run one after another, each on what the one before made. Weights that a step made zero stay zero in
 * those that follow, as far as their methods keep zeros.
 */
export const pipeline = z.strictObject({
  lathe: z.literal(1),
  steps: z.array(pipelineStep).min(1),
  /** Default 0. */
  seed: z.int().nonnegative().optional(),
  /** Default: all cores, at most 8. */
  threads: z.int().positive().optional(),
  /** Default: the CPU. */
  provider: providerName.optional(),
  /**
   * A variant or ONNX file that every step with a parameter `teacher` learns from, unless the step names another one;
   * that one then stays for the steps behind it. An empty text means none.
   */
  teacher: z.string().optional(),
  /** Whether what the steps make is measured once all are done, in turns; default: yes. */
  measure: z.boolean().optional(),
});
export type Pipeline = z.infer<typeof pipeline>;
