import { z } from "zod";
import { epochs, figure, listOf, prunedFacts, scores } from "../findingParts.ts";

/** A block or layer that could be left out. */
const region = z.object({
  name: z.string(),
  nodes: z.int(),
  hasShortcut: z.boolean(),
  /** Mean KL divergence of the outputs without it from those with it, when it was last looked at; in nats. */
  error: figure.optional(),
  /** In which place it was removed, from 1. */
  removed: z.int().optional(),
});
export type RegionFinding = z.output<typeof region>;

/** What a run found out. */
export const findings = z.object({
  regions: listOf(region),
  /** Before, the result, and the baselines. */
  costs: listOf(prunedFacts),
  threads: z.int(),
  scores: scores.optional(),
  history: epochs,
});
export type Findings = z.output<typeof findings>;
