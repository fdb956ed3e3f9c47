import { create } from "@bufbuild/protobuf";
import { LatheError } from "../base/error.ts";
import { normalDomain } from "../graph/domains.ts";
import type { Extras, UnknownField } from "../graph/model.ts";
import {
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  type OperatorSetIdProto,
  type StringStringEntryProto,
} from "./generated/onnx_pb.ts";
import { putUnknown, unknownOf, unknownPart, type Carrier } from "./unknown.ts";

/** The path under which `UnknownField.within` files an entry of a list of pairs. */
export const entryPath = (field: string, key: string): string => `${field}["${key}"]`;

/** Pairs as a record. Own properties even for names such as `__proto__`; of equal keys the last counts. */
export function decodeEntries(entries: readonly StringStringEntryProto[]): Readonly<Record<string, string>> {
  return Object.freeze(Object.fromEntries(entries.map((e) => [e.key ?? "", e.value ?? ""])));
}

export function encodeEntries(
  record: Readonly<Record<string, string>> | undefined,
  field: string,
  unknown?: readonly UnknownField[],
): StringStringEntryProto[] {
  return Object.entries(record ?? {}).map(([key, value]) => {
    const entry = create(StringStringEntryProtoSchema, { key, value });
    putUnknown(entry, unknown, entryPath(field, key));
    return entry;
  });
}

/** Inner messages of a list of pairs, for `unknownOf`. */
export function entryCarriers(
  entries: readonly StringStringEntryProto[],
  field: string,
): (readonly [string, Carrier])[] {
  return entries.map((e) => [entryPath(field, e.key ?? ""), e] as const);
}

interface ExtrasMessage extends Carrier {
  readonly docString?: string | undefined;
  readonly metadataProps?: readonly StringStringEntryProto[];
}

/** Documentation, metadata and unknown fields; `inner` as in `unknownOf`. */
export function decodeExtras(
  message: ExtrasMessage,
  inner: readonly (readonly [string, Carrier | undefined])[] = [],
): Extras {
  const metadata = message.metadataProps ?? [];
  if (message.$unknown === undefined && metadata.length === 0 && inner.length === 0 && !message.docString) return {};
  return {
    ...(message.docString ? { doc: message.docString } : {}),
    ...(metadata.length > 0 ? { metadata: decodeEntries(metadata) } : {}),
    ...unknownPart(unknownOf(message, [...entryCarriers(metadata, "metadata_props"), ...inner])),
  };
}

/** Writes what `decodeExtras` read onto a message. */
export function encodeExtras(
  message: Carrier & { docString?: string | undefined; metadataProps?: StringStringEntryProto[] },
  extras: Extras,
): void {
  if (extras.doc !== undefined) message.docString = extras.doc;
  if (extras.metadata !== undefined) {
    message.metadataProps = encodeEntries(extras.metadata, "metadata_props", extras.unknown);
  }
  putUnknown(message, extras.unknown);
}

/**
 * Imported operator sets as a record.
 * @throws invalid-model where one domain is imported in two versions.
 */
export function decodeOpsets(imports: readonly OperatorSetIdProto[], where: string): Readonly<Record<string, number>> {
  const versions = new Map<string, number>();
  for (const { domain, version } of imports) {
    const name = normalDomain(domain);
    const before = versions.get(name);
    const now = Number(version ?? 0n);
    if (before !== undefined && before !== now) {
      throw new LatheError(
        "invalid-model",
        `${where} imports domain "${name || "ai.onnx"}" in versions "${before}" and "${now}".`,
        {
          hint: "Export the model again with one version per domain.",
        },
      );
    }
    versions.set(name, now);
  }
  return Object.freeze(Object.fromEntries(versions));
}

export function opsetCarriers(imports: readonly OperatorSetIdProto[]): (readonly [string, Carrier])[] {
  return imports.map((i) => [entryPath("opset_import", normalDomain(i.domain)), i] as const);
}

export function encodeOpsets(
  opsets: Readonly<Record<string, number>>,
  unknown?: readonly UnknownField[],
): OperatorSetIdProto[] {
  return Object.entries(opsets).map(([domain, version]) => {
    const item = create(OperatorSetIdProtoSchema, { domain, version: BigInt(version) });
    putUnknown(item, unknown, entryPath("opset_import", domain));
    return item;
  });
}
