import { arrayBytes, arrayFromBytes, float32, type NdArray } from "../base/array.ts";
import type { ElementType } from "../base/elementType.ts";
import { LatheError } from "../base/error.ts";
import { toAttribute, type PlainAttribute } from "./attributes.ts";
import type { Graph, Model, Node, Tensor, Value } from "./model.ts";

export interface NodeParts {
  readonly name?: string;
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, PlainAttribute>>;
}

/** A node; its name defaults to that of its first output. */
export function node(
  op: string,
  [inputs, outputs]: readonly [readonly string[], readonly string[]],
  parts: NodeParts = {},
): Node {
  const attributes = Object.entries(parts.attributes ?? {}).map(([k, v]) => [k, toAttribute(v)] as const);
  return Object.freeze<Node>({
    name: parts.name ?? outputs[0] ?? op,
    op,
    domain: parts.domain ?? "",
    inputs,
    outputs,
    attributes: Object.fromEntries(attributes),
  });
}

/** A tensor-typed value; strings among the dims are symbols. Without dims the rank is unknown. */
export function value(name: string, type: ElementType, dims?: readonly (number | string)[]): Value {
  return Object.freeze<Value>({
    name,
    type: { kind: "tensor", type, ...(dims && { dims: dims.map((size) => ({ size })) }) },
  });
}

/** A constant from an array. */
export function tensor(name: string, array: NdArray): Tensor {
  if (!ArrayBuffer.isView(array.data)) {
    const values = array.data.map((text) => new TextEncoder().encode(text));
    return Object.freeze<Tensor>({ name, type: array.type, dims: array.dims, data: { kind: "strings", values } });
  }
  return Object.freeze<Tensor>({
    name,
    type: array.type,
    dims: array.dims,
    data: { kind: "bytes", bytes: arrayBytes(array) },
  });
}

export const floatTensor = (name: string, dims: readonly number[], data: Float32Array | readonly number[]): Tensor =>
  tensor(name, float32(dims, data));

export const intTensor = (name: string, dims: readonly number[], data: readonly number[]): Tensor =>
  tensor(name, { type: "int64", dims, data: BigInt64Array.from(data, BigInt) });

/**
 * The elements of a constant that is in memory.
 * @throws invalid-argument for external data, which has to be read first (`core/onnx` loadTensors).
 */
export function tensorArray(constant: Tensor): NdArray {
  const { data } = constant;
  switch (data.kind) {
    case "bytes":
      return arrayFromBytes(constant.type, constant.dims, data.bytes);
    case "strings": {
      const decoder = new TextDecoder();
      return { type: constant.type, dims: constant.dims, data: data.values.map((v) => decoder.decode(v)) };
    }
    case "external":
      throw new LatheError(
        "invalid-argument",
        `Tensor "${constant.name}" is in "${data.location}" and has not been read.`,
      );
  }
}

export type GraphParts = Partial<Graph> & Pick<Graph, "inputs" | "outputs" | "nodes">;

export function graph(parts: GraphParts): Graph {
  return Object.freeze<Graph>({
    name: "main",
    values: [],
    initializers: [],
    sparseInitializers: [],
    annotations: [],
    ...parts,
  });
}

/** A model around a graph, by default at IR version 8 and opset 17, which every current runtime loads. */
export function model(main: Graph, parts: Partial<Model> = {}): Model {
  return Object.freeze<Model>({
    irVersion: 8,
    opsets: { "": 17 },
    producer: "lathe",
    producerVersion: "",
    domain: "",
    modelVersion: 0n,
    functions: [],
    ...parts,
    graph: main,
  });
}

/** Slots that were skipped on the way to a later one are omitted inputs. */
export function withoutHoles(inputs: readonly (string | undefined)[]): readonly string[] {
  return Array.from(inputs, (name) => name ?? "");
}
