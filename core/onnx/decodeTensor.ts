import { elementCount } from "../base/array.ts";
import { byteLength, ELEMENT_TYPES, type ElementType } from "../base/elementType.ts";
import { LatheError } from "../base/error.ts";
import type { SparseTensor, Tensor, TensorData } from "../graph/model.ts";
import { decodeElementType } from "./decodeType.ts";
import { decodeEntries, decodeExtras, entryCarriers } from "./entries.ts";
import { EXPORT_AGAIN } from "./hints.ts";
import type { SparseTensorProto, TensorProto } from "./generated/onnx_pb.ts";
import { unknownOf, unknownPart } from "./unknown.ts";

type ExternalData = Extract<TensorData, { kind: "external" }>;

/** External data found while decoding: its file is still to be checked, then `data` is completed and frozen. */
export interface PendingExternal {
  readonly where: string;
  readonly data: { -readonly [K in keyof ExternalData]: ExternalData[K] };
}

const EXTERNAL = 1;

/** TensorProto's fields for elements that are stored as protobuf numbers. */
const TYPED_FIELDS = {
  float_data: "floatData",
  double_data: "doubleData",
  int32_data: "int32Data",
  int64_data: "int64Data",
  uint64_data: "uint64Data",
  string_data: "stringData",
} as const;

/**
 * A constant. Whatever field the elements are in, the IR holds little-endian bytes (views of the file where possible).
 * `where` names the tensor in errors, should it have no name of its own.
 * @throws invalid-model where bytes and shape disagree; limit-exceeded where the shape overflows.
 */
export function decodeTensor(proto: TensorProto, where: string, pending: PendingExternal[]): Tensor {
  const name = proto.name ?? "";
  const place = name === "" ? where : `Tensor "${name}"`;
  const type = decodeElementType(proto.dataType, place);
  const dims = decodeDims(proto.dims, place);
  if (proto.segment !== undefined) {
    throw new LatheError("unsupported", `${place} is stored in segments, which onnxruntime does not load.`, {
      hint: "Save the model again with whole tensors.",
    });
  }
  const data =
    proto.dataLocation === EXTERNAL
      ? externalData(proto, { type, dims, place }, pending)
      : storedData(proto, { type, dims, place });
  const inner = entryCarriers(proto.externalData, "external_data");
  return Object.freeze<Tensor>({ name, type, dims, data, ...decodeExtras(proto, inner) });
}

export function decodeSparse(proto: SparseTensorProto, where: string, pending: PendingExternal[]): SparseTensor {
  const name = proto.values?.name ?? "";
  const place = name === "" ? where : `Sparse tensor "${name}"`;
  if (proto.values === undefined || proto.indices === undefined) {
    throw new LatheError("invalid-model", `${place} has no ${proto.values === undefined ? "values" : "indices"}.`, {
      hint: EXPORT_AGAIN,
    });
  }
  return Object.freeze<SparseTensor>({
    values: decodeTensor(proto.values, place, pending),
    indices: decodeTensor(proto.indices, `The indices of ${place}`, pending),
    dims: decodeDims(proto.dims, place),
    ...unknownPart(unknownOf(proto)),
  });
}

function decodeDims(raw: readonly bigint[], place: string): readonly number[] {
  const dims = raw.map(Number);
  if (dims.some((d) => d < 0)) {
    throw new LatheError("invalid-model", `${place} has a negative size in its shape "[${raw.join(",")}]".`, {
      hint: EXPORT_AGAIN,
    });
  }
  // Sizes before a zero still count: a product that overflows is a trap for whoever multiplies in another order.
  const largest = dims.reduce((product, d) => product * Math.max(d, 1), 1);
  if (!Number.isSafeInteger(largest * 16)) {
    throw new LatheError("limit-exceeded", `${place} has more elements than can be addressed: "[${raw.join(",")}]".`, {
      hint: EXPORT_AGAIN,
    });
  }
  return Object.freeze(dims);
}

interface Facts {
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly place: string;
}

