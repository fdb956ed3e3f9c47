import { fromBinary, type Message } from "@bufbuild/protobuf";
import {
  ModelProtoSchema,
  type AttributeProto,
  type GraphProto,
  type TensorProto,
} from "../../core/onnx/generated/onnx_pb.ts";

/** What a message says, apart from how it is stored: comparable with deep equality. */
export type Meaning = unknown;

/** The meaning of an encoded model. Shares no code with the IR: it compares messages, not graphs. */
export function meaningOf(bytes: Uint8Array): Meaning {
  return ofMessage(fromBinary(ModelProtoSchema, bytes));
}

function ofMessage(message: Message): Meaning {
  const fields: Record<string, unknown> = { $: message.$typeName };
  for (const [key, value] of Object.entries(message)) {
    if (key === "$typeName" || isDefault(value)) continue;
    fields[key] = ofValue(value);
  }
  if (fields["domain"] === "ai.onnx") delete fields["domain"];
  if (message.$typeName === "onnx.TensorProto") return ofTensor(message as TensorProto, fields);
  const attributes = (message as { attribute?: readonly (AttributeProto | string)[] }).attribute;
  if (attributes?.every((a) => typeof a === "object") === true && attributes.length > 0) {
    const sorted = attributes.toSorted((a, b) => ((a.name ?? "") < (b.name ?? "") ? -1 : 1));
    fields["attribute"] = sorted.map(ofMessage);
  }
  if (isGraph(message)) {
    // Edges order the nodes, their place in the file does not: onnxruntime loads unsorted graphs too.
    const sorted = message.node.toSorted((a, b) => (a.output.join() < b.output.join() ? -1 : 1));
    fields["node"] = sorted.map(ofMessage);
  }
  return fields;
}

function isGraph(message: Message): message is GraphProto {
  return message.$typeName === "onnx.GraphProto";
}

/** Absent and default are the same to every reader of ONNX; a set oneof is an object and stays. */
function isDefault(value: unknown): boolean {
  return value === undefined || value === "" || value === 0 || value === 0n || (isList(value) && value.length === 0);
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || value instanceof Uint8Array;
}

function ofValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ofValue);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if ("$typeName" in value) return ofMessage(value as Message);
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, ofValue(v)]));
}

const STORAGE = ["floatData", "doubleData", "int32Data", "int64Data", "uint64Data", "rawData"] as const;

function ofTensor(tensor: TensorProto, fields: Record<string, unknown>): Meaning {
  const described = Object.entries(fields).filter(([key]) => !(STORAGE as readonly string[]).includes(key));
  const external = tensor.externalData.length > 0;
  if (external) described.push(["externalData", Object.fromEntries(tensor.externalData.map((e) => [e.key, e.value]))]);
  return {
    ...Object.fromEntries(described),
    elements: external || tensor.stringData.length > 0 ? "elsewhere" : storedBytes(tensor),
  };
}

/** Bytes per number of `int32_data` and `uint64_data` by TensorProto.DataType: one element, or packed small ones. */
const WIDTH: Readonly<Record<number, number>> = { 4: 2, 5: 2, 6: 4, 10: 2, 12: 4, 13: 8, 16: 2 };

/** The elements as raw_data would hold them. */
export function storedBytes(tensor: TensorProto): Uint8Array {
  if (tensor.rawData !== undefined && tensor.rawData.length > 0) return new Uint8Array(tensor.rawData);
  const width = WIDTH[tensor.dataType ?? 0] ?? 1;
  if (tensor.int32Data.length > 0) {
    return pack(tensor.int32Data, width, (view, at, v) => {
      if (width === 4) view.setInt32(at, v, true);
      else if (width === 2) view.setUint16(at, v, true);
      else view.setUint8(at, v);
    });
  }
  if (tensor.floatData.length > 0) return pack(tensor.floatData, 4, (view, at, v) => view.setFloat32(at, v, true));
  if (tensor.doubleData.length > 0) return pack(tensor.doubleData, 8, (view, at, v) => view.setFloat64(at, v, true));
  if (tensor.int64Data.length > 0) return pack(tensor.int64Data, 8, (view, at, v) => view.setBigInt64(at, v, true));
  return pack(tensor.uint64Data, width, (view, at, v) =>
    width === 8 ? view.setBigUint64(at, v, true) : view.setUint32(at, Number(v), true),
  );
}

function pack<T>(list: readonly T[], width: number, put: (view: DataView, at: number, value: T) => void): Uint8Array {
  const view = new DataView(new ArrayBuffer(list.length * width));
  list.forEach((value, i) => put(view, i * width, value));
  return new Uint8Array(view.buffer);
}
