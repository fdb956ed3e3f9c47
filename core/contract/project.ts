import { z } from "zod";
import type { Json } from "../base/json.ts";
import { providerName } from "./device.ts";
import { calibrationPick, datasetInfo, splitPlan } from "./dataset.ts";
import { measurements } from "./measurement.ts";
import { preparation } from "./preparation.ts";
import { preprocessing } from "./preprocessing.ts";

const json: z.ZodType<Json> = z.json();

/** What a run needs to be repeated: method, all parameters, seed, and what it ran on. */
export const recipe = z.strictObject({
  lathe: z.literal(1),
  method: z.string(),
  /** Version of the method's parameter schema. */
  version: z.int().positive(),
  params: z.record(z.string(), json),
  seed: z.int().nonnegative(),
  /** Intra-op threads; part of the recipe because sums depend on it. */
  threads: z.int().positive(),
  /** What it runs on; absent: the CPU. */
  provider: providerName.optional(),
  /** SHA-256 of the model it starts from; absent in a recipe that is meant for any model. */
  from: z.string().optional(),
  /** Fingerprint of the calibration data, where the method reads any. */
  data: z.string().optional(),
  /** Which of its samples calibrate. Absent: those of the project's own plan. */
  calibration: calibrationPick.optional(),
});
export type Recipe = z.infer<typeof recipe>;

export const artifact = z.strictObject({ sha256: z.string(), bytes: z.number() });
export type Artifact = z.infer<typeof artifact>;

/** How a data set is read; part of the project, so that every later opening gives the same samples. */
export const dataReading = z.strictObject({
  /** What to do with samples that cannot be read. */
  unreadable: z.enum(["skip", "stop"]),
  /** Tables: the column with the class; the empty string says that there is none. */
  labelColumn: z.string().optional(),
  ignoreColumns: z.array(z.string()).optional(),
  /** A file with the labels. */
  labels: z.string().optional(),
});
export type DataReading = z.infer<typeof dataReading>;

/** A data set in a project, with the one preparation and split that every use of it shares. */
export const projectData = z.strictObject({
  id: z.string(),
  name: z.string(),
  info: datasetInfo,
  reading: dataReading,
  preprocessing,
  /** Why it is that; absent in projects of earlier versions. */
  preparation: preparation.optional(),
  splits: splitPlan,
  /** What was found in each file, which spares unchanged files a second check. */
  index: artifact.optional(),
});
export type ProjectData = z.infer<typeof projectData>;

/** One model of a project: imported, or made from its parent by a recipe. */
export const variant = z.strictObject({
  id: z.string(),
  name: z.string(),
  at: z.string(),
  parent: z.string().nullable(),
  recipe: recipe.nullable(),
  model: artifact,
  /** External-data files that belong to the model, by the location it names. */
  external: z.record(z.string(), artifact),
  measurements: measurements.nullable(),
  /** What the method found out, in its own schema; `report` of the method reads it. */
  findings: json,
  warnings: z.array(z.string()),
  /** Lathe, runtime and platform that made it. */
  engine: z.strictObject({ lathe: z.string(), runtime: z.string(), platform: z.string() }),
  /** When it was put out of sight; absent where it was not. */
  archivedAt: z.string().optional(),
  /**
   * What of its record could not be read, as a sentence; never stored. Where it is the whole record, the model has the
   * empty SHA-256 and nothing but the name is known.
   */
  damage: z.string().optional(),
});
export type Variant = z.infer<typeof variant>;

export const projectSettings = z.strictObject({
  name: z.string(),
  task: z.enum(["classification", "custom"]),
  /** The variant that others are compared with. */
  baseline: z.string().nullable(),
});
export type ProjectSettings = z.infer<typeof projectSettings>;
