import { fromBinary } from "@bufbuild/protobuf";
import type { Host } from "../base/host.ts";
import { LatheError } from "../base/error.ts";
import type { Model } from "../graph/model.ts";
import { decodeFunction, decodeGraph } from "./decodeGraph.ts";
import type { PendingExternal } from "./decodeTensor.ts";
import { decodeExtras, decodeOpsets, opsetCarriers } from "./entries.ts";
import { checkExternal } from "./external.ts";
import { ModelProtoSchema, type ModelProto } from "./generated/onnx_pb.ts";
import { DAMAGED, EXPORT_AGAIN } from "./hints.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { refuseForeignFormat } from "./recognize.ts";
import { scanMessage } from "./scan.ts";
import { validateModel } from "./validate.ts";

export interface DecodeOptions {
  /** How errors name the file. */
  readonly name?: string;
  /** The folder that external data is relative to; together with `host`. */
  readonly folder?: string;
  readonly host?: Host;
  readonly limits?: Partial<Limits>;
}

/**
 * The model in an ONNX file's bytes. Tensors are views of `content`, which must not change afterwards. External data
 * is checked (it exists, lies inside the folder, is long enough) and stays on disk.
 * @throws invalid-model, unsupported, limit-exceeded.
 */
export async function decodeModel(content: Uint8Array, options: DecodeOptions = {}): Promise<Model> {
  // Views made of a subclass such as Node's Buffer would be of that subclass.
  const bytes = new Uint8Array(content.buffer, content.byteOffset, content.byteLength);
  const name = options.name ?? "the model";
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  refuseForeignFormat(bytes, name);
  scanMessage(bytes, { limits, name });
  const pending: PendingExternal[] = [];
  const model = convert(parse(bytes, limits, name), pending, name);
  validateModel(model, name);
  await checkExternal(pending, options);
  return model;
}

function parse(bytes: Uint8Array, limits: Limits, name: string): ModelProto {
  try {
    return fromBinary(ModelProtoSchema, bytes, { recursionLimit: limits.nesting });
  } catch (cause) {
    // The structure was scanned; what the parser adds is the check of text.
    const isText = cause instanceof TypeError && "code" in cause && cause.code === "ERR_ENCODING_INVALID_ENCODED_DATA";
    const detail = isText ? "has text that is not UTF-8" : `is not a readable ONNX model: "${String(cause)}"`;
    throw new LatheError("invalid-model", `"${name}" ${detail}.`, { hint: isText ? EXPORT_AGAIN : DAMAGED, cause });
  }
}

function convert(proto: ModelProto, pending: PendingExternal[], name: string): Model {
  if (proto.graph === undefined) {
    throw new LatheError("invalid-model", `"${name}" has no graph.`, {
      hint: "Choose the .onnx file that holds the model itself.",
    });
  }
  return Object.freeze<Model>({
    irVersion: Number(proto.irVersion ?? 0n),
    opsets: decodeOpsets(proto.opsetImport, "The model"),
    producer: proto.producerName ?? "",
    producerVersion: proto.producerVersion ?? "",
    domain: proto.domain ?? "",
    modelVersion: proto.modelVersion ?? 0n,
    graph: decodeGraph(proto.graph, pending),
    functions: Object.freeze(proto.functions.map((f) => decodeFunction(f, pending))),
    ...(proto.trainingInfo.length > 0 ? { trainingInfo: Object.freeze(proto.trainingInfo) } : {}),
    ...(proto.configuration.length > 0 ? { configurations: Object.freeze(proto.configuration) } : {}),
    ...decodeExtras(proto, opsetCarriers(proto.opsetImport)),
  });
}
