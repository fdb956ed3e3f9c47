import type { Json } from "../../core/base/json.ts";
import { numberOrWords, type ParameterSchema } from "../../core/contract/method.ts";

export interface Field {
  readonly name: string;
  readonly schema: ParameterSchema;
}

/** One of several values, by the name that people know. */
export interface Choice {
  readonly value: string;
  readonly label: string;
}

/** A layer that a parameter can name. */
export interface LayerChoice {
  readonly name: string;
  readonly op: string;
  readonly parameters: number;
  /** Its place among the most sensitive ones, from 1. */
  readonly rank?: number | undefined;
}

export type Values = Readonly<Record<string, Json>>;

/** The parameters of a method's schema, in their order. */
export function fieldsOf(params: Readonly<Record<string, unknown>>): readonly Field[] {
  const properties = (params["properties"] ?? {}) as Readonly<Record<string, ParameterSchema>>;
  return Object.entries(properties).map(([name, schema]) => ({ name, schema }));
}

export function titleOf({ name, schema }: Field): string {
  return schema.title ?? name;
}

/** What a parameter is where nobody says anything. */
export function valueOf({ name, schema }: Field, values: Values): Json | undefined {
  return name in values ? values[name] : schema.default;
}

const LONG_TEXT = 60;

/** A value in a sentence; of a long one, its beginning. */
export function valueText(value: Json | undefined): string {
  if (typeof value === "boolean") return value ? "on" : "off";
  const text = Array.isArray(value)
    ? value.map((v: Json) => (typeof v === "string" ? v : JSON.stringify(v))).join(", ")
    : typeof value === "string"
      ? value
      : JSON.stringify(value ?? null);
  if (text === "") return "none";
  return text.length > LONG_TEXT ? `${text.slice(0, LONG_TEXT - 1)}…` : text;
}

export function isDefault(field: Field, values: Values): boolean {
  return JSON.stringify(valueOf(field, values)) === JSON.stringify(field.schema.default);
}

/** Only what differs from the default, as recipes are asked for. */
export function changedOf(fields: readonly Field[], values: Values): Record<string, Json> {
  const changed = fields.filter((f) => f.name in values && !isDefault(f, values));
  return Object.fromEntries(changed.map((f) => [f.name, values[f.name] ?? null]));
}

/** "1 to 100 000", as far as there are bounds that somebody would meet. */
export function rangeText(schema: ParameterSchema): string {
  const either = numberOrWords(schema);
  if (either !== undefined) return `${either.words.join(", ")} or a number${spaced(rangeText(either.number))}`;
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  const low = minimum ?? exclusiveMinimum;
  const high = maximum ?? exclusiveMaximum;
  const number = (value: number): string => value.toLocaleString("en-US", { maximumSignificantDigits: 12 });
  // JSON Schema writes the bounds of safe integers out; nobody wants to read them.
  const from = low === undefined || low <= Number.MIN_SAFE_INTEGER ? undefined : number(low);
  const to = high === undefined || high >= Number.MAX_SAFE_INTEGER ? undefined : number(high);
  if (from !== undefined && to !== undefined)
    return `${minimum === undefined ? "above " : ""}${from} to ${maximum === undefined ? "below " : ""}${to}`;
  if (from !== undefined) return minimum === undefined ? `above ${from}` : `at least ${from}`;
  return to === undefined ? "" : maximum === undefined ? `below ${to}` : `at most ${to}`;
}

const spaced = (text: string): string => (text === "" ? "" : ` ${text}`);

/** "default 256", as far as it is a number or a word. */
export function defaultText({ default: fallback, type }: ParameterSchema): string | undefined {
  if (type === "boolean" || fallback === "" || fallback === undefined || fallback === null) return undefined;
  return typeof fallback === "object" ? undefined : `default ${String(fallback)}`;
}

/** What is wrong with a value, in words; undefined where nothing is. */
export function problemOf(field: Field, values: Values): string | undefined {
  const value = valueOf(field, values);
  const either = numberOrWords(field.schema);
  if (either !== undefined && typeof value === "string" && either.words.includes(value)) return undefined;
  if (either !== undefined && typeof value !== "number") return `Enter ${rangeText(field.schema)}.`;
  const schema = either?.number ?? field.schema;
  if (schema.type === "number" || schema.type === "integer") {
    if (typeof value !== "number") return "Enter a number.";
    if (schema.type === "integer" && !Number.isInteger(value)) return "Enter a whole number.";
    const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
    const isLow =
      (minimum !== undefined && value < minimum) || (exclusiveMinimum !== undefined && value <= exclusiveMinimum);
    const isHigh =
      (maximum !== undefined && value > maximum) || (exclusiveMaximum !== undefined && value >= exclusiveMaximum);
    if (isLow || isHigh) return `Enter a number: ${rangeText(schema)}.`;
  }
  if (field.schema.isNeeded === true && value === "")
    return field.schema.reference === "variant" ? "Choose a variant." : "Fill this in.";
  return value === undefined ? "Fill this in." : undefined;
}

/** Fields by whether they are folded away, with what is wrong in each part. */
export function problemsOf(fields: readonly Field[], values: Values): ReadonlyMap<string, string> {
  return new Map(
    fields.flatMap((field) => {
      const problem = problemOf(field, values);
      return problem === undefined ? [] : [[field.name, problem] as const];
    }),
  );
}
