import { z } from "zod";
import { epochs, figure, formatName, listOf, namedOp, outputError, scores } from "../findingParts.ts";

/** What quantisation-aware training came to. */
export const findings = z.object({
  layers: listOf(
    namedOp.extend({
      format: formatName,
      /** Median over the channels of the step after training over that before. */
      stepChange: figure,
    }),
  ),
  /** Epochs of all stages, numbered through. */
  history: epochs,
  /** Epochs at the end whose batch statistics were frozen. */
  frozen: z.int(),
  samples: z.int(),
  scores: scores.optional(),
  /** What was written beside what was trained, on calibration samples: how far execution is from simulation. */
  execution: outputError.pick({ kl: true, agreement: true, sqnr: true }),
});
export type Findings = z.output<typeof findings>;
