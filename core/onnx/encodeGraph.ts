import { create } from "@bufbuild/protobuf";
import { LatheError } from "../base/error.ts";
import type { Attribute, FunctionDefinition, Graph, Node } from "../graph/model.ts";
import { ATTRIBUTE_KINDS } from "./attributeKinds.ts";
import { encodeSparse, encodeTensor } from "./encodeTensor.ts";
import { encodeType, encodeValue } from "./encodeType.ts";
import { encodeEntries, encodeExtras, encodeOpsets } from "./entries.ts";
import {
  AttributeProtoSchema,
  FunctionProtoSchema,
  GraphProtoSchema,
  NodeProtoSchema,
  TensorAnnotationSchema,
  type AttributeProto,
  type FunctionProto,
  type GraphProto,
  type NodeProto,
} from "./generated/onnx_pb.ts";
import { putUnknown } from "./unknown.ts";

export function encodeGraph(graph: Graph): GraphProto {
  const proto = encodeGraphHead(graph);
  proto.initializer = graph.initializers.map(encodeTensor);
  return proto;
}

/** The graph without its initializers, for writers that stream those. */
export function encodeGraphHead(graph: Graph): GraphProto {
  const proto = create(GraphProtoSchema, {
    name: graph.name,
    node: graph.nodes.map(encodeNode),
    input: graph.inputs.map(encodeValue),
    output: graph.outputs.map(encodeValue),
    valueInfo: graph.values.map(encodeValue),
    sparseInitializer: graph.sparseInitializers.map(encodeSparse),
  });
  proto.quantizationAnnotation = graph.annotations.map((annotation) => {
    const item = create(TensorAnnotationSchema, { tensorName: annotation.tensor });
    item.quantParameterTensorNames = encodeEntries(
      annotation.parameters,
      "quant_parameter_tensor_names",
      annotation.unknown,
    );
    putUnknown(item, annotation.unknown);
    return item;
  });
  encodeExtras(proto, graph);
  return proto;
}

export function encodeFunction(definition: FunctionDefinition): FunctionProto {
  const proto = create(FunctionProtoSchema, {
    name: definition.name,
    domain: definition.domain,
    input: [...definition.inputs],
    output: [...definition.outputs],
    attribute: [...definition.attributes],
    attributeProto: encodeAttributes(definition.defaults),
    opsetImport: encodeOpsets(definition.opsets, definition.unknown),
    node: definition.nodes.map(encodeNode),
    valueInfo: definition.values.map(encodeValue),
  });
  if (definition.overload !== undefined) proto.overload = definition.overload;
  encodeExtras(proto, definition);
  return proto;
}

function encodeNode(node: Node): NodeProto {
  const proto = create(NodeProtoSchema);
  proto.input = [...node.inputs];
  proto.output = [...node.outputs];
  proto.opType = node.op;
  proto.attribute = encodeAttributes(node.attributes);
  if (node.name !== "") proto.name = node.name;
  if (node.domain !== "") proto.domain = node.domain;
  if (node.overload !== undefined) proto.overload = node.overload;
  if (node.deviceConfigurations !== undefined) proto.deviceConfigurations = [...node.deviceConfigurations];
  encodeExtras(proto, node);
  return proto;
}

function encodeAttributes(attributes: Readonly<Record<string, Attribute>>): AttributeProto[] {
  return Object.entries(attributes).map(([name, attribute]) => {
    const proto = create(AttributeProtoSchema, { name });
    if (attribute.doc !== undefined) proto.docString = attribute.doc;
    encodeAttributeValue(proto, attribute);
    putUnknown(proto, attribute.unknown);
    return proto;
  });
}

/** Attributes are float32. */
function toFloat(value: number): number {
  const rounded = Math.fround(value);
  if (Number.isFinite(value) && !Number.isFinite(rounded)) {
    throw new LatheError("invalid-argument", `An attribute cannot hold "${value}": it is a float32.`);
  }
  return rounded;
}

function encodeAttributeValue(proto: AttributeProto, attribute: Attribute): void {
  if (attribute.kind === "none") return;
  if (attribute.kind === "reference") {
    proto.refAttrName = attribute.name;
    proto.type = attribute.of;
    return;
  }
  proto.type = ATTRIBUTE_KINDS[attribute.kind].code;
  switch (attribute.kind) {
    case "float":
      proto.f = toFloat(attribute.value);
      return;
    case "int":
      proto.i = attribute.value;
      return;
    case "string":
      proto.s = attribute.value;
      return;
    case "tensor":
      proto.t = encodeTensor(attribute.value);
      return;
    case "graph":
      proto.g = encodeGraph(attribute.value);
      return;
    case "sparse-tensor":
      proto.sparseTensor = encodeSparse(attribute.value);
      return;
    case "type":
      proto.tp = encodeType(attribute.value);
      return;
    case "floats":
      proto.floats = attribute.value.map(toFloat);
      return;
    case "ints":
      proto.ints = [...attribute.value];
      return;
    case "strings":
      proto.strings = [...attribute.value];
      return;
    case "tensors":
      proto.tensors = attribute.value.map(encodeTensor);
      return;
    case "graphs":
      proto.graphs = attribute.value.map(encodeGraph);
      return;
    case "sparse-tensors":
      proto.sparseTensors = attribute.value.map(encodeSparse);
      return;
    case "types":
      proto.typeProtos = attribute.value.map(encodeType);
  }
}
