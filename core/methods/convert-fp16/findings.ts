import { z } from "zod";
import { kept, speedGate } from "../findingParts.ts";

/** What a run found out. */
export const findings = z.object({
  gate: speedGate,
  folded: z.int(),
  converted: z.int(),
  /** Nodes that compute in float32, with the reason. */
  kept,
  /** Constants beyond ±65,504 that were clamped, and such below 2⁻²⁴ that were raised to it. */
  clamped: z.int(),
  raised: z.int(),
});
export type Findings = z.output<typeof findings>;
