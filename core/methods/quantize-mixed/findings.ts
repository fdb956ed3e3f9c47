import { z } from "zod";
import { formatBytes, formatCount } from "../../base/format.ts";
import { figure, formatName, listOf, namedOp, scores } from "../findingParts.ts";

/** What one format does to one layer, the others in float. */
const sensitivity = z.object({
  format: formatName,
  /** What the programme adds up; its unit depends on the kind of sensitivity. */
  harm: figure,
  cost: figure,
});
export type Sensitivity = z.output<typeof sensitivity>;

const layer = namedOp.extend({ macs: figure, weights: figure, format: formatName, choices: listOf(sensitivity) });
export type LayerChoice = z.output<typeof layer>;

/** One limit of the front. */
const point = z.object({
  limit: figure,
  budget: figure,
  /** What the limit asks for, where nothing on offer keeps within it and the least that can be was taken. */
  wanted: figure.optional(),
  /** What the programme may spend beyond the budget, because it counts constants of several layers more than once. */
  slack: figure,
  /** As the programme adds it up. */
  predicted: figure,
  /** As the written model has it. */
  actual: figure,
  harm: figure,
  /** Output divergence of the written model on the samples of the sensitivities, in nats. */
  kl: figure,
  accuracy: figure.optional(),
  /** The best of the uniform formats within the same budget, where one is. */
  uniform: z.object({ format: formatName, actual: figure, kl: figure, accuracy: figure.optional() }).optional(),
});
export type FrontPoint = z.output<typeof point>;

/** What a run of mixed precision found out. */
export const findings = z.object({
  unit: z.enum(["B", "bit operations", "ms"]),
  /** What eight bits everywhere and float cost. */
  eightBits: figure,
  float: figure,
  limit: figure,
  layers: listOf(layer),
  front: listOf(point),
  scores: scores.optional(),
  /** Median milliseconds of a call of the result beside eight bits everywhere and float, timed in turns. */
  times: z.object({ mixed: figure, eightBits: figure, float: figure }),
  samples: z.int(),
  /** Relative standard errors of the Hessian's traces, where these were estimated. */
  traceError: figure.optional(),
});
export type Findings = z.output<typeof findings>;

/** A cost as people read it. */
export function formatCost(unit: Findings["unit"], value: number): string {
  if (unit === "B") return formatBytes(value);
  return unit === "ms" ? `${value.toFixed(3)} ms` : `${formatCount(value)} bit operations`;
}
