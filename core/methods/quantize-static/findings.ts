import { z } from "zod";
import { figure, kept, listOf, namedOp, outputError, speedGate } from "../findingParts.ts";

/** What a layer does to the outputs where it alone is quantised. */
const sensitivity = outputError.extend(namedOp.shape);
export type LayerSensitivity = z.output<typeof sensitivity>;

const saturation = z.object({
  node: z.string(),
  /** Share of product pairs that would saturate, in [0, 1]. */
  saturated: figure,
  /** Signal-to-noise of the sums with saturation against those without, in dB. */
  sqnr: figure,
});
export type LayerSaturation = z.output<typeof saturation>;

/** What a run of static quantisation found out. */
export const findings = z.object({
  gate: speedGate,
  samples: z.int(),
  folded: z.int(),
  equalized: listOf(z.tuple([z.string(), z.string()]).readonly()),
  layers: listOf(
    namedOp.extend({
      weightSqnr: figure,
      channels: z.int(),
      /** Channels with fewer levels, so that no sum can saturate; absent in older records. */
      reduced: z.int().optional(),
    }),
  ),
  ranges: listOf(z.object({ value: z.string(), low: figure, high: figure, scale: figure, zeroPoint: z.int() })),
  kept,
  sensitivity: listOf(sensitivity),
  excluded: listOf(z.string()),
  saturation: listOf(saturation),
});
export type Findings = z.output<typeof findings>;
