import { create } from "@bufbuild/protobuf";
import { ELEMENT_TYPES } from "../base/elementType.ts";
import type { SparseTensor, Tensor } from "../graph/model.ts";
import { encodeEntries, encodeExtras } from "./entries.ts";
import {
  SparseTensorProtoSchema,
  TensorProtoSchema,
  type SparseTensorProto,
  type TensorProto,
} from "./generated/onnx_pb.ts";
import { putUnknown } from "./unknown.ts";

const EXTERNAL = 1;

/** A constant with its bytes in raw_data; strings in string_data; external data as its entry. */
export function encodeTensor(tensor: Tensor): TensorProto {
  const proto = encodeTensorHead(tensor);
  if (tensor.data.kind === "bytes" && tensor.type !== "undefined") proto.rawData = tensor.data.bytes;
  return proto;
}

/** The constant without its raw bytes, for writers that stream those. */
export function encodeTensorHead(tensor: Tensor): TensorProto {
  const { data } = tensor;
  const proto = create(TensorProtoSchema, {
    name: tensor.name,
    dataType: ELEMENT_TYPES[tensor.type].code,
    dims: tensor.dims.map(BigInt),
  });
  if (data.kind === "strings") proto.stringData = [...data.values];
  if (data.kind === "external") {
    const entries: Record<string, string> = {
      location: data.location,
      offset: `${data.offset}`,
      length: `${data.length}`,
    };
    if (data.checksum !== undefined) entries["checksum"] = data.checksum;
    proto.externalData = encodeEntries({ ...entries, ...data.extra }, "external_data", tensor.unknown);
    proto.dataLocation = EXTERNAL;
  }
  encodeExtras(proto, tensor);
  return proto;
}

export function encodeSparse(sparse: SparseTensor): SparseTensorProto {
  const proto = create(SparseTensorProtoSchema, {
    values: encodeTensor(sparse.values),
    indices: encodeTensor(sparse.indices),
    dims: sparse.dims.map(BigInt),
  });
  putUnknown(proto, sparse.unknown);
  return proto;
}
