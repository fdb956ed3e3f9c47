import { floatOf, intOf } from "../graph/attributes.ts";
import { floatTensor, node as makeNode, tensorArray } from "../graph/build.ts";
import { editGraph, type GraphEdit } from "../graph/edit.ts";
import type { Attribute, Model, Node } from "../graph/model.ts";
import { indexGraph, type GraphIndex } from "../graph/uses.ts";
import type { LinearMap } from "../ops/declare.ts";
import { opOf } from "../ops/registry.ts";
import { LIMIT, riskyPairs, type RiskyPair } from "./saturation.ts";

/** A model as processors without VNNI compute it. */
export interface Emulated {
  /** To be run without the runtime's rewriting, or its integer kernels would be back. */
  readonly model: Model;
  /** Layers with pairs of weights that can saturate, and how many. None: the model computes the same everywhere. */
  readonly layers: readonly { readonly node: string; readonly pairs: number }[];
  /** Layers that integer kernels compute, these among them. */
  readonly integerLayers: number;
}

/**
 * Adds to each integer layer what its kernel loses where sums of two products saturate at 16 bits (see `saturation.ts`).
 * Of the pairs of weights few can saturate at all. Each becomes a filter of two taps over the quantised activations,
 * counted from the limit; a ReLU leaves the excess, which is taken from the layer's output. Everything stays in whole
 * numbers below 2²⁴ until then, so that float32 is exact.
 */
export function emulateSaturation(model: Model): Emulated {
  const layers: { node: string; pairs: number }[] = [];
  let integerLayers = 0;
  const index = indexGraph(model.graph);
  const graph = editGraph(model.graph, (edit) => {
    for (const node of model.graph.nodes) {
      const layer = integerLayer(node, model, index);
      if (layer === undefined) continue;
      integerLayers++;
      const pairs = riskyPairs(node, layer.weights, layer.outputAxis);
      if (pairs.length === 0) continue;
      layers.push({ node: node.name, pairs: pairs.length });
      correct(edit, layer, pairs);
    }
  });
  return { model: layers.length === 0 ? model : Object.freeze({ ...model, graph }), layers, integerLayers };
}

/** A layer that an integer kernel computes. */
interface IntegerLayer {
  readonly node: Node;
  /** The value that holds the activations in bytes, and its zero point where padding stands for it. */
  readonly bytes: string;
  readonly zeroPoint: number;
  /** What makes the bytes unsigned: the kernels add 128 to int8. */
  readonly shift: 0 | 128;
  readonly weights: { readonly data: Int8Array; readonly dims: readonly number[] };
  readonly outputAxis: number;
  /** What one level of a sum is in the output, by output channel or for all. */
  readonly scales: Float32Array;
}

function integerLayer(node: Node, model: Model, index: GraphIndex): IntegerLayer | undefined {
  if (node.op === "MatMulInteger" && node.domain === "") return matMulInteger(node, index);
  const declaration = opOf(node, model.opsets);
  const { linear } = declaration ?? {};
  if (declaration?.quantize.role !== "multiply" || linear === undefined) return undefined;
  const data = index.producer.get(node.inputs[linear.data] ?? "");
  const weight = index.producer.get(node.inputs[linear.weight] ?? "");
  if (data?.op !== "DequantizeLinear" || weight?.op !== "DequantizeLinear") return undefined;
  if (!declaration.quantize.floatOutput && !isRequantized(node, model, index)) return undefined;
  const stored = index.initializer.get(weight.inputs[0] ?? "");
  const zero = index.initializer.get(data.inputs[2] ?? "");
  const [dataScale] = floats(index, data.inputs[1]) ?? [];
  const weightScales = floats(index, weight.inputs[1]);
  if (stored?.type !== "int8" || dataScale === undefined || weightScales === undefined) return undefined;
  const isStack = stored.dims.length > 2 && linear.outputAxis(node, stored.dims.length) !== 0;
  if (isStack) return undefined;
  const factor = dataScale * (node.op === "Gemm" ? floatOf(node, "alpha", 1) : 1);
  return {
    node,
    bytes: data.inputs[0] ?? "",
    zeroPoint: zero === undefined ? 0 : Number(tensorArray(zero).data[0] ?? 0),
    shift: zero?.type === "int8" ? 128 : 0,
    weights: { data: tensorArray(stored).data as Int8Array, dims: stored.dims },
    outputAxis: outputAxisOf(node, linear, stored.dims),
    scales: weightScales.map((s) => s * factor),
  };
}

const outputAxisOf = (node: Node, linear: LinearMap, dims: readonly number[]): number =>
  dims.length < 2 ? 0 : linear.outputAxis(node, dims.length);

function matMulInteger(node: Node, index: GraphIndex): IntegerLayer | undefined {
  const stored = index.initializer.get(node.inputs[1] ?? "");
  if (stored?.type !== "int8" || stored.dims.length !== 2) return undefined;
  const weights = { data: tensorArray(stored).data as Int8Array, dims: stored.dims };
  return {
    node,
    bytes: node.inputs[0] ?? "",
    zeroPoint: 0,
    shift: 0,
    weights,
    outputAxis: 1,
    scales: Float32Array.of(1),
  };
}

/** Whether everything that reads the output does so through a quantiser, at most a clamp away: then the kernel is integer. */
function isRequantized({ outputs: [output = ""] }: Node, model: Model, index: GraphIndex): boolean {
  const uses = index.usesOf(output);
  if (uses.length === 0 || index.isOutput(output)) return false;
  return uses.every(({ node: reader }) => {
    if (reader.op === "QuantizeLinear") return true;
    return opOf(reader, model.opsets)?.quantize.role === "clamp" && isRequantized(reader, model, index);
  });
}

