import { z } from "zod";
import { epochs, extent } from "../findingParts.ts";

/** What a training came to. */
export const findings = z.object({
  history: epochs,
  extent,
  /** Training samples and elements of the weights that were trained. */
  samples: z.int(),
  parameters: z.int(),
  /** Epoch whose weights the model has. */
  epoch: z.int(),
});
export type Findings = z.output<typeof findings>;
