import { floatOf, intOf } from "../graph/attributes.ts";
import { floatTensor, node as makeNode, tensor, withoutHoles } from "../graph/build.ts";
import { editGraph, type GraphEdit } from "../graph/edit.ts";
import type { Model, Node } from "../graph/model.ts";
import type { LinearMap } from "../ops/declare.ts";
import { opOf } from "../ops/registry.ts";
import { weightLevels, type Bits } from "./bits.ts";
import { axisLayout, floatConstant, type FloatConstant } from "./constants.ts";
import { biasCorrection } from "./correctBias.ts";
import { LevelWriter } from "./packBits.ts";
import { quantizeWeights } from "./quantizeWeights.ts";

/** How the weights of a layer that computes in float are stored. */
export interface WeightStore {
  readonly bits: Bits | 16;
  /** Learned scales, one per output channel (or one). */
  readonly scales?: Float32Array;
}

const ONNX_FLOAT = 1;
const BLOCK_DOMAIN = "com.microsoft";
/** Inputs of a matrix that share a scale. */
const BLOCK = 32;
const LARGEST_HALF = 65504;

/**
 * Stores weights of some layers in fewer bits and leaves the arithmetic in float. Matrices of four and eight bits become
 * com.microsoft MatMulNBits, with one scale per 32 inputs and output. All else is turned into float by nodes that the
 * runtime computes once, when it loads the model: the file is small, the speed is that of float.
 * @param model normalised, constants in memory, opset 13 or newer
 * @param layers by node name; nodes with float32 constant weights
 * @param channelMeans mean of each input channel by value; switches bias correction on
 */
export function storeWeights(
  model: Model,
  layers: ReadonlyMap<string, WeightStore>,
  channelMeans?: ReadonlyMap<string, Float32Array>,
): Model {
  if (layers.size === 0) return model;
  const graph = editGraph(model.graph, (edit) => {
    const levels = new LevelWriter(edit);
    for (const node of model.graph.nodes) {
      const store = layers.get(node.name);
      const linear = opOf(node, model.opsets)?.linear;
      const weight = floatConstant(edit.index, node.inputs[linear?.weight ?? -1]);
      if (store === undefined || linear === undefined || weight === undefined) continue;
      const means = channelMeans?.get(node.inputs[linear.data] ?? "");
      const isMatrix = isPlainMatrix(node, weight) && (store.bits === 4 || store.bits === 8);
      if (isMatrix) writeBlocks(edit, node, { linear, weight, store, means });
      else writeUnpacked(edit, node, { linear, weight, store, means, levels });
    }
  });
  const hasBlocks = graph.nodes.some((n) => n.domain === BLOCK_DOMAIN);
  const opsets = hasBlocks ? { ...model.opsets, [BLOCK_DOMAIN]: 1 } : model.opsets;
  return Object.freeze({ ...model, opsets, graph });
}

interface Layer {
  readonly linear: LinearMap;
  readonly weight: FloatConstant;
  readonly store: WeightStore;
  readonly means: Float32Array | undefined;
}

/** A product with a matrix [K, N] or [N, K] and nothing else but a bias. */
function isPlainMatrix(node: Node, { dims }: FloatConstant): boolean {
  const isPlain = intOf(node, "transA", 0) === 0 && floatOf(node, "alpha", 1) === 1 && floatOf(node, "beta", 1) === 1;
  return dims.length === 2 && isPlain;
}

