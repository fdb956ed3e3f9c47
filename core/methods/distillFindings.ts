import { z } from "zod";
import { epochs, scores } from "./findingParts.ts";

/** What a distillation found out. */
export const distillFindings = z.object({
  history: epochs,
  /** Of the undistilled student; empty without one. */
  plain: epochs,
  samples: z.object({ labelled: z.int(), unlabelled: z.int() }),
  unlabelled: z.object({ path: z.string(), fingerprint: z.string() }).optional(),
  /** Of `train/answers.ts`, `Answers`. */
  answers: z.object({ views: z.int(), found: z.int(), asked: z.int(), bytes: z.number() }).optional(),
  scores: scores.optional(),
});
export type DistillFindings = z.output<typeof distillFindings>;
