import { elementCount } from "../base/array.ts";
import { byteLength, type ElementType } from "../base/elementType.ts";
import { intOf, subgraphsOf } from "../graph/attributes.ts";
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

/** Ops that hand a constant on: what reads their output uses the constant. */
const PASSING: ReadonlySet<string> = new Set([
  "DequantizeLinear",
  "QuantizeLinear",
  "Cast",
  "Identity",
  "Reshape",
  "Transpose",
  "Squeeze",
  "Unsqueeze",
]);

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
  return node.op === "Constant" || (PASSING.has(node.op) && constantBehind(node.inputs[0] ?? "", index) !== undefined);
}

interface Weight {
  readonly tensor: Tensor;
  readonly parameters: number;
}

function weightsOf(node: Node, index: GraphIndex): Weight[] {
  return node.inputs.flatMap((name, slot): Weight[] => {
    const constant = name === "" ? undefined : constantBehind(name, index);
    if (constant === undefined || !isLearned(node, slot, constant)) return [];
    const { tensor } = constant;
    const count =
      node.op === "MatMulNBits" && slot === 1 ? intOf(node, "N", 0) * intOf(node, "K", 0) : elementCount(tensor.dims);
    return count > 1 ? [{ tensor, parameters: count }] : [];
  });
}

function isLearned(node: Node, slot: number, { tensor, dequantized }: Constant): boolean {
  const slots = QUANTIZED_SLOTS[node.op];
  if (slots !== undefined) return slots.includes(slot);
  if (SETTING_SLOTS[node.op]?.includes(slot) === true) return false;
  return dequantized || FLOATS.has(tensor.type);
}

interface Constant {
  readonly tensor: Tensor;
  readonly dequantized: boolean;
}

function constantBehind(name: string, index: GraphIndex): Constant | undefined {
  const initializer = index.initializer.get(name);
  if (initializer !== undefined) return { tensor: initializer, dequantized: false };
  const producer = index.producer.get(name);
  if (producer === undefined) return undefined;
  if (producer.op === "Constant") {
    const { value } = producer.attributes;
    return value?.kind === "tensor" ? { tensor: value.value, dequantized: false } : undefined;
  }
  if (!PASSING.has(producer.op)) return undefined;
  const behind = constantBehind(producer.inputs[0] ?? "", index);
  return behind && { ...behind, dequantized: behind.dequantized || producer.op === "DequantizeLinear" };
}

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
