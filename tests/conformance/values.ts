import { fromBinary } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { Tensor } from "onnxruntime-node";
import { elementTypeOf, type ElementType } from "../../core/base/elementType.ts";
import { TensorProtoSchema, type TypeProto } from "../../core/onnx/generated/onnx_pb.ts";
import { storedBytes } from "./wire.ts";

/** A value of a test case. Types that the runtime's binding cannot pass are held in their carrier. */
export type CaseValue =
  | { readonly kind: "tensor"; readonly type: ElementType; readonly tensor: Tensor }
  | { readonly kind: "sequence"; readonly items: readonly CaseValue[] }
  | { readonly kind: "optional"; readonly of: CaseValue | undefined };

/**
 * Types that onnxruntime computes with and its JavaScript binding does not pass (as float16 input on
 * Node 24 it reads nothing, as int4 output it aborts the process), each with the type that a Cast at the edge of the graph carries it in without loss.
 */
export const CARRIERS: Partial<Record<ElementType, "float32" | "int8" | "uint8">> = {
  float16: "float32",
  bfloat16: "float32",
  float8e4m3fn: "float32",
  float8e4m3fnuz: "float32",
  float8e5m2: "float32",
  float8e5m2fnuz: "float32",
  int4: "int8",
  uint4: "uint8",
};

/** Reads an `input_0.pb` or `output_0.pb`, which holds a message fitting the declared type. */
export function readValue(bytes: Uint8Array, type: TypeProto | undefined): CaseValue {
  const declared = type?.value;
  if (declared?.case === "sequenceType") {
    // SequenceProto: tensor_values = 3, sequence_values = 5.
    const items = submessages(bytes, [3, 5]).map((item) => readValue(item, declared.value.elemType));
    return { kind: "sequence", items };
  }
  if (declared?.case === "optionalType") {
    // OptionalProto: tensor_value = 3, sequence_value = 5.
    const [content] = submessages(bytes, [3, 5]);
    return { kind: "optional", of: content && readValue(content, declared.value.elemType) };
  }
  const code = declared?.case === "tensorType" ? declared.value.elemType : undefined;
  return readTensor(bytes, elementTypeOf(code ?? 0));
}

function submessages(bytes: Uint8Array, fields: readonly number[]): Uint8Array[] {
  const reader = new BinaryReader(bytes);
  const found: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (fields.includes(field)) found.push(reader.bytes());
    else reader.skip(wireType, field);
  }
  return found;
}

function readTensor(bytes: Uint8Array, declared: ElementType | undefined): CaseValue {
  const proto = fromBinary(TensorProtoSchema, bytes);
  const stored = elementTypeOf(proto.dataType ?? 0);
  // The archive was made by numpy, which has no bfloat16: its bit patterns are stored as uint16.
  const type = declared === "bfloat16" && stored === "uint16" ? declared : stored;
  if (type === undefined) throw new Error(`element type ${proto.dataType ?? 0}`);
  const dims = proto.dims.map(Number);
  if (type === "string") {
    const texts = proto.stringData.map((s) => new TextDecoder().decode(s));
    return { kind: "tensor", type, tensor: new Tensor("string", texts, dims) };
  }
  const raw = storedBytes(proto);
  const carrier = CARRIERS[type];
  if (carrier === "float32") return { kind: "tensor", type, tensor: new Tensor(carrier, widen(raw, type), dims) };
  if (carrier !== undefined)
    return { kind: "tensor", type, tensor: new Tensor(carrier, unpack(raw, type, dims), dims) };
  return { kind: "tensor", type, tensor: new Tensor(type as Tensor.Type, typed(raw, type), dims) };
}

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
} as const;

function typed(raw: Uint8Array, type: ElementType): Tensor.DataType {
  const Kind = type in ARRAYS ? ARRAYS[type as keyof typeof ARRAYS] : Uint8Array;
  return new Kind(raw.slice().buffer) as Tensor.DataType;
}

/** Two elements per byte, the first in the low bits. */
function unpack(raw: Uint8Array, type: ElementType, dims: readonly number[]): Int8Array | Uint8Array {
  const count = dims.reduce((product, d) => product * d, 1);
  const nibbles = Uint8Array.from({ length: count }, (_, i) => (raw[i >> 1]! >> (4 * (i & 1))) & 15);
  return type === "int4" ? Int8Array.from(nibbles, (n) => (n << 28) >> 28) : nibbles;
}

/** Format of the small floats: bits of exponent and mantissa, and the exponent's bias (ONNX, "Float stored in 8 bits"). */
const SMALL_FLOATS: Partial<Record<ElementType, { exponent: number; mantissa: number; bias: number }>> = {
  float8e4m3fn: { exponent: 4, mantissa: 3, bias: 7 },
  float8e4m3fnuz: { exponent: 4, mantissa: 3, bias: 8 },
  float8e5m2: { exponent: 5, mantissa: 2, bias: 15 },
  float8e5m2fnuz: { exponent: 5, mantissa: 2, bias: 16 },
};

function widen(raw: Uint8Array, type: ElementType): Float32Array {
  if (type === "float16") return Float32Array.from(new Float16Array(raw.slice().buffer));
  const format = SMALL_FLOATS[type];
  if (format === undefined) {
    const halves = new Uint16Array(raw.slice().buffer);
    return new Float32Array(Uint32Array.from(halves, (bits) => bits << 16).buffer);
  }
  return Float32Array.from(raw, (byte) => widenByte(byte, type, format));
}

function widenByte(byte: number, type: ElementType, f: { exponent: number; mantissa: number; bias: number }): number {
  const sign = byte & 0x80 ? -1 : 1;
  const magnitude = byte & 0x7f;
  if (type.endsWith("fnuz") ? byte === 0x80 : type === "float8e4m3fn" ? magnitude === 0x7f : magnitude > 0x7c)
    return NaN;
  if (type === "float8e5m2" && magnitude === 0x7c) return sign * Infinity;
  const exponent = magnitude >> f.mantissa;
  const fraction = (magnitude & ((1 << f.mantissa) - 1)) / (1 << f.mantissa);
  return exponent === 0 ? sign * fraction * 2 ** (1 - f.bias) : sign * (1 + fraction) * 2 ** (exponent - f.bias);
}