function storedData(proto: TensorProto, { type, dims, place }: Facts): TensorData {
  const count = elementCount(dims);
  const expected = typedFieldOf(type);
  const used = usedFields(proto);
  const fits =
    used.length === 0 || (used.length === 1 && (used[0] === expected || (used[0] === "raw_data" && type !== "string")));
  if (!fits) {
    const allowed = type === "string" ? expected : `either ${expected} or raw_data`;
    throw new LatheError(
      "invalid-model",
      `${place} (${type}) has elements in "${used.join(", ")}", expected ${allowed}.`,
      { hint: EXPORT_AGAIN },
    );
  }
  if (type === "string") {
    if (proto.stringData.length !== count)
      throw wrongSize({ type, dims, place }, `${count} strings`, `${proto.stringData.length}`);
    return Object.freeze<TensorData>({ kind: "strings", values: Object.freeze(proto.stringData) });
  }
  const bytes = used[0] === expected ? typedBytes(proto, type) : (proto.rawData ?? new Uint8Array());
  const need = byteLength(type, count);
  if (bytes.byteLength !== need) throw wrongSize({ type, dims, place }, `${need} bytes`, `${bytes.byteLength}`);
  return Object.freeze<TensorData>({ kind: "bytes", bytes });
}

function usedFields(proto: TensorProto): readonly string[] {
  const typed = Object.entries(TYPED_FIELDS).flatMap(([name, field]) => (proto[field].length > 0 ? [name] : []));
  return (proto.rawData?.byteLength ?? 0) > 0 ? [...typed, "raw_data"] : typed;
}

function wrongSize({ type, dims, place }: Facts, need: string, actual: string): LatheError {
  return new LatheError(
    "invalid-model",
    `${place} is ${type}[${dims.join(",")}] and needs ${need}, but holds "${actual}".`,
    {
      hint: EXPORT_AGAIN,
    },
  );
}

function typedFieldOf(type: ElementType): keyof typeof TYPED_FIELDS {
  switch (type) {
    case "float32":
    case "complex64":
      return "float_data";
    case "float64":
    case "complex128":
      return "double_data";
    case "int64":
      return "int64_data";
    case "uint32":
    case "uint64":
      return "uint64_data";
    case "string":
      return "string_data";
    default:
      return "int32_data";
  }
}

/** Each entry of int32_data is one element, or one byte of packed elements below 8 bits (onnx.proto, TensorProto). */
function typedBytes(proto: TensorProto, type: ElementType): Uint8Array {
  switch (typedFieldOf(type)) {
    case "float_data":
      return bytesOf(Float32Array.from(proto.floatData));
    case "double_data":
      return bytesOf(Float64Array.from(proto.doubleData));
    case "int64_data":
      return bytesOf(BigInt64Array.from(proto.int64Data));
    case "uint64_data":
      return bytesOf(
        type === "uint64" ? BigUint64Array.from(proto.uint64Data) : Uint32Array.from(proto.uint64Data, Number),
      );
    default: {
      const { bits } = ELEMENT_TYPES[type];
      const Kind = bits === 32 ? Int32Array : bits === 16 ? Uint16Array : Uint8Array;
      return bytesOf(Kind.from(proto.int32Data));
    }
  }
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

const DEFINED_ENTRIES: ReadonlySet<string> = new Set(["location", "offset", "length", "checksum"]);

function externalData(proto: TensorProto, { type, dims, place }: Facts, pending: PendingExternal[]): TensorData {
  const entries = new Map(Object.entries(decodeEntries(proto.externalData)));
  if (type === "string")
    throw new LatheError("invalid-model", `${place} is of type string, which cannot be external.`, {
      hint: EXPORT_AGAIN,
    });
  const need = byteLength(type, elementCount(dims));
  const length = wholeNumber(entries.get("length"), `${place}: length of its external data`) ?? need;
  if (length !== need) throw wrongSize({ type, dims, place }, `${need} bytes`, `${length}`);
  const extra = [...entries].filter(([key]) => !DEFINED_ENTRIES.has(key));
  const checksum = entries.get("checksum");
  const data: PendingExternal["data"] = {
    kind: "external",
    file: "",
    location: entries.get("location") ?? "",
    offset: wholeNumber(entries.get("offset"), `${place}: offset of its external data`) ?? 0,
    length,
    ...(checksum === undefined ? {} : { checksum }),
    ...(extra.length > 0 ? { extra: Object.freeze(Object.fromEntries(extra)) } : {}),
  };
  pending.push({ where: place, data });
  return data;
}

function wholeNumber(text: string | undefined, what: string): number | undefined {
  if (text === undefined) return undefined;
  const number = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(number))
    throw new LatheError("invalid-model", `${what} is "${text}", expected a whole number of bytes.`, {
      hint: EXPORT_AGAIN,
    });
  return number;
}
