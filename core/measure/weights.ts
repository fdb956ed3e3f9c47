import { elementCount } from "../base/array.ts";
import { byteLength, type ElementType } from "../base/elementType.ts";
import { intOf, subgraphsOf } from "../graph/attributes.ts";
import { tensorArray } from "../graph/build.ts";
import type { Graph, Model, Node, Tensor } from "../graph/model.ts";
import { indexGraph, type GraphIndex } from "../graph/uses.ts";

const FLOATS: ReadonlySet<ElementType> = new Set(["float16", "float32", "float64", "bfloat16"]);

/** Slots with weights and biases where the other constants are scales and zero points. */
const QUANTIZED_SLOTS: Readonly<Record<string, readonly number[]>> = {
  QLinearConv: [3, 8],
  QLinearMatMul: [0, 3],
  QLinearAdd: [0, 3],
  QLinearMul: [0, 3],
  QGemm: [3, 6],
  ConvInteger: [0, 1],
  MatMulInteger: [0, 1],
  MatMulIntegerToFloat: [0, 1, 6],
  DynamicQuantizeMatMul: [1, 4],
  DynamicQuantizeLSTM: [1, 2, 3],
  MatMulNBits: [1, 5],
  GatherBlockQuantized: [0],
};

/** Slots of float constants that configure an op and are not learned. */
const SETTING_SLOTS: Readonly<Record<string, readonly number[]>> = {
  // Running statistics; other tools count them apart from the parameters as well.
  BatchNormalization: [3, 4],
  Resize: [1, 2],
  Upsample: [1],
  Pad: [2],
  Clip: [1, 2],
  QuantizeLinear: [1, 2],
  DequantizeLinear: [1, 2],
};

/** Ops that hand a constant on: what reads their output uses the constant in this slot. */
const PASSING: Readonly<Record<string, number>> = {
  DequantizeLinear: 0,
  QuantizeLinear: 0,
  Cast: 0,
  Identity: 0,
  Reshape: 0,
  Transpose: 0,
  Squeeze: 0,
  Unsqueeze: 0,
  // Unpacking of weights: bytes are looked up in a table, what fills the last one is cut off, a scale is applied.
  Gather: 1,
  Slice: 0,
  Mul: 0,
};

export interface NodeWeights {
  readonly parameters: number;
  /** As stored. */
  readonly bytes: number;
  /** Type of the largest of them. */
  readonly type: ElementType | undefined;
}

/**
 * Learned constants by the node that computes with them, each counted once, at its first use; a quantised
 * weight belongs to the node behind its DequantizeLinear. Scales, zero points, running statistics, scalars
 * and everything of integer type that is not quantised data are no parameters.
 */
export function findWeights(graph: Graph): ReadonlyMap<Node, NodeWeights> {
  const index = indexGraph(graph);
  const seen = new Set<Tensor>();
  const found = new Map<Node, NodeWeights>();
  for (const node of graph.nodes) {
    if (isConstant(node, index)) continue;
    const own = weightsOf(node, index).filter(({ tensor }) => !seen.has(tensor));
    for (const { tensor } of own) seen.add(tensor);
    if (own.length === 0) continue;
    const largest = own.reduce((a, b) => (b.parameters > a.parameters ? b : a));
    found.set(node, {
      parameters: own.reduce((sum, w) => sum + w.parameters, 0),
      bytes: own.reduce((sum, w) => sum + tensorBytes(w.tensor), 0),
      type: largest.tensor.type,
    });
  }
  return found;
}

/** Whether a node computes from constants alone. */
export function isConstant(node: Node, index: GraphIndex): boolean {
  return node.op === "Constant" || constantsBehind(node.outputs[0] ?? "", index) !== undefined;
}

interface Weight {
  readonly tensor: Tensor;
  readonly parameters: number;
}

function weightsOf(node: Node, index: GraphIndex): Weight[] {
  return node.inputs.flatMap((name, slot): Weight[] => {
    const constant = name === "" ? undefined : constantsBehind(name, index);
    if (constant === undefined || !isLearned(node, slot, constant)) return [];
    const isBlocked = node.op === "MatMulNBits" && slot === 1;
    const count = isBlocked ? intOf(node, "N", 0) * intOf(node, "K", 0) : constant.count;
    if (count <= 1) return [];
    return constant.tensors.map((tensor, i) => ({ tensor, parameters: i === 0 ? count : 0 }));
  });
}

