import { z } from "zod";
import { variantView } from "./views.ts";

/** What the comparison of variants shows. Numbers are in the unit that stands beside them. */

const range = z.tuple([z.number(), z.number()]);

const axis = z.strictObject({ title: z.string(), unit: z.string().optional(), scale: z.enum(["linear", "log"]) });

/** One figure of all variants: a column of the table, an axis of a chart. */
export const figureColumn = z.strictObject({
  id: z.string(),
  title: z.string(),
  unit: z.string().optional(),
  /** Which way is better; absent where neither is, and in settings. */
  goal: z.enum(["least", "most"]).optional(),
  kind: z.enum(["measured", "setting"]),
});
export type FigureColumn = z.infer<typeof figureColumn>;

export const figureCell = z.strictObject({
  text: z.string(),
  value: z.number().optional(),
  /** 95 % interval of the value. */
  interval: range.optional(),
  /** Against the baseline: a word for the eye, and whether that is certain. */
  delta: z.strictObject({ text: z.string(), tone: z.enum(["good", "bad", "neutral"]) }).optional(),
  /** The best of its column, or behind it by no more than chance explains, where there is something to choose. */
  isBest: z.boolean().optional(),
});
export type FigureCell = z.infer<typeof figureCell>;

/** A line of a training: one quantity over its epochs. */
export const learningCurve = z.strictObject({
  /** Id of the variant that the training made. */
  variant: z.string(),
  label: z.string(),
  points: z.array(z.tuple([z.number(), z.number()])),
});
export type LearningCurve = z.infer<typeof learningCurve>;

export const learningCurves = z.strictObject({
  title: z.string(),
  x: axis,
  y: axis,
  series: z.array(learningCurve),
});
export type LearningCurves = z.infer<typeof learningCurves>;

export const comparisonView = z.strictObject({
  /** The baseline first. */
  variants: z.array(variantView),
  columns: z.array(figureColumn),
  /** A row for each variant, a cell for each column. */
  rows: z.array(z.array(figureCell)),
  /** How latency was measured: device, provider, threads, batch, calls. One line where all were measured alike. Then what is marked. */
  protocol: z.array(z.string()),
  curves: z.array(learningCurves),
});
export type ComparisonView = z.infer<typeof comparisonView>;

/** What is known of one layer in one variant. */
export const layerFigures = z.strictObject({
  /** Milliseconds per call as the profiler saw them. */
  time: z.number().optional(),
  macs: z.number().optional(),
  parameters: z.number().optional(),
  /** Bits in which the weights are stored, or rounded to. */
  bits: z.number().optional(),
  /** Share of the weights that are zero, in [0, 1]. */
  sparsity: z.number().optional(),
  /** Signal to quantisation noise of the weights, in dB. */
  sqnr: z.number().optional(),
});
export type LayerFigures = z.infer<typeof layerFigures>;

/** Layers of several variants, matched by their names. */
export const layerComparison = z.strictObject({
  layers: z.array(
    z.strictObject({
      node: z.string(),
      op: z.string(),
      /** For each variant; null where it has no such layer. */
      figures: z.array(layerFigures.nullable()),
    }),
  ),
});
export type LayerComparison = z.infer<typeof layerComparison>;

/** Accuracy of one class, as a fraction. */
export const classFigure = z.strictObject({
  value: z.number(),
  low: z.number(),
  high: z.number(),
  /** Minus the baseline's, paired sample by sample; absent where the samples are not the same. */
  difference: z.strictObject({ value: z.number(), low: z.number(), high: z.number() }).optional(),
});
export type ClassFigure = z.infer<typeof classFigure>;

export const classComparison = z.strictObject({
  classes: z.array(z.strictObject({ label: z.string(), samples: z.int(), figures: z.array(classFigure.nullable()) })),
});
export type ClassComparison = z.infer<typeof classComparison>;

/** Which samples: any that variants answer differently, or those that a variant lost to or gained on the baseline. */
export const disagreement = z.enum(["any", "lost", "gained"]);
export type Disagreement = z.infer<typeof disagreement>;

/** Samples that variants answer differently. */
export const disagreements = z.strictObject({
  total: z.int(),
  /** Samples that all of the variants answered. */
  samples: z.int(),
  /** Classes that occur among the found samples, with their number. */
  classes: z.array(z.strictObject({ label: z.string(), count: z.int() })),
  rows: z.array(
    z.strictObject({
      /** Place in the data set. */
      index: z.int(),
      label: z.string(),
      /** For each variant; null where it has no predictions on these samples. */
      answers: z.array(z.strictObject({ label: z.string(), confidence: z.number(), isRight: z.boolean() }).nullable()),
    }),
  ),
});
export type Disagreements = z.infer<typeof disagreements>;
