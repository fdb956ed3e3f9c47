import { create } from "@bufbuild/protobuf";
import { ELEMENT_TYPES } from "../base/elementType.ts";
import type { Dim, Value, ValueType } from "../graph/model.ts";
import { encodeExtras } from "./entries.ts";
import {
  TensorShapeProtoSchema,
  TensorShapeProto_DimensionSchema,
  TypeProto_MapSchema,
  TypeProto_OpaqueSchema,
  TypeProto_OptionalSchema,
  TypeProto_SequenceSchema,
  TypeProto_SparseTensorSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
  type TensorShapeProto_Dimension,
  type TypeProto,
  type ValueInfoProto,
} from "./generated/onnx_pb.ts";
import { putUnknown } from "./unknown.ts";

export function encodeType(type: ValueType): TypeProto {
  const proto = create(TypeProtoSchema);
  if (type.denotation !== undefined) proto.denotation = type.denotation;
  proto.value = encodeKind(type);
  if (proto.value.value !== undefined) putUnknown(proto.value.value, type.unknown, "value");
  putUnknown(proto, type.unknown);
  return proto;
}

export function encodeValue(value: Value): ValueInfoProto {
  const proto = create(ValueInfoProtoSchema, { name: value.name });
  if (value.type !== undefined) proto.type = encodeType(value.type);
  encodeExtras(proto, value);
  return proto;
}

function encodeKind(type: ValueType): TypeProto["value"] {
  switch (type.kind) {
    case "tensor": {
      const value = create(TypeProto_TensorSchema, { elemType: ELEMENT_TYPES[type.type].code, ...encodeShape(type) });
      return { case: "tensorType", value };
    }
    case "sparse-tensor": {
      const value = create(TypeProto_SparseTensorSchema, {
        elemType: ELEMENT_TYPES[type.type].code,
        ...encodeShape(type),
      });
      return { case: "sparseTensorType", value };
    }
    case "sequence":
      return { case: "sequenceType", value: create(TypeProto_SequenceSchema, { elemType: encodeType(type.of) }) };
    case "optional":
      return { case: "optionalType", value: create(TypeProto_OptionalSchema, { elemType: encodeType(type.of) }) };
    case "map": {
      const value = create(TypeProto_MapSchema, {
        keyType: ELEMENT_TYPES[type.key].code,
        valueType: encodeType(type.of),
      });
      return { case: "mapType", value };
    }
    case "opaque":
      return { case: "opaqueType", value: create(TypeProto_OpaqueSchema, { domain: type.domain, name: type.name }) };
    case "none":
      return { case: undefined };
  }
}

function encodeShape(type: Extract<ValueType, { kind: "tensor" | "sparse-tensor" }>) {
  if (type.dims === undefined) return {};
  const shape = create(TensorShapeProtoSchema, { dim: type.dims.map(encodeDim) });
  putUnknown(shape, type.unknown, "shape");
  return { shape };
}

function encodeDim(dim: Dim): TensorShapeProto_Dimension {
  const proto = create(TensorShapeProto_DimensionSchema);
  if (typeof dim.size === "number") proto.value = { case: "dimValue", value: BigInt(dim.size) };
  if (typeof dim.size === "string") proto.value = { case: "dimParam", value: dim.size };
  if (dim.denotation !== undefined) proto.denotation = dim.denotation;
  putUnknown(proto, dim.unknown);
  return proto;
}
