import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { LatheError } from "../base/error.ts";
import { ModelProtoSchema, NodeProtoSchema } from "./generated/onnx_pb.ts";
import { DAMAGED } from "./hints.ts";
import type { Limits } from "./limits.ts";

interface Scan {
  readonly limits: Limits;
  readonly name: string;
}

interface Plan {
  readonly isNode: boolean;
  readonly fields: ReadonlyMap<number, FieldPlan>;
}

interface FieldPlan {
  readonly name: string;
  readonly wireType: WireType;
  /** Least bytes per element where a list of numbers may be packed. */
  readonly packed: number;
  readonly message: () => Plan | undefined;
}

/**
 * Walks the encoded model without building it and refuses what would exhaust memory or the stack, or is not well
 * formed: the parser itself takes any wire type for a known field and lets a message run over its end.
 * Tensor bytes are skipped, so the cost is that of the structure.
 * @throws invalid-model where the encoding is broken; limit-exceeded beyond `limits`.
 */
export function scanMessage(bytes: Uint8Array, scan: Scan): void {
  if (bytes.byteLength > scan.limits.fileBytes)
    throw tooMuch(scan, { what: "bytes", actual: bytes.byteLength, limit: "fileBytes" });
  const reader = new BinaryReader(bytes);
  const count = { nodes: 0, fields: 0, typedElements: 0 };

  const walk = (plan: Plan, end: number, depth: number): void => {
    if (depth > scan.limits.nesting)
      throw tooMuch(scan, { what: "levels of nested messages", actual: depth, limit: "nesting" });
    if (plan.isNode && ++count.nodes > scan.limits.nodes)
      throw tooMuch(scan, { what: "nodes", actual: count.nodes, limit: "nodes" });
    while (reader.pos < end) {
      if (++count.fields > scan.limits.fields)
        throw tooMuch(scan, { what: "fields", actual: count.fields, limit: "fields" });
      const start = reader.pos;
      const [number, wireType] = reader.tag();
      const field = plan.fields.get(number);
      if (field === undefined) {
        reader.skip(wireType, number, scan.limits.nesting - depth);
      } else if (wireType === WireType.LengthDelimited && (field.wireType === wireType || field.packed > 0)) {
        const length = reader.uint32();
        const stop = reader.pos + length;
        if (stop > bytes.byteLength) throw cutShort(scan, stop, bytes.byteLength);
        if (stop > end) throw broken(scan, `field ${field.name} at byte "${start}" runs over the end of its message`);
        const inner = field.message();
        if (inner !== undefined) walk(inner, stop, depth + 1);
        else if (field.packed > 0) {
          count.typedElements += length / field.packed;
          if (count.typedElements > scan.limits.typedElements) {
            throw tooMuch(scan, {
              what: "typed tensor elements",
              actual: Math.ceil(count.typedElements),
              limit: "typedElements",
            });
          }
        }
        reader.pos = stop;
      } else if (wireType === field.wireType) {
        reader.skip(wireType, number);
      } else {
        throw broken(scan, `field ${field.name} at byte ${start} has wire type "${wireType}"`);
      }
      if (reader.pos > end) throw broken(scan, `field ${number} at byte "${start}" runs over the end of its message`);
    }
  };

  try {
    walk(planOf(ModelProtoSchema), bytes.byteLength, 1);
  } catch (cause) {
    if (cause instanceof LatheError) throw cause;
    if (reader.pos >= bytes.byteLength) throw cutShort(scan, bytes.byteLength + 1, bytes.byteLength);
    const detail = cause instanceof Error ? cause.message : String(cause);
    if (detail.includes("recursion")) {
      throw tooMuch(scan, { what: "levels of nested groups", actual: scan.limits.nesting, limit: "nesting" });
    }
    throw broken(scan, `at byte ${reader.pos}: "${detail}"`, cause);
  }
}

function broken({ name }: Scan, detail: string, cause?: unknown): LatheError {
  return new LatheError("invalid-model", `"${name}" is not a readable ONNX model: ${detail}.`, {
    hint: DAMAGED,
    cause,
  });
}

function cutShort({ name }: Scan, need: number, size: number): LatheError {
  return new LatheError("invalid-model", `"${name}" is cut short: it needs at least ${need} bytes and has "${size}".`, {
    hint: "The download or copy broke off; fetch the file again.",
  });
}

interface Excess {
  readonly what: string;
  readonly actual: number;
  readonly limit: keyof Limits;
}

function tooMuch({ name, limits }: Scan, { what, actual, limit }: Excess): LatheError {
  return new LatheError(
    "limit-exceeded",
    `"${name}" has at least "${actual}" ${what}; the limit is ${limits[limit]}.`,
    {
      details: { limit },
      hint: "Reading it might exhaust memory; make sure where the file comes from.",
    },
  );
}

const plans = new WeakMap<DescMessage, Plan>();

function planOf(message: DescMessage): Plan {
  const known = plans.get(message);
  if (known !== undefined) return known;
  const fields = new Map(message.fields.map((field) => [field.number, fieldPlan(field)]));
  const plan = { isNode: message === NodeProtoSchema, fields };
  plans.set(message, plan);
  return plan;
}

function fieldPlan(field: DescField): FieldPlan {
  const inner = field.message;
  const scalar = field.scalar ?? ScalarType.BYTES;
  const wireType = inner === undefined ? wireTypeOf(scalar) : WireType.LengthDelimited;
  const packable = field.fieldKind === "list" && wireType !== WireType.LengthDelimited;
  const width = wireType === WireType.Bit32 ? 4 : wireType === WireType.Bit64 ? 8 : 1;
  return {
    name: field.name,
    wireType,
    packed: packable ? width : 0,
    message: () => (inner === undefined ? undefined : planOf(inner)),
  };
}

function wireTypeOf(scalar: ScalarType): WireType {
  switch (scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return WireType.LengthDelimited;
    case ScalarType.FLOAT:
      return WireType.Bit32;
    case ScalarType.DOUBLE:
      return WireType.Bit64;
    default:
      return WireType.Varint;
  }
}
