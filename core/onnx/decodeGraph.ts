import { LatheError } from "../base/error.ts";
import type {
  Attribute,
  AttributeValue,
  FunctionDefinition,
  Graph,
  Node,
  QuantizationAnnotation,
} from "../graph/model.ts";
import { isSorted, sortNodes } from "../graph/order.ts";
import { ATTRIBUTE_KINDS, kindOfCode, presentKinds, type StoredKind } from "./attributeKinds.ts";
import { EXPORT_AGAIN } from "./hints.ts";
import { decodeSparse, decodeTensor, type PendingExternal } from "./decodeTensor.ts";
import { decodeType, decodeValue } from "./decodeType.ts";
import { decodeEntries, decodeExtras, decodeOpsets, entryCarriers, opsetCarriers } from "./entries.ts";
import { normalDomain } from "../graph/domains.ts";
import type { AttributeProto, FunctionProto, GraphProto, NodeProto, TensorAnnotation } from "./generated/onnx_pb.ts";
import { unknownOf, unknownPart } from "./unknown.ts";

/** A graph with its nodes put in order where the file has them unsorted. */
export function decodeGraph(proto: GraphProto, pending: PendingExternal[]): Graph {
  return Object.freeze<Graph>({
    name: proto.name ?? "",
    inputs: Object.freeze(proto.input.map(decodeValue)),
    outputs: Object.freeze(proto.output.map(decodeValue)),
    values: Object.freeze(proto.valueInfo.map(decodeValue)),
    initializers: Object.freeze(proto.initializer.map((t) => decodeTensor(t, "A nameless initializer", pending))),
    sparseInitializers: Object.freeze(
      proto.sparseInitializer.map((t) => decodeSparse(t, "A nameless sparse initializer", pending)),
    ),
    nodes: inOrder(proto.node.map((n) => decodeNode(n, pending))),
    annotations: Object.freeze(proto.quantizationAnnotation.map(decodeAnnotation)),
    ...decodeExtras(proto),
  });
}

export function decodeFunction(proto: FunctionProto, pending: PendingExternal[]): FunctionDefinition {
  const name = proto.name ?? "";
  return Object.freeze<FunctionDefinition>({
    name,
    domain: normalDomain(proto.domain),
    ...(proto.overload ? { overload: proto.overload } : {}),
    inputs: Object.freeze(proto.input),
    outputs: Object.freeze(proto.output),
    attributes: Object.freeze(proto.attribute),
    defaults: decodeAttributes(proto.attributeProto, `Function "${name}"`, pending),
    opsets: decodeOpsets(proto.opsetImport, `Function "${name}"`),
    nodes: inOrder(proto.node.map((n) => decodeNode(n, pending))),
    values: Object.freeze(proto.valueInfo.map(decodeValue)),
    ...decodeExtras(proto, opsetCarriers(proto.opsetImport)),
  });
}

function inOrder(nodes: readonly Node[]): readonly Node[] {
  return Object.freeze(isSorted({ nodes }) ? nodes : sortNodes(nodes));
}

function decodeNode(proto: NodeProto, pending: PendingExternal[]): Node {
  const name = proto.name ?? "";
  const op = proto.opType ?? "";
  return Object.freeze<Node>({
    name,
    op,
    domain: normalDomain(proto.domain),
    ...(proto.overload ? { overload: proto.overload } : {}),
    inputs: Object.freeze(proto.input),
    outputs: Object.freeze(proto.output),
    attributes: decodeAttributes(proto.attribute, `${op} "${name}"`, pending),
    ...(proto.deviceConfigurations.length > 0
      ? { deviceConfigurations: Object.freeze(proto.deviceConfigurations) }
      : {}),
    ...decodeExtras(proto),
  });
}

const NO_ATTRIBUTES: Readonly<Record<string, Attribute>> = Object.freeze({});

