import { ELEMENT_TYPES, elementTypeOf, type ElementType } from "../base/elementType.ts";
import { LatheError } from "../base/error.ts";
import type { Dim, Value, ValueType } from "../graph/model.ts";
import { decodeExtras } from "./entries.ts";
import type { TensorShapeProto, TensorShapeProto_Dimension, TypeProto, ValueInfoProto } from "./generated/onnx_pb.ts";
import { EXPORT_AGAIN } from "./hints.ts";
import { unknownOf, unknownPart } from "./unknown.ts";

/**
 * The element type of a code.
 * @throws unsupported for a code of a later version of the format.
 */
export function decodeElementType(code: number | undefined, where: string): ElementType {
  const type = elementTypeOf(code ?? ELEMENT_TYPES.undefined.code);
  if (type === undefined) {
    throw new LatheError("unsupported", `${where}: element type "${code ?? 0}" is not known to this version.`, {
      hint: "Export the model with an element type that onnxruntime 1.30 loads.",
    });
  }
  return type;
}

/** A declared type; a message without one is `none`. */
export function decodeType(proto: TypeProto | undefined, where: string): ValueType {
  if (proto === undefined) return Object.freeze<ValueType>({ kind: "none" });
  const { value } = proto;
  const shape = value.case === "tensorType" || value.case === "sparseTensorType" ? value.value.shape : undefined;
  const common = {
    ...(proto.denotation ? { denotation: proto.denotation } : {}),
    ...unknownPart(
      unknownOf(proto, [
        ["value", value.value],
        ["shape", shape],
      ]),
    ),
  };
  switch (value.case) {
    case "tensorType":
    case "sparseTensorType": {
      const kind = value.case === "tensorType" ? "tensor" : "sparse-tensor";
      const type = decodeElementType(value.value.elemType, where);
      return Object.freeze<ValueType>({ kind, type, ...decodeShape(shape, where), ...common });
    }
    case "sequenceType":
      return Object.freeze<ValueType>({ kind: "sequence", of: decodeType(value.value.elemType, where), ...common });
    case "optionalType":
      return Object.freeze<ValueType>({ kind: "optional", of: decodeType(value.value.elemType, where), ...common });
    case "mapType": {
      const { keyType, valueType } = value.value;
      const key = decodeElementType(keyType, where);
      return Object.freeze<ValueType>({ kind: "map", key, of: decodeType(valueType, where), ...common });
    }
    case "opaqueType": {
      const { domain = "", name = "" } = value.value;
      return Object.freeze<ValueType>({ kind: "opaque", domain, name, ...common });
    }
    case undefined:
      return Object.freeze<ValueType>({ kind: "none", ...common });
  }
}

export function decodeValue(proto: ValueInfoProto): Value {
  const name = proto.name ?? "";
  const type = proto.type === undefined ? {} : { type: decodeType(proto.type, `Value "${name}"`) };
  return Object.freeze<Value>({ name, ...type, ...decodeExtras(proto) });
}

function decodeShape(shape: TensorShapeProto | undefined, where: string): { dims?: readonly Dim[] } {
  return shape === undefined ? {} : { dims: Object.freeze(shape.dim.map((d) => decodeDim(d, where))) };
}

function decodeDim(proto: TensorShapeProto_Dimension, where: string): Dim {
  const { value, denotation } = proto;
  if (value.case === "dimValue" && !Number.isSafeInteger(Number(value.value))) {
    throw new LatheError("invalid-model", `${where} has a shape with the size "${value.value}".`, {
      hint: EXPORT_AGAIN,
    });
  }
  const size = value.case === "dimValue" ? Number(value.value) : value.value;
  return Object.freeze<Dim>({
    ...(size === undefined ? {} : { size }),
    ...(denotation ? { denotation } : {}),
    ...unknownPart(unknownOf(proto)),
  });
}
