import type { UnknownField } from "../graph/model.ts";

/** A protobuf message that may carry fields unknown to the schema. `data` holds the encoded value without its tag. */
export interface Carrier {
  $unknown?: { no: number; wireType: number; data: Uint8Array }[] | undefined;
}

/** The unknown fields of a message and of inner ones (path → message) that have no object of their own in the IR. */
export function unknownOf(
  message: Carrier,
  inner: readonly (readonly [string, Carrier | undefined])[] = [],
): UnknownField[] {
  const own = message.$unknown?.map(toField) ?? [];
  const deeper = inner.flatMap(([within, carrier]) => carrier?.$unknown?.map((u) => ({ ...toField(u), within })) ?? []);
  return own.concat(deeper);
}

/** `{ unknown }`, or nothing where there is none: for spreading into an IR object. */
export function unknownPart(fields: readonly UnknownField[]): { unknown?: readonly UnknownField[] } {
  return fields.length === 0 ? {} : { unknown: Object.freeze(fields.map((f) => Object.freeze(f))) };
}

/** Puts those fields onto a message that came from the inner message at `within` (undefined: the message itself). */
export function putUnknown(message: Carrier, fields: readonly UnknownField[] | undefined, within?: string): void {
  const chosen = fields?.filter((f) => f.within === within) ?? [];
  if (chosen.length > 0) message.$unknown = chosen.map((f) => ({ no: f.number, wireType: f.wireType, data: f.bytes }));
}

function toField(unknown: { no: number; wireType: number; data: Uint8Array }): UnknownField {
  return { number: unknown.no, wireType: unknown.wireType, bytes: unknown.data };
}
