import { z } from "zod";
import type { Json } from "../base/json.ts";

/** One thing that a method tried: a point of its space and what it came to. */
export const trial = z.strictObject({
  /** From 0, in the order in which they were asked for. */
  number: z.int().nonnegative(),
  /** Where results of several samplers share a log: which of them asked. */
  group: z.string().optional(),
  /** The point, by the names of the space. */
  point: z.record(z.string(), z.json()),
  state: z.enum(["done", "failed", "stopped"]),
  /** What was measured, by name; the unit stands in the method's report. */
  values: z.record(z.string(), z.number()),
  /** Why it failed or was stopped. */
  note: z.string().optional(),
  /** How long it took. */
  seconds: z.number().nonnegative(),
});
export type Trial = z.infer<typeof trial>;

/**
 * A point as single settings: those within records, and lists of them, by their way there, as "stages.2.width" for the
 * second stage. A list of plain values is one setting.
 */
export function flatPoint(point: Trial["point"]): Readonly<Record<string, Json>> {
  const flat: Record<string, Json> = {};
  const put = (name: string, value: Json): void => {
    if (typeof value !== "object" || value === null) flat[name] = value;
    else if (!Array.isArray(value)) for (const [part, own] of Object.entries(value)) put(`${name}.${part}`, own);
    else if ((value as readonly Json[]).some((v) => typeof v === "object"))
      for (const [i, own] of (value as readonly Json[]).entries()) put(`${name}.${i + 1}`, own);
    else flat[name] = value;
  };
  for (const [name, value] of Object.entries(point)) put(name, value);
  return flat;
}
