import { z } from "zod";
import type { Json } from "../base/json.ts";

export const methodFamily = z.enum(["search", "prune", "sparsify", "quantize", "distill", "train"]);
export type MethodFamily = z.infer<typeof methodFamily>;

/**
 * What a parameter's schema says of itself (`z.meta`), beside the range that zod knows. One record feeds
 * the form, the flag, the search space, the report heading and the docs table.
 */
export interface ParameterMeta {
  readonly title: string;
  readonly description: string;
  readonly unit?: string;
  /** Folded away in the wizard until asked for. */
  readonly advanced?: boolean;
  /** Values worth searching over. */
  readonly search?: { readonly low: number; readonly high: number; readonly log?: boolean } | readonly unknown[];
  /**
   * `variant`: the text names a variant, by name, id or hash, or an ONNX file; recipes hold the model's SHA-256. Empty:
   * none. `layer`: each text names a node of the model, with * for any text. `tensor`: each text is an input or output of
   * the model, "=" and its new name.
   */
  readonly reference?: "variant" | "layer" | "tensor";
  /** There is no run without it, though it has no value of its own to begin with. */
  readonly isNeeded?: true;
  /**
   * What a tryout takes in its place: of numbers the smaller one, anything else as it stands. Epochs (1) and samples (as
   * many as the tryout has) need not say it; their unit does.
   */
  readonly tryout?: unknown;
}

/** A parameter's JSON Schema with what it says of itself, as far as flags and fields are made from it. */
export interface ParameterSchema extends Partial<Omit<ParameterMeta, "search" | "tryout">> {
  readonly type?: string;
  readonly enum?: readonly Json[];
  readonly const?: Json;
  readonly items?: ParameterSchema;
  readonly anyOf?: readonly ParameterSchema[];
  readonly default?: Json;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly tryout?: Json;
}

/** The two sides of a parameter that is a number or one of some words; undefined for any other. */
export function numberOrWords({
  anyOf = [],
}: ParameterSchema): { readonly number: ParameterSchema; readonly words: readonly string[] } | undefined {
  const number = anyOf.find(({ type }) => type === "number" || type === "integer");
  const words = anyOf.flatMap((s) => s.const ?? s.enum ?? []).filter((word) => typeof word === "string");
  return number !== undefined && words.length > 0 && anyOf.length > 1 ? { number, words } : undefined;
}

/** Whether a method can run on a model, and if not, why. */
export const applicability = z.discriminatedUnion("applies", [
  z.strictObject({ applies: z.literal(true), notes: z.array(z.string()) }),
  z.strictObject({ applies: z.literal(false), reason: z.string(), hint: z.string() }),
]);
export type Applicability = z.infer<typeof applicability>;

/** Predicted cost of a run: seconds, bytes of memory, bytes of disk. */
export const estimate = z.strictObject({ seconds: z.number(), memory: z.number(), disk: z.number() });
export type Estimate = z.infer<typeof estimate>;

/** Catalogue entry: what a host has to know to offer a method. */
export const methodInfo = z.strictObject({
  id: z.string(),
  family: methodFamily,
  title: z.string(),
  summary: z.string(),
  paper: z.string().optional(),
  version: z.int().positive(),
  /** JSON Schema of the parameters, with ParameterMeta on each property. */
  params: z.record(z.string(), z.json()),
});
export type MethodInfo = z.infer<typeof methodInfo>;

/** A parameter's name as people type it: "perChannel" is "per-channel". */
export function flagName(parameter: string): string {
  return parameter.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
}