function isLearned(node: Node, slot: number, { tensors, dequantized }: Constant): boolean {
  const slots = QUANTIZED_SLOTS[node.op];
  if (slots !== undefined) return slots.includes(slot);
  if (SETTING_SLOTS[node.op]?.includes(slot) === true) return false;
  return dequantized || tensors.some((tensor) => FLOATS.has(tensor.type));
}

/** What a value that only depends on constants is made of. */
interface Constant {
  /** As stored, the largest first. */
  readonly tensors: readonly Tensor[];
  /** Elements of the value. */
  readonly count: number;
  readonly dequantized: boolean;
}

/** What is known of the values of a graph already: a value may be reached on many ways. */
const known = new WeakMap<GraphIndex, Map<string, Constant | undefined>>();

function constantsBehind(name: string, index: GraphIndex): Constant | undefined {
  const found = known.get(index) ?? new Map<string, Constant | undefined>();
  known.set(index, found);
  if (!found.has(name)) found.set(name, findBehind(name, index));
  return found.get(name);
}

function findBehind(name: string, index: GraphIndex): Constant | undefined {
  const initializer = index.initializer.get(name);
  if (initializer !== undefined) return storedAs(initializer);
  const producer = index.producer.get(name);
  if (producer === undefined) return undefined;
  if (producer.op === "Constant") {
    const { value } = producer.attributes;
    return value?.kind === "tensor" ? storedAs(value.value) : undefined;
  }
  const slot = PASSING[producer.op];
  if (slot === undefined && producer.op !== "Add") return undefined;
  const parts: (Constant | undefined)[] = [];
  for (const input of producer.inputs) {
    const part = input === "" ? undefined : constantsBehind(input, index);
    if (part === undefined && input !== "") return undefined;
    parts.push(part);
  }
  if (slot === undefined) return planes(parts);
  const behind = parts[slot];
  if (behind === undefined) return undefined;
  const shape = producer.op === "Reshape" ? shapeOf(parts[1]) : undefined;
  return {
    tensors: behind.tensors,
    count: shape ?? behind.count * (producer.op === "Gather" ? rowLength(parts[0]) : 1),
    dequantized: behind.dequantized || producer.op === "DequantizeLinear" || producer.op === "Gather",
  };
}

const storedAs = (tensor: Tensor): Constant => ({
  tensors: [tensor],
  count: elementCount(tensor.dims),
  dequantized: false,
});

/** The high and the low bits of weights, which were stored apart; any other sum is no weight as it was stored. */
function planes(parts: readonly (Constant | undefined)[]): Constant | undefined {
  const [high, low] = parts;
  if (high?.dequantized !== true || low?.dequantized !== true) return undefined;
  return { tensors: [...high.tensors, ...low.tensors], count: high.count, dequantized: true };
}

/** Elements of a constant shape; undefined where it leaves a size open. */
function shapeOf(shape: Constant | undefined): number | undefined {
  const [tensor] = shape?.tensors ?? [];
  if (tensor?.type !== "int64" || tensor.data.kind !== "bytes") return undefined;
  const sizes = Array.from(tensorArray(tensor).data as BigInt64Array, Number);
  return sizes.some((size) => size < 1) ? undefined : elementCount(sizes);
}

const rowLength = (table: Constant | undefined): number => elementCount(table?.tensors[0]?.dims.slice(1) ?? []);

/** Bytes of a constant as stored. */
export function tensorBytes({ type, dims, data }: Tensor): number {
  if (data.kind === "strings") return data.values.reduce((sum, text) => sum + text.byteLength, 0);
  return byteLength(type, elementCount(dims));
}

/** Bytes of all constants of a model, those in subgraphs and functions too. */
export function constantBytes(model: Model): number {
  return graphBytes(model.graph) + model.functions.reduce((sum, f) => sum + nodesBytes(f.nodes), 0);
}

function graphBytes(graph: Graph): number {
  const sparse = graph.sparseInitializers.flatMap((s) => [s.values, s.indices]);
  const own = [...graph.initializers, ...sparse].reduce((sum, t) => sum + tensorBytes(t), 0);
  return own + nodesBytes(graph.nodes);
}

function nodesBytes(nodes: readonly Node[]): number {
  let sum = 0;
  for (const node of nodes) {
    for (const attribute of Object.values(node.attributes)) {
      if (attribute.kind === "tensor") sum += tensorBytes(attribute.value);
      else if (attribute.kind === "tensors") for (const t of attribute.value) sum += tensorBytes(t);
    }
    for (const body of subgraphsOf(node)) sum += graphBytes(body);
  }
  return sum;
}