function decodeAttributes(
  protos: readonly AttributeProto[],
  owner: string,
  pending: PendingExternal[],
): Readonly<Record<string, Attribute>> {
  if (protos.length === 0) return NO_ATTRIBUTES;
  const seen = new Set<string>();
  const entries = protos.map((proto) => {
    const name = proto.name ?? "";
    if (seen.has(name))
      throw new LatheError("invalid-model", `${owner} has the attribute "${name}" twice.`, { hint: EXPORT_AGAIN });
    seen.add(name);
    return [name, decodeAttribute(proto, `${owner}, attribute "${name}"`, pending)] as const;
  });
  return Object.freeze(Object.fromEntries(entries));
}

function decodeAttribute(proto: AttributeProto, where: string, pending: PendingExternal[]): Attribute {
  const value = attributeValue(proto, where, pending);
  return Object.freeze<Attribute>({
    ...value,
    ...(proto.docString ? { doc: proto.docString } : {}),
    ...unknownPart(unknownOf(proto)),
  });
}

function attributeValue(proto: AttributeProto, where: string, pending: PendingExternal[]): AttributeValue {
  const present = presentKinds(proto);
  const code = proto.type ?? 0;
  if (proto.refAttrName) {
    if (present.length > 0)
      throw new LatheError("invalid-model", `${where} has a value beside its reference to "${proto.refAttrName}".`, {
        hint: EXPORT_AGAIN,
      });
    return { kind: "reference", name: proto.refAttrName, of: code };
  }
  const declared = kindOfCode(code);
  if (declared === undefined && code !== 0) {
    throw new LatheError("unsupported", `${where} is of kind "${code}", which this version does not know.`, {
      hint: "Export the model with an older IR version.",
    });
  }
  // Files of before IR version 2 set no kind: the field that is present tells it.
  const kind = declared ?? present[0];
  if (kind === undefined) return { kind: "none" };
  const foreign = present.find((other) => other !== kind);
  if (foreign !== undefined) {
    throw new LatheError("invalid-model", `${where} is of kind "${kind}" and holds a value of kind "${foreign}".`, {
      hint: EXPORT_AGAIN,
    });
  }
  return storedValue(proto, { kind, where }, pending);
}

function storedValue(
  proto: AttributeProto,
  { kind, where }: { readonly kind: StoredKind; readonly where: string },
  pending: PendingExternal[],
): AttributeValue {
  const missing = (): never => {
    throw new LatheError(
      "invalid-model",
      `${where} is of kind "${kind}" but its field "${ATTRIBUTE_KINDS[kind].field}" is empty.`,
      { hint: EXPORT_AGAIN },
    );
  };
  switch (kind) {
    case "float":
      return { kind, value: proto.f ?? 0 };
    case "int":
      return { kind, value: proto.i ?? 0n };
    case "string":
      return { kind, value: proto.s ?? new Uint8Array() };
    case "tensor":
      return { kind, value: decodeTensor(proto.t ?? missing(), where, pending) };
    case "graph":
      return { kind, value: decodeGraph(proto.g ?? missing(), pending) };
    case "sparse-tensor":
      return { kind, value: decodeSparse(proto.sparseTensor ?? missing(), where, pending) };
    case "type":
      return { kind, value: decodeType(proto.tp ?? missing(), where) };
    case "floats":
      return { kind, value: Object.freeze(proto.floats) };
    case "ints":
      return { kind, value: Object.freeze(proto.ints) };
    case "strings":
      return { kind, value: Object.freeze(proto.strings) };
    case "tensors":
      return { kind, value: Object.freeze(proto.tensors.map((t) => decodeTensor(t, where, pending))) };
    case "graphs":
      return { kind, value: Object.freeze(proto.graphs.map((g) => decodeGraph(g, pending))) };
    case "sparse-tensors":
      return { kind, value: Object.freeze(proto.sparseTensors.map((t) => decodeSparse(t, where, pending))) };
    case "types":
      return { kind, value: Object.freeze(proto.typeProtos.map((t) => decodeType(t, where))) };
  }
}

function decodeAnnotation(proto: TensorAnnotation): QuantizationAnnotation {
  const entries = proto.quantParameterTensorNames;
  return Object.freeze<QuantizationAnnotation>({
    tensor: proto.tensorName ?? "",
    parameters: decodeEntries(entries),
    ...unknownPart(unknownOf(proto, entryCarriers(entries, "quant_parameter_tensor_names"))),
  });
}
