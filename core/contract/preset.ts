import { z } from "zod";
import { pipeline } from "./pipeline.ts";
import { recipe } from "./project.ts";

/** Where a preset is kept: in the project's folder, or in the person's own, for all projects. */
export const presetScope = z.enum(["project", "user"]);
export type PresetScope = z.infer<typeof presetScope>;

const named = { name: z.string().min(1).max(100), scope: presetScope };

/** A recipe or a pipeline under a name. What belongs to one model or data set alone is not in it. */
export const preset = z.discriminatedUnion("kind", [
  z.strictObject({ ...named, kind: z.literal("recipe"), recipe: recipe.omit({ from: true, data: true }) }),
  z.strictObject({ ...named, kind: z.literal("pipeline"), pipeline }),
]);
export type Preset = z.infer<typeof preset>;
