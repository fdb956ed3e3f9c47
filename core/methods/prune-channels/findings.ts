import { z } from "zod";
import { epochs, figure, listOf, prunedFacts, scores } from "../findingParts.ts";

/** Of `transform/channels/explain.ts`, `MemberExplanation`. */
const member = z.object({
  side: z.enum(["makes", "reads", "follows"]),
  tensor: z.string(),
  axis: z.int(),
  use: z.string(),
  indexes: z.string(),
  perUnit: z.string(),
});

/** One dependency group of the model as it came. */
const group = z.object({
  group: z.string(),
  before: z.int(),
  after: z.int(),
  /** Why it kept its width, where it had to. */
  reason: z.string().optional(),
  /** What its units are in the weights. */
  members: listOf(member),
});
export type GroupFinding = z.output<typeof group>;

/** What a group costs in the outputs at some widths. */
const curve = z.object({
  group: z.string(),
  /** From the widest: units that are left, and the mean KL divergence of the outputs from the whole model's, in nats. */
  points: listOf(z.object({ width: z.int(), error: figure })),
});
export type Curve = z.output<typeof curve>;

/** What a run found out. */
export const findings = z.object({
  groups: listOf(group),
  /** Before, the result, and the baselines. */
  costs: listOf(prunedFacts),
  threads: z.int(),
  scores: scores.optional(),
  /** Of a schedule by sensitivity. */
  curves: listOf(curve),
  /** Epochs of all trainings that led to the result, one after the other. */
  history: epochs,
});
export type Findings = z.output<typeof findings>;
