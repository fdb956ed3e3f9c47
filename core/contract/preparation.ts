import { z } from "zod";
import { interval } from "./measurement.ts";
import { preprocessing } from "./preprocessing.ts";

/** One preparation, and how well a model answered with it. */
export const triedPreparation = z.strictObject({
  /** "imagenet, BGR": what is other than in the first guess, which has its own name. */
  name: z.string(),
  preprocessing,
  /** Samples that it was tried on; fewer than others have where it soon fell behind. */
  samples: z.int().nonnegative(),
  correct: z.int().nonnegative(),
  /** Of the fraction that is right; absent where nothing was tried. */
  interval: interval.optional(),
  /** Whether chance may be all that is between it and the best one. */
  isLevel: z.boolean(),
  /** Why the model could not answer. */
  failure: z.string().optional(),
});
export type TriedPreparation = z.infer<typeof triedPreparation>;

/** What came of trying preparations on samples with labels. */
export const preparationTrial = z.strictObject({
  /** Where the samples come from; never test. */
  split: z.enum(["train", "validation"]),
  /** Most samples that one was tried on. */
  samples: z.int().nonnegative(),
  seed: z.int().nonnegative(),
  /** Fraction that is right where always the most frequent class is named. */
  chance: z.number(),
  /** Name of what shapes and types alone suggest. */
  guess: z.string(),
  /** Name of what was taken. */
  taken: z.string(),
  /**
   * `found`: another one than the guess is better; `kept`: none is better than the guess; `chance`: none is better than
   * chance, so that nothing is known.
   */
  outcome: z.enum(["found", "kept", "chance"]),
  /** Whether time was up before all samples were tried. */
  isCut: z.boolean(),
  /** Best first. */
  tried: z.array(triedPreparation),
});
export type PreparationTrial = z.infer<typeof preparationTrial>;

/** Why the samples of a data set are prepared as they are. */
export const preparation = z.strictObject({
  /** `chosen`: by hand, a preset, a file, or one of those tried. */
  by: z.enum(["trial", "guess", "metadata", "chosen"]),
  /** Whole sentences. */
  reasons: z.array(z.string()),
  trial: preparationTrial.optional(),
});
export type Preparation = z.infer<typeof preparation>;