function floats(index: GraphIndex, name: string | undefined): Float32Array | undefined {
  const found = index.initializer.get(name ?? "");
  return found?.type === "float32" ? (tensorArray(found).data as Float32Array) : undefined;
}

function correct(edit: GraphEdit, layer: IntegerLayer, pairs: readonly RiskyPair[]): void {
  const { node, shift, zeroPoint } = layer;
  const named = (part: string): string => edit.fresh(`${node.name}.${part}`);
  const add = (
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute | number>> = {},
  ) => {
    const output = named("excess");
    edit.add(makeNode(op, [inputs, [output]], { name: edit.fresh(`${node.name}/${op}`), attributes }));
    return output;
  };
  const constant = (dims: readonly number[], data: Float32Array): string => {
    const name = named("pairs");
    edit.setInitializer(floatTensor(name, dims, data));
    return name;
  };
  // Around zero, so that padding with zeros is padding with the zero point.
  const levels = add("Cast", [layer.bytes], { to: 1 });
  const centred = zeroPoint === 0 ? levels : add("Sub", [levels, constant([], Float32Array.of(zeroPoint))]);
  const unsignedZero = zeroPoint + shift;
  const { data } = layer.weights;
  const sums = pairs.map(({ first, second }) => data[first]! + data[second]!);
  // 32,767 above, 32,768 below; filters of negative pairs are turned over.
  const offsets = Float32Array.from(sums, (sum) => unsignedZero * Math.abs(sum) - (sum > 0 ? LIMIT : LIMIT + 1));
  const { inputs, attributes, isConvolution } = filtersOf(layer, { pairs, sums });
  const filters = constant(inputs.dims, inputs.data);
  const bias = constant([pairs.length], offsets);
  const raw = isConvolution
    ? add("Conv", [centred, filters, bias], attributes)
    : add("Add", [add("MatMul", [transposed(centred), filters]), bias]);
  const excess = add("Relu", [raw]);
  const back = backOf(layer, { pairs, sums });
  const lost = isConvolution
    ? add("Conv", [excess, constant(back.dims, back.data)])
    : add("MatMul", [excess, constant(back.dims, back.data)]);
  const now = edit.current(node);
  const [output = ""] = now.outputs;
  const exact = named("exact");
  const isWhole = node.op === "MatMulInteger";
  edit.replace(node, Object.freeze({ ...now, outputs: [exact] }));
  const taken = isWhole ? add("Cast", [lost], { to: 6 }) : lost;
  edit.add(makeNode("Add", [[exact, taken], [output]], { name: edit.fresh(`${node.name}/saturate`) }));

  function transposed(value: string): string {
    return node.op === "Gemm" && intOf(node, "transA", 0) === 1 ? add("Transpose", [value]) : value;
  }
}

interface Choice {
  readonly pairs: readonly RiskyPair[];
  readonly sums: readonly number[];
}

/** Filters of two taps each: of a convolution [pairs, inputs, kernel…], of a product [depth, pairs]. */
function filtersOf(
  { node, weights: { data, dims }, outputAxis }: IntegerLayer,
  { pairs, sums }: Choice,
): {
  readonly inputs: { readonly dims: readonly number[]; readonly data: Float32Array };
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly isConvolution: boolean;
} {
  const count = pairs.length;
  if (dims.length < 3) {
    const [rows = 1, columns = 1] = dims.length < 2 ? [dims[0] ?? 1, 1] : dims;
    const depth = dims.length < 2 || outputAxis === 1 ? rows : columns;
    const filters = new Float32Array(depth * count);
    pairs.forEach(({ first, second }, p) => {
      for (const at of [first, second]) {
        const k = dims.length < 2 ? at : outputAxis === 1 ? Math.floor(at / columns) : at % columns;
        filters[k * count + p] = data[at]! * Math.sign(sums[p]!);
      }
    });
    return { inputs: { dims: [depth, count], data: filters }, attributes: {}, isConvolution: false };
  }
  const groups = intOf(node, "group", 1);
  const [outputs = 1, perGroup = 1, ...kernel] = dims;
  const size = kernel.reduce((product, d) => product * d, 1);
  const filters = new Float32Array(count * groups * perGroup * size);
  pairs.forEach(({ channel, first, second }, p) => {
    // Channels of the other groups stay zero.
    const start = (p * groups + Math.floor((channel * groups) / outputs)) * perGroup * size;
    for (const at of [first, second]) filters[start + (at % (perGroup * size))] = data[at]! * Math.sign(sums[p]!);
  });
  const { group: _, ...attributes } = node.attributes;
  return { inputs: { dims: [count, groups * perGroup, ...kernel], data: filters }, attributes, isConvolution: true };
}

/** Takes the excess of each pair from its output channel: [outputs, pairs, 1…] or [pairs, outputs]. */
function backOf(
  { weights: { dims }, outputAxis, scales }: IntegerLayer,
  { pairs, sums }: Choice,
): { readonly dims: readonly number[]; readonly data: Float32Array } {
  const count = pairs.length;
  const value = (channel: number, p: number): number =>
    -Math.sign(sums[p]!) * scales[scales.length === 1 ? 0 : channel]!;
  if (dims.length < 2) return { dims: [count], data: Float32Array.from(pairs, ({ channel }, p) => value(channel, p)) };
  const outputs = dims[outputAxis] ?? 1;
  const data = new Float32Array(count * outputs);
  const isConvolution = dims.length > 2;
  pairs.forEach(({ channel }, p) => {
    data[isConvolution ? channel * count + p : p * outputs + channel] = value(channel, p);
  });
  return { dims: isConvolution ? [outputs, count, ...dims.slice(2).map(() => 1)] : [count, outputs], data };
}
