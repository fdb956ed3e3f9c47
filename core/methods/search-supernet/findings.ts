import { z } from "zod";
import { stagedParams } from "../../zoo/staged.ts";
import { figure, listOf } from "../findingParts.ts";
import { searchFindings } from "../searchFindings.ts";

/** A subnet beside the same net trained alone with as many samples. */
const alone = z.object({
  /** Place in the front. */
  place: z.int(),
  /** Validation accuracies. */
  shared: figure,
  alone: figure,
});
export type AloneNet = z.output<typeof alone>;

/** What a supernet search came to. */
export const findings = searchFindings.extend({
  /** Mean loss of the largest subnet in each epoch. */
  losses: listOf(figure),
  /** Samples that the supernet was trained on in all. */
  samples: z.int(),
  largest: z.object({ point: stagedParams, accuracy: figure }),
  /** Greatest difference between supernet and subnet alone, over the greatest logit. */
  difference: figure,
  alone: listOf(alone),
  /** Latency as measured of the nets that were taken out, by their place in the front. */
  measured: listOf(z.object({ place: z.int(), latency: figure })).optional(),
});
export type SupernetFindings = z.output<typeof findings>;
