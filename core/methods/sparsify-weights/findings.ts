import { z } from "zod";
import { epochs, listOf, scores, speedGate } from "../findingParts.ts";

/** One weight of the result. */
const layer = z.object({
  node: z.string(),
  weight: z.string(),
  dims: listOf(z.int()),
  elements: z.int(),
  zeros: z.int(),
  /** Why it was left dense. */
  reason: z.string().optional(),
});
export type LayerSparsity = z.output<typeof layer>;

/** Bytes: of `measure/compressed.ts`, `StoredSizes`. */
const sizes = z.object({ file: z.int(), deflated: z.int(), bitmap: z.int(), bitmapDeflated: z.int() });

/** What a run found out. */
export const findings = z.object({
  layers: listOf(layer),
  /** Epochs of the last training; empty without one. */
  history: epochs,
  /** Epochs of all trainings that led to the result. */
  epochs: z.int(),
  scores: scores.optional(),
  sizes: z.object({ before: sizes, after: sizes }),
  gate: speedGate,
});
export type Findings = z.output<typeof findings>;