/** Weights as [N, K] in blocks: B [N, ⌈K/32⌉, 32·bits/8], one scale each, zero point 2^(bits−1). */
function writeBlocks(edit: GraphEdit, node: Node, { linear, weight, store, means }: Layer): void {
  const bits = store.bits === 8 ? 8 : 4;
  const outputAxis = linear.outputAxis(node, 2);
  const [n, k] = [weight.dims[outputAxis]!, weight.dims[1 - outputAxis]!];
  const blocks = Math.ceil(k / BLOCK);
  const padded = new Float32Array(n * blocks * BLOCK);
  for (let o = 0; o < n; o++) {
    for (let i = 0; i < k; i++) {
      padded[o * blocks * BLOCK + i] = weight.data[outputAxis === 0 ? o * k + i : i * n + o]!;
    }
  }
  const learned =
    store.scales &&
    Float32Array.from({ length: n * blocks }, (_, i) => {
      const at = Math.floor(i / blocks);
      return store.scales!.length === 1 ? store.scales![0]! : store.scales![at]!;
    });
  const [lowest, steps] = weightLevels(bits);
  const { data, scales, error } = quantizeWeights(padded, [n * blocks, BLOCK], {
    axis: 0,
    steps,
    lowest,
    range: bits === 8 ? "min-max" : "mse",
    ...(learned && { scales: learned }),
  });
  const packed = new Uint8Array((data.length * bits) / 8);
  data.forEach((level, i) => {
    const value = level + 2 ** (bits - 1);
    if (bits === 8) packed[i] = value;
    else packed[i >> 1] = packed[i >> 1]! | (value << ((i & 1) * 4));
  });
  const name = nameFor(edit, node, weight);
  const scale = edit.fresh(`${name}.scale`);
  edit.setInitializer(tensor(name, { type: "uint8", dims: [n, blocks, (BLOCK * bits) / 8], data: packed }));
  edit.setInitializer(floatTensor(scale, [n * blocks], scales));
  const missed = Float32Array.from(weight.data, (_, at) => {
    const [o, i] = outputAxis === 0 ? [Math.floor(at / k), at % k] : [at % n, Math.floor(at / n)];
    return error[o * blocks * BLOCK + i]!;
  });
  const bias = correctedBias(edit, node, { linear, weight, means, error: missed });
  const product = makeNode(
    "MatMulNBits",
    [withoutHoles([node.inputs[linear.data], name, scale, ...(bias === "" ? [] : ["", "", bias])]), node.outputs],
    { name: node.name, domain: BLOCK_DOMAIN, attributes: { K: k, N: n, bits, block_size: BLOCK } },
  );
  edit.replace(node, product);
}

/** The name of a layer's bias with what rounding its weights has shifted taken back; "" for none. */
function correctedBias(
  edit: GraphEdit,
  node: Node,
  { linear, weight, means, error }: Omit<Layer, "store"> & { readonly error: Float32Array },
): string {
  const name = linear.bias === undefined ? "" : (node.inputs[linear.bias] ?? "");
  const known = floatConstant(edit.index, name);
  const shift = biasCorrection(node, linear, { weight, error, means });
  // A bias that is computed, or one number for all, stays as it is.
  if (shift === undefined || (name !== "" && known?.data.length !== shift.length)) return name;
  const corrected = edit.fresh(`${node.name}.bias`);
  const data = Float32Array.from(shift, (s, o) => (known?.data[o] ?? 0) + s);
  edit.setInitializer(floatTensor(corrected, known?.dims ?? [data.length], data));
  return corrected;
}

/** A weight of its own name where nothing else reads the float one. */
function nameFor(edit: GraphEdit, node: Node, { tensor: { name } }: FloatConstant): string {
  const isFree = edit.index.usesOf(name).length === 1 && !edit.index.isOutput(name);
  return isFree ? name : edit.fresh(`${node.name}.weight`);
}

function writeUnpacked(
  edit: GraphEdit,
  node: Node,
  { linear, weight, store, means, levels }: Layer & { readonly levels: LevelWriter },
): void {
  const name = nameFor(edit, node, weight);
  const cast = (value: string): string => {
    const made = edit.fresh(`${name}.float`);
    edit.add(makeNode("Cast", [[value], [made]], { name: edit.fresh(`cast_${made}`), attributes: { to: ONNX_FLOAT } }));
    return made;
  };
  const read = (value: string, bias = ""): void => {
    const now = edit.current(node);
    const inputs = [...now.inputs];
    inputs[linear.weight] = value;
    if (linear.bias !== undefined && bias !== "") inputs[linear.bias] = bias;
    edit.replace(node, Object.freeze({ ...now, inputs: withoutHoles(inputs) }));
  };
  if (store.bits === 16) {
    const half = Float16Array.from(weight.data, (w) => Math.max(-LARGEST_HALF, Math.min(LARGEST_HALF, w)));
    edit.setInitializer(tensor(name, { type: "float16", dims: weight.dims, data: half }));
    read(cast(name));
    return;
  }
  const axis = linear.outputAxis(node, weight.dims.length);
  const [lowest, steps] = weightLevels(store.bits);
  const { data, scales, error } = quantizeWeights(weight.data, weight.dims, {
    axis: store.scales?.length === 1 && axisLayout(weight.dims, axis).size > 1 ? undefined : axis,
    steps,
    lowest,
    range: store.bits === 8 ? "min-max" : "mse",
    ...(store.scales && { scales: store.scales }),
  });
  const scale = edit.fresh(`${name}.scale`);
  const dims = weight.dims.map((_, i) => (i === axis ? scales.length : 1));
  edit.setInitializer(floatTensor(scale, dims, scales));
  const scaled = edit.fresh(`${name}.scaled`);
  const whole = cast(levels.write(name, data, { dims: weight.dims, bits: store.bits }));
  edit.add(makeNode("Mul", [[whole, scale], [scaled]], { name: edit.fresh(`scale_${scaled}`) }));
  read(scaled, correctedBias(edit, node, { linear, weight, means, error }));
}
