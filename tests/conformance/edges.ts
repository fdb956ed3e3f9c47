import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Tensor } from "onnxruntime-node";
import { ELEMENT_TYPES, type ElementType } from "../../core/base/elementType.ts";
import {
  AttributeProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
  type AttributeProto,
  type GraphProto,
  type NodeProto,
  type TypeProto,
  type ValueInfoProto,
} from "../../core/onnx/generated/onnx_pb.ts";
import { CARRIERS, type CaseValue } from "./values.ts";

/** A model whose inputs and outputs are tensors that the binding passes, and what to feed and expect. */
export interface Edged {
  readonly model: Uint8Array;
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly expected: Readonly<Record<string, Tensor>>;
}

/**
 * The runtime's binding passes neither sequences, optionals nor the smallest types. Nodes at the edges of the graph
 * build them from plain tensors and take them apart again, so that those cases run as well.
 */
export function plainEdges(bytes: Uint8Array, inputs: readonly CaseValue[], outputs: readonly CaseValue[]): Edged {
  const model = fromBinary(ModelProtoSchema, bytes);
  const graph = model.graph;
  if (graph === undefined) throw new Error("no graph");
  const feeds: Record<string, Tensor> = {};
  const expected: Record<string, Tensor> = {};
  const given = new Set(graph.initializer.map((t) => t.name));
  const declared = graph.input.filter((v) => !given.has(v.name));
  const before = inputs.flatMap((value, i) => feed(declared[i], value, { feeds, graph }));
  const made = graph.output.slice(0, outputs.length);
  const after = outputs.flatMap((value, i) => fetch(made[i], value, { expected, graph }));
  const changed = before.length + after.length > 0;
  graph.node = [...before, ...graph.node, ...after];
  return { model: changed ? toBinary(ModelProtoSchema, model) : bytes, feeds, expected };
}

interface FeedContext {
  readonly feeds: Record<string, Tensor>;
  readonly graph: GraphProto;
}

function feed(input: ValueInfoProto | undefined, value: CaseValue, { feeds, graph }: FeedContext): NodeProto[] {
  const name = input?.name ?? "";
  if (value.kind === "tensor" && CARRIERS[value.type] === undefined && input?.type?.value.case !== "optionalType") {
    feeds[name] = value.tensor;
    return [];
  }
  graph.input = graph.input.filter((v) => v !== input);
  const nodes: NodeProto[] = [];
  const build = (item: CaseValue, target: string, type: TypeProto | undefined): void => {
    switch (item.kind) {
      case "tensor": {
        const carrier = CARRIERS[item.type];
        const source = carrier === undefined ? target : `${target}/carried`;
        feeds[source] = item.tensor;
        graph.input.push(tensorValue(source, carrier ?? item.type));
        if (carrier !== undefined)
          nodes.push(node("Cast", [[source], [target]], [intAttribute("to", ELEMENT_TYPES[item.type].code)]));
        return;
      }
      case "sequence": {
        const parts = item.items.map((_, i) => `${target}/${i}`);
        const of = type?.value.case === "sequenceType" ? type.value.value.elemType : undefined;
        item.items.forEach((part, i) => build(part, parts[i] ?? "", of));
        const dtype = of?.value.case === "tensorType" ? (of.value.value.elemType ?? 1) : 1;
        if (parts.length > 0) nodes.push(node("SequenceConstruct", [parts, [target]]));
        else nodes.push(node("SequenceEmpty", [[], [target]], [intAttribute("dtype", dtype)]));
        return;
      }
      case "optional": {
        const of = type?.value.case === "optionalType" ? type.value.value.elemType : undefined;
        if (item.of === undefined) {
          const attribute = create(AttributeProtoSchema, { name: "type", type: 13 });
          attribute.tp = of ?? create(TypeProtoSchema);
          nodes.push(node("Optional", [[], [target]], [attribute]));
          return;
        }
        build(item.of, `${target}/some`, of);
        nodes.push(node("Optional", [[`${target}/some`], [target]]));
      }
    }
  };
  build(value, name, input?.type);
  return nodes;
}

interface FetchContext {
  readonly expected: Record<string, Tensor>;
  readonly graph: GraphProto;
}

function fetch(output: ValueInfoProto | undefined, value: CaseValue, { expected, graph }: FetchContext): NodeProto[] {
  const name = output?.name ?? "";
  if (value.kind === "tensor" && CARRIERS[value.type] === undefined) {
    expected[name] = value.tensor;
    return [];
  }
  graph.output = graph.output.filter((v) => v !== output);
  const nodes: NodeProto[] = [];
  const takeApart = (item: CaseValue, source: string): void => {
    switch (item.kind) {
      case "tensor": {
        const carrier = CARRIERS[item.type];
        const target = carrier === undefined ? source : `${source}/carried`;
        if (carrier !== undefined)
          nodes.push(node("Cast", [[source], [target]], [intAttribute("to", ELEMENT_TYPES[carrier].code)]));
        graph.output.push(tensorValue(target, carrier ?? item.type));
        expected[target] = item.tensor;
        return;
      }
      case "sequence":
        item.items.forEach((part, i) => {
          nodes.push(node("Constant", [[], [`${source}/at${i}`]], [intAttribute("value_int", i)]));
          nodes.push(node("SequenceAt", [[source, `${source}/at${i}`], [`${source}/${i}`]]));
          takeApart(part, `${source}/${i}`);
        });
        return;
      case "optional":
        if (item.of === undefined) throw new Error("an empty optional as output");
        nodes.push(node("OptionalGetElement", [[source], [`${source}/some`]]));
        takeApart(item.of, `${source}/some`);
    }
  };
  takeApart(value, name);
  return nodes;
}

function node(
  opType: string,
  [input, output]: readonly [readonly string[], readonly string[]],
  attribute: AttributeProto[] = [],
): NodeProto {
  return create(NodeProtoSchema, { opType, input: [...input], output: [...output], attribute });
}

function intAttribute(name: string, value: number): AttributeProto {
  return create(AttributeProtoSchema, { name, type: 2, i: BigInt(value) });
}

function tensorValue(name: string, type: ElementType): ValueInfoProto {
  const tensorType = { case: "tensorType" as const, value: { elemType: ELEMENT_TYPES[type].code } };
  return create(ValueInfoProtoSchema, { name, type: create(TypeProtoSchema, { value: tensorType }) });
}
