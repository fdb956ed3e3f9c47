import { LatheError } from "../base/error.ts";
import type { Json } from "../base/json.ts";

/** One candidate: plain JSON that its space describes. */
export type Point = Json;

/** All values that a point or a part of it may have. */
export type Space =
  | { readonly kind: "fixed"; readonly value: Json }
  /** `isOrdered`: neighbours in the list are alike, as with sizes. */
  | { readonly kind: "choice"; readonly values: readonly Json[]; readonly isOrdered: boolean }
  /** low, low + step, … up to high. */
  | {
      readonly kind: "integer";
      readonly low: number;
      readonly high: number;
      readonly step: number;
      readonly isLog: boolean;
    }
  | { readonly kind: "real"; readonly low: number; readonly high: number; readonly isLog: boolean }
  | { readonly kind: "record"; readonly fields: Readonly<Record<string, Space>> }
  | { readonly kind: "tuple"; readonly items: readonly Space[] }
  /** From `least` to `most` items, each with its own value: the blocks of a stage. */
  | { readonly kind: "list"; readonly item: Space; readonly least: number; readonly most: number }
  /** One of several forms, each with parameters of its own. */
  | { readonly kind: "either"; readonly branches: readonly Space[] };

export interface SpaceOptions {
  /** Values of top-level properties that are not searched. */
  readonly fixed?: Readonly<Record<string, Json>>;
}

type Schema = Readonly<Record<string, unknown>>;

/**
 * The space of a JSON Schema, as zod makes it. Searched is what is finite or has both bounds: enumerations, booleans,
 * whole numbers (`multipleOf` is the step), numbers, lists with `minItems` and `maxItems`, tuples, objects, and
 * `oneOf`/`anyOf`. A property's `search` (see ParameterMeta) narrows it: a list of values, or low, high and log.
 * What has no bounds keeps its default, or is left out where it is optional.
 * @throws invalid-argument naming what has neither bounds nor a default
 */
export function spaceOf(schema: Schema, { fixed = {} }: SpaceOptions = {}): Space {
  const found = read(schema, "");
  if (found === undefined) throw notSearchable("", schema);
  if (found.kind !== "record") return found;
  const unknown = Object.keys(fixed).find((name) => !Object.hasOwn((schema["properties"] ?? {}) as Schema, name));
  if (unknown !== undefined) {
    throw new LatheError("invalid-argument", `The space has no parameter "${unknown}" to fix.`, {
      hint: `Its parameters are: ${Object.keys(found.fields).join(", ")}.`,
    });
  }
  const kept = Object.entries(fixed).map(([name, value]) => [name, { kind: "fixed", value }] as const);
  return { kind: "record", fields: { ...found.fields, ...Object.fromEntries(kept) } };
}

/** Undefined: nothing to vary and no default. */
function read(schema: Schema, path: string): Space | undefined {
  const narrowed = narrow(schema);
  if (narrowed !== undefined) return narrowed;
  if ("const" in schema) return { kind: "fixed", value: schema["const"] as Json };
  const values = schema["enum"];
  if (Array.isArray(values)) return choice(values as readonly Json[]);
  const branches = schema["oneOf"] ?? schema["anyOf"];
  if (Array.isArray(branches)) {
    return { kind: "either", branches: (branches as Schema[]).map((b, i) => need(b, `${path}/${i}`)) };
  }
  return readType(schema, path) ?? defaultOf(schema);
}

function readType(schema: Schema, path: string): Space | undefined {
  const [low, high] = boundsOf(schema);
  switch (schema["type"]) {
    case "boolean":
      return { kind: "choice", values: [false, true], isOrdered: false };
    case "integer": {
      // zod gives whole numbers without bounds those of the type.
      if (-low >= Number.MAX_SAFE_INTEGER || high >= Number.MAX_SAFE_INTEGER) return undefined;
      const step = typeof schema["multipleOf"] === "number" ? schema["multipleOf"] : 1;
      return { kind: "integer", low: Math.ceil(low / step) * step, high, step, isLog: false };
    }
    case "number":
      return Number.isFinite(high - low) ? { kind: "real", low, high, isLog: false } : undefined;
    case "array":
      return readList(schema, path);
    case "object": {
      const required = new Set((schema["required"] ?? []) as readonly string[]);
      const fields = Object.entries((schema["properties"] ?? {}) as Readonly<Record<string, Schema>>);
      const read1 = ([name, field]: readonly [string, Schema]): readonly (readonly [string, Space])[] => {
        const found = read(field, `${path}/${name}`);
        if (found === undefined && required.has(name)) throw notSearchable(`${path}/${name}`, field);
        return found === undefined ? [] : [[name, found]];
      };
      return { kind: "record", fields: Object.fromEntries(fields.flatMap(read1)) };
    }
    default:
      return undefined;
  }
}

function readList(schema: Schema, path: string): Space | undefined {
  const tuple = schema["prefixItems"];
  if (Array.isArray(tuple)) {
    return { kind: "tuple", items: (tuple as Schema[]).map((item, i) => need(item, `${path}/${i}`)) };
  }
  const [least = 0, most] = [schema["minItems"], schema["maxItems"]];
  if (typeof least !== "number" || typeof most !== "number" || typeof schema["items"] !== "object") return undefined;
  const item = need(schema["items"] as Schema, `${path}/items`);
  return { kind: "list", item, least, most };
}

function need(schema: Schema, path: string): Space {
  const found = read(schema, path);
  if (found === undefined) throw notSearchable(path, schema);
  return found;
}

/** What `search` says of a parameter, instead of what its type allows. */
function narrow(schema: Schema): Space | undefined {
  const { search } = schema as { readonly search?: unknown };
  if (Array.isArray(search)) return choice(search as readonly Json[]);
  if (typeof search !== "object" || search === null) return undefined;
  const { low, high, log = false } = search as { low: number; high: number; log?: boolean };
  if (schema["type"] !== "integer") return { kind: "real", low, high, isLog: log };
  const step = typeof schema["multipleOf"] === "number" ? schema["multipleOf"] : 1;
  return { kind: "integer", low, high, step, isLog: log };
}

function choice(values: readonly Json[]): Space {
  const numbers = values.filter((v) => typeof v === "number");
  const isOrdered = numbers.length === values.length;
  return { kind: "choice", values: isOrdered ? numbers.toSorted((a, b) => a - b) : values, isOrdered };
}

function defaultOf(schema: Schema): Space | undefined {
  return "default" in schema ? { kind: "fixed", value: schema["default"] as Json } : undefined;
}

function boundsOf(schema: Schema): readonly [number, number] {
  const number = (name: string): number | undefined => {
    const bound = schema[name];
    return typeof bound === "number" ? bound : undefined;
  };
  const isWhole = schema["type"] === "integer";
  const beyond = (name: string, by: number): number | undefined => {
    const bound = number(name);
    return bound === undefined ? undefined : bound + (isWhole ? by : 0);
  };
  return [
    number("minimum") ?? beyond("exclusiveMinimum", 1) ?? -Infinity,
    number("maximum") ?? beyond("exclusiveMaximum", -1) ?? Infinity,
  ];
}

function notSearchable(path: string, schema: Schema): LatheError {
  const where = path === "" ? "The space" : `"${path.slice(1)}"`;
  return new LatheError("invalid-argument", `${where} cannot be searched: its type is "${String(schema["type"])}".`, {
    hint: "Give it bounds, values or a default.",
  });
}
