import { z } from "zod";
import type { Json } from "../base/json.ts";
import { splitName } from "./dataset.ts";
import { machineInfo, providerName } from "./device.ts";
import { projectData, projectSettings, recipe } from "./project.ts";

/** What a screen shows, made by the engine from its records. Numbers keep their units; words are for people. */

const json: z.ZodType<Json> = z.json();
const range = z.strictObject({ value: z.number(), low: z.number(), high: z.number() });

/** A project that was open before. */
export const recentProject = z.strictObject({
  id: z.string(),
  name: z.string(),
  /** The folder for people. */
  folder: z.string(),
  /** When it was last open, ISO 8601. */
  at: z.string(),
  isPinned: z.boolean(),
  isMissing: z.boolean(),
});
export type RecentProject = z.infer<typeof recentProject>;

/** What a project takes on disk, in bytes. */
export const projectStorage = z.strictObject({
  folder: z.string(),
  artifacts: z.number(),
  jobs: z.number(),
  /** Can be computed again. */
  cache: z.number(),
  total: z.number(),
});
export type ProjectStorage = z.infer<typeof projectStorage>;

/** A project that this engine has open. */
export const projectView = z.strictObject({
  id: z.string(),
  folder: z.string(),
  settings: projectSettings,
  /** False where another process has it open for writing. */
  canWrite: z.boolean(),
});
export type ProjectView = z.infer<typeof projectView>;

export const variantView = z.strictObject({
  id: z.string(),
  name: z.string(),
  at: z.string(),
  parent: z.string().nullable(),
  isBaseline: z.boolean(),
  recipe: recipe.nullable(),
  /** Title of the method that made it; absent for imported ones. */
  method: z.string().optional(),
  sha256: z.string(),
  /** On disk, external data included. */
  bytes: z.number(),
  /** Own bytes over the baseline's. */
  sizeRatio: z.number(),
  isMeasured: z.boolean(),
  parameters: z.number().optional(),
  /** Multiply–accumulates for one sample. */
  macs: z.number().optional(),
  /** Highest resident bytes of a process that only runs it. */
  memory: z.number().optional(),
  /** Fractions. */
  top1: range.extend({ samples: z.int(), split: splitName }).optional(),
  /** Top-1 minus the baseline's, as a fraction, from the samples on which they differ. */
  difference: range.optional(),
  /** Milliseconds per call, median with its interval. */
  latency: range
    .extend({ p95: z.number(), provider: z.string(), threads: z.int(), batch: z.int(), runs: z.int() })
    .optional(),
  /** The baseline's median over the own one. */
  speedUp: range.optional(),
  warnings: z.array(z.string()),
});
export type VariantView = z.infer<typeof variantView>;

export const dataView = z.strictObject({
  data: projectData,
  /** Samples in each split. Absent where the data set cannot be opened now. */
  counts: z.record(splitName, z.int()).optional(),
});
export type DataView = z.infer<typeof dataView>;

/** What a suggestion leads to. */
export const suggestedStep = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("import-model") }),
  z.strictObject({ kind: z.literal("import-data") }),
  z.strictObject({ kind: z.literal("measure") }),
  z.strictObject({
    kind: z.literal("method"),
    method: z.string(),
    from: z.string(),
    /** Other than the defaults; models are named by their hash. */
    params: z.record(z.string(), json).optional(),
  }),
  z.strictObject({ kind: z.literal("compare") }),
]);
export type SuggestedStep = z.infer<typeof suggestedStep>;

export const overview = z.strictObject({
  project: projectView,
  variants: z.array(variantView),
  /** Those that were put out of sight. */
  archived: z.array(z.strictObject({ id: z.string(), name: z.string(), archivedAt: z.string() })),
  data: z.array(projectData),
  /** The best of what was measured: "smallest within one point". */
  best: z.array(z.strictObject({ label: z.string(), text: z.string(), note: z.string(), variant: z.string() })),
  suggestions: z.array(z.strictObject({ text: z.string(), reason: z.string(), step: suggestedStep })),
  notes: z.string(),
});
export type Overview = z.infer<typeof overview>;

/** What the engine finds where it runs. */
export const diagnosis = z.strictObject({
  lathe: z.string(),
  node: z.string(),
  machine: machineInfo,
  training: z.array(z.strictObject({ provider: providerName, uses: z.string() })),
  diskFree: z.number().optional(),
  advice: z.array(z.string()),
});
export type DiagnosisView = z.infer<typeof diagnosis>;

/** What the status bar shows of the engine. */
export const engineStatus = z.strictObject({
  lathe: z.string(),
  host: z.string(),
  /** The folder that people know as "~". */
  home: z.string(),
  platform: z.string(),
  threads: z.int().positive(),
  /** Folder of what Lathe keeps for its user: recent projects, presets, the sample. */
  folder: z.string(),
  /** Bytes; absent where the system does not say. */
  diskFree: z.number().optional(),
});
export type EngineStatus = z.infer<typeof engineStatus>;
