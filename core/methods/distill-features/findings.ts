import { z } from "zod";
import { distillFindings } from "../distillFindings.ts";
import { figure, listOf } from "../findingParts.ts";

/** What a run found out. */
export const findings = distillFindings.extend({
  pairs: listOf(
    z.object({
      student: z.string(),
      teacher: z.string(),
      /** Sizes of one sample's values, of student and teacher. */
      shapes: listOf(listOf(figure)),
    }),
  ),
  /** Elements of the adapters, which the result does not have any more. */
  adapters: z.int(),
});
export type Findings = z.output<typeof findings>;
