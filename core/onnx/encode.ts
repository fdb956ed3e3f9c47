import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { LatheError } from "../base/error.ts";
import type { Graph, Model, Tensor } from "../graph/model.ts";
import { encodeFunction, encodeGraphHead } from "./encodeGraph.ts";
import { encodeTensorHead } from "./encodeTensor.ts";
import { encodeExtras, encodeOpsets } from "./entries.ts";
import { GraphProtoSchema, ModelProtoSchema, TensorProtoSchema } from "./generated/onnx_pb.ts";

/** protobuf's own bound on a message. */
export const LARGEST_FILE = 2 ** 31 - 1;

/**
 * The bytes of an ONNX file. External tensors keep their location entry, so the file belongs beside their data.
 * @throws limit-exceeded above 2 GiB; `writeModel` moves weights to external data instead.
 */
export function encodeModel(model: Model): Uint8Array {
  const chunks = encodeChunks(model);
  const bytes = new Uint8Array(totalLength(chunks));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

/**
 * The file as consecutive pieces. The weights are the model's own arrays, not copies.
 * @throws limit-exceeded above 2 GiB.
 */
export function encodeChunks(model: Model): readonly Uint8Array[] {
  const graph = graphChunks(model.graph);
  const head = modelHead(model);
  const chunks = [head, prefix(ModelProtoSchema.field.graph.number, totalLength(graph)), ...graph];
  const size = totalLength(chunks);
  if (size > LARGEST_FILE) {
    throw new LatheError(
      "limit-exceeded",
      `The model would take "${size}" bytes in one file; ONNX allows ${LARGEST_FILE}.`,
      {
        hint: "Write its weights as external data.",
      },
    );
  }
  return chunks;
}

export function totalLength(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
}

/** Everything but the graph. protobuf lets the fields of a message stand in any order. */
function modelHead(model: Model): Uint8Array {
  const proto = create(ModelProtoSchema, {
    irVersion: BigInt(model.irVersion),
    opsetImport: encodeOpsets(model.opsets, model.unknown),
    functions: model.functions.map(encodeFunction),
    trainingInfo: [...(model.trainingInfo ?? [])],
    configuration: [...(model.configurations ?? [])],
  });
  if (model.producer !== "") proto.producerName = model.producer;
  if (model.producerVersion !== "") proto.producerVersion = model.producerVersion;
  if (model.domain !== "") proto.domain = model.domain;
  if (model.modelVersion !== 0n) proto.modelVersion = model.modelVersion;
  encodeExtras(proto, model);
  return toBinary(ModelProtoSchema, proto);
}

function graphChunks(graph: Graph): Uint8Array[] {
  const chunks: Uint8Array[] = [toBinary(GraphProtoSchema, encodeGraphHead(graph))];
  for (const tensor of graph.initializers) chunks.push(...initializerChunks(tensor));
  return chunks;
}

function initializerChunks(tensor: Tensor): Uint8Array[] {
  const head = toBinary(TensorProtoSchema, encodeTensorHead(tensor));
  const { initializer } = GraphProtoSchema.field;
  if (tensor.data.kind !== "bytes" || tensor.type === "undefined")
    return [prefix(initializer.number, head.byteLength), head];
  const { bytes } = tensor.data;
  const raw = prefix(TensorProtoSchema.field.rawData.number, bytes.byteLength);
  const length = head.byteLength + raw.byteLength + bytes.byteLength;
  return [prefix(initializer.number, length), head, raw, bytes];
}

/** Tag and length of a length-delimited field. */
function prefix(field: number, length: number): Uint8Array {
  return new BinaryWriter().tag(field, WireType.LengthDelimited).uint32(length).finish();
}
