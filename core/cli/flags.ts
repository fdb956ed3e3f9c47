import { InvalidArgumentError, Option } from "commander";
import type { Json } from "../base/json.ts";
import { flagName, numberOrWords, type ParameterSchema } from "../contract/method.ts";

/** A parameter as a person sees it. */
export interface ParameterText {
  readonly name: string;
  readonly flag: string;
  readonly values: string;
  readonly fallback: string;
  readonly text: string;
}

/** What has parameters: a method, a net. */
export interface Parameterized {
  /** JSON Schema of the parameters. */
  readonly params: Readonly<Record<string, unknown>>;
}

export function describeParameters(method: Parameterized): readonly ParameterText[] {
  return propertiesOf(method).map(([name, schema]) => ({
    name,
    flag: `--${flagName(name)}`,
    values: valuesText(schema),
    fallback: schema.default === undefined ? "" : plain(schema.default),
    text: describe(schema),
  }));
}

/** One flag per parameter: choices, switches that take on and off and have a --no- twin, numbers with their range, lists by repeating. */
export function flagsOf(method: Parameterized): readonly Option[] {
  return propertiesOf(method).flatMap(([name, schema]) => flagsFor(name, schema));
}

/** Parameters from the flags that were given; the others keep the method's defaults. */
export function paramsFrom(method: Parameterized, options: Readonly<Record<string, unknown>>): Record<string, Json> {
  const given = propertiesOf(method).map(([name]) => [name, options[camel(flagName(name))]] as const);
  return Object.fromEntries(given.filter(([, v]) => v !== undefined)) as Record<string, Json>;
}

function propertiesOf(method: Parameterized): readonly (readonly [string, ParameterSchema])[] {
  return Object.entries((method.params["properties"] ?? {}) as unknown as Readonly<Record<string, ParameterSchema>>);
}

function flagsFor(name: string, schema: ParameterSchema): readonly Option[] {
  const flag = `--${flagName(name)}`;
  const group = schema.advanced === true ? "Advanced parameters:" : "Parameters:";
  const fallback = schema.default === undefined || schema.default === "" ? "" : ` (default: ${plain(schema.default)})`;
  const text = `${describe(schema)}${fallback}`;
  const make = (flags: string, words: string): Option => new Option(flags, words).helpGroup(group);
  if (schema.type === "boolean") {
    const off = make(`--no-${flagName(name)}`, "");
    // Shown beside its twin only in spirit: one line per parameter is enough.
    off.hidden = true;
    const on = make(`${flag} [${SWITCH.join("|")}]`, `${text}; --no-${flagName(name)} turns it off`);
    return [on.argParser(asSwitch), off];
  }
  if (schema.enum !== undefined) {
    const option = make(`${flag} <value>`, text).choices(schema.enum.map(plain));
    // The parser of choices leaves everything text.
    return [schema.enum.every((v) => typeof v === "string") ? option : option.argParser(parserOf(schema))];
  }
  if (schema.type === "array") {
    const parse = parserOf(schema.items ?? {});
    const more = (value: string, before: Json[] | undefined): Json[] => [...(before ?? []), parse(value)];
    return [make(`${flag} <value>`, `${text}; repeatable`).argParser(more)];
  }
  const range = valuesText(schema);
  return [
    make(
      `${flag} <${placeholder(schema)}>`,
      range === "" || schema.type === "string" ? text : `${text} [${range}]`,
    ).argParser(parserOf(schema)),
  ];
}

function parserOf(schema: ParameterSchema): (text: string) => Json {
  if (schema.enum !== undefined) {
    const known = new Map(schema.enum.map((v) => [plain(v), v]));
    return (text) => known.get(text) ?? refuse(text, `one of ${[...known.keys()].join(", ")}`);
  }
  const either = numberOrWords(schema);
  if (either !== undefined) {
    const parse = parserOf(either.number);
    return (text) => {
      if (either.words.includes(text)) return text;
      try {
        return parse(text);
      } catch {
        return refuse(text, valuesText(schema));
      }
    };
  }
  switch (schema.type) {
    case "number":
    case "integer":
      return (text) => {
        const value = Number(text);
        const isWhole = schema.type === "number" || Number.isInteger(value);
        return text.trim() !== "" && Number.isFinite(value) && isWhole && isWithin(value, schema)
          ? value
          : refuse(text, valuesText(schema));
      };
    case "boolean":
      return asSwitch;
    case "string":
      return (text) => text;
    default:
      return (text) => {
        try {
          return JSON.parse(text) as Json;
        } catch {
          return text;
        }
      };
  }
}

const SWITCH = ["on", "off"] as const;

/** Recipes write true and false, and people who know them may do so here. */
function asSwitch(text: string): boolean {
  if (text === "on" || text === "true") return true;
  return text === "off" || text === "false" ? false : refuse(text, SWITCH.join(" or "));
}

function refuse(text: string, wanted: string): never {
  throw new InvalidArgumentError(`"${text}" is not ${wanted}.`);
}

function isWithin(value: number, { minimum, maximum, exclusiveMinimum, exclusiveMaximum }: ParameterSchema): boolean {
  if (minimum !== undefined && value < minimum) return false;
  if (maximum !== undefined && value > maximum) return false;
  if (exclusiveMinimum !== undefined && value <= exclusiveMinimum) return false;
  return exclusiveMaximum === undefined || value < exclusiveMaximum;
}

function valuesText(schema: ParameterSchema): string {
  if (schema.enum !== undefined) return schema.enum.map(plain).join(", ");
  const either = numberOrWords(schema);
  if (either !== undefined) return [...either.words, valuesText(either.number)].join(" or ");
  if (schema.type === "boolean") return SWITCH.join(", ");
  if (schema.type === "array")
    return schema.items?.enum === undefined ? "a list" : `some of ${schema.items.enum.map(plain).join(", ")}`;
  if (schema.type !== "number" && schema.type !== "integer") return schema.type === "string" ? "text" : "JSON";
  const kind = schema.type === "integer" ? "a whole number" : "a number";
  const low = schema.minimum ?? schema.exclusiveMinimum;
  const high = schema.maximum ?? schema.exclusiveMaximum;
  // JSON Schema writes the bounds of safe integers out; nobody wants to read them.
  const from =
    low === undefined || low <= Number.MIN_SAFE_INTEGER
      ? ""
      : schema.minimum === undefined
        ? ` above ${low}`
        : ` from ${low}`;
  const to =
    high === undefined || high >= Number.MAX_SAFE_INTEGER
      ? ""
      : schema.maximum === undefined
        ? ` below ${high}`
        : ` to ${high}`;
  return `${kind}${from}${to}`;
}

function describe({ title, description, unit }: ParameterSchema): string {
  const words = [title, description]
    .filter((t) => t !== undefined)
    .join(": ")
    .replace(/\.$/, "");
  return unit === undefined ? words : `${words} (${unit})`;
}

function placeholder(schema: ParameterSchema): string {
  const { type, unit } = schema;
  if (numberOrWords(schema) !== undefined) return "value";
  return unit ?? (type === "number" || type === "integer" ? "number" : type === "string" ? "text" : "json");
}

function plain(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function camel(flag: string): string {
  return flag.replace(/-([a-z0-9])/g, (_, c: string) => c.toUpperCase());
}
