import { throwIfCancelled } from "../../base/cancel.ts";
import { seededRandom, type Random } from "../../base/random.ts";
import { intOf, intsOf, stringOf } from "../../graph/attributes.ts";
import { tensorArray, value } from "../../graph/build.ts";
import type { Model, Node } from "../../graph/model.ts";
import { indexGraph, type GraphIndex } from "../../graph/uses.ts";
import { opOf } from "../../ops/registry.ts";
import { decibels } from "../../measure/outputError.ts";
import { withSession } from "../../runtime/session.ts";
import type { SampleStream } from "../../data/batches.ts";
import { emulateSaturation } from "../../transform/emulateSaturation.ts";
import { countSaturation, type SaturationCount } from "../../transform/saturation.ts";
import type { MethodContext } from "../define.ts";
import type { LayerSaturation } from "./findings.ts";
import type { Params } from "./params.ts";

/** Output positions that are checked in each layer and batch. */
const POSITIONS = 96;
/** Output channels that are checked at each position. */
const CHANNELS = 48;

interface Layer {
  readonly node: Node;
  /** The value that holds the quantised activations. */
  readonly quantized: string;
  readonly weights: Int8Array;
  readonly dims: readonly number[];
  /** What turns the stored activations into unsigned ones: the kernels add 128 to int8. */
  readonly shift: number;
  readonly zeroPoint: number;
}

/**
 * Emulates the x86 kernels without VNNI on sampled outputs of each layer that can saturate, over real quantised
 * activations.
 */
export async function checkPortability(
  model: Model,
  stream: SampleStream,
  context: MethodContext<Params>,
): Promise<readonly LayerSaturation[]> {
  const index = indexGraph(model.graph);
  const risky = new Set(emulateSaturation(model).layers.map((l) => l.node));
  const layers = model.graph.nodes.flatMap((n) => (risky.has(n.name) ? (layerOf(n, model, index) ?? []) : []));
  if (layers.length === 0) return [];
  const shown = [...new Set(layers.map((l) => l.quantized))];
  const typeOf = (name: string): "int8" | "uint8" =>
    layers.find((l) => l.quantized === name)?.shift === 128 ? "int8" : "uint8";
  const watched: Model = {
    ...model,
    graph: { ...model.graph, outputs: shown.map((name) => value(name, typeOf(name))) },
  };
  const counts = new Map(layers.map((l) => [l, { pairs: 0, saturated: 0, signal: 0, noise: 0 }]));
  const random = seededRandom(context.seed, "portability");
  // The runtime's own rewriting would fuse the quantised values away.
  await withSession(watched, { ...context.session, optimization: "none", host: context.host }, async (open) => {
    const input = open.inputs[0]!;
    const fixed = input.dims[0];
    for await (const batch of stream.batches(typeof fixed === "number" ? fixed : 8, context.signal)) {
      throwIfCancelled(context.signal);
      if (typeof fixed === "number" && batch.indices.length !== fixed) continue;
      const outputs = await open.run({ [input.name]: batch.input });
      for (const layer of layers) {
        const found = outputs[layer.quantized];
        if (found === undefined || !(found.data instanceof Uint8Array || found.data instanceof Int8Array)) continue;
        sampleLayer(layer, { dims: found.dims, data: found.data, random, into: counts.get(layer)! });
      }
    }
  });
  return layers.flatMap((layer) => {
    const { pairs, saturated, signal, noise } = counts.get(layer)!;
    // Layers of a form that is not emulated have seen no pairs.
    return pairs === 0 ? [] : [{ node: layer.node.name, saturated: saturated / pairs, sqnr: decibels(signal, noise) }];
  });
}

function layerOf(node: Node, model: Model, index: GraphIndex): Layer | undefined {
  const declaration = opOf(node, model.opsets);
  const { linear } = declaration ?? {};
  if (declaration?.quantize.role !== "multiply" || linear === undefined) return undefined;
  const activations = index.producer.get(node.inputs[linear.data] ?? "");
  const weights = index.producer.get(node.inputs[linear.weight] ?? "");
  if (activations?.op !== "DequantizeLinear" || weights?.op !== "DequantizeLinear") return undefined;
  const constant = index.initializer.get(weights.inputs[0] ?? "");
  const zero = index.initializer.get(activations.inputs[2] ?? "");
  if (constant?.type !== "int8" || zero === undefined) return undefined;
  if (intOf(node, "group", 1) !== 1) return undefined;
  const data = tensorArray(constant).data as Int8Array;
  const shift = zero.type === "int8" ? 128 : 0;
  const packed = pack(data, constant.dims, linear.outputAxis(node, constant.dims.length));
  const zeroPoint = Number(tensorArray(zero).data[0] ?? 0) + shift;
  return { node, quantized: activations.inputs[0] ?? "", weights: packed, dims: constant.dims, shift, zeroPoint };
}

/** Weights as rows of one output channel each, in packing order: kernel positions outside, input channels inside. */
function pack(data: Int8Array, dims: readonly number[], outputAxis: number): Int8Array {
  const out = new Int8Array(data.length);
  if (dims.length === 2) {
    const [rows = 1, columns = 1] = dims;
    if (outputAxis === 0) return data;
    for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = data[r * columns + c]!;
    return out;
  }
  const [outputs = 1, inputs = 1] = dims;
  const kernel = data.length / outputs / inputs;
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      for (let k = 0; k < kernel; k++) out[(o * kernel + k) * inputs + i] = data[(o * inputs + i) * kernel + k]!;
    }
  }
  return out;
}

interface Sampling {
  readonly dims: readonly number[];
  readonly data: Uint8Array | Int8Array;
  readonly random: Random;
  readonly into: SaturationCount;
}

function sampleLayer(layer: Layer, sampling: Sampling): void {
  const depth = layer.weights.length / outputsOf(layer);
  const row = new Uint8Array(depth);
  const gather = layer.dims.length === 4 && sampling.dims.length === 4 ? gatherPatch : gatherRow;
  for (let p = 0; p < POSITIONS; p++) {
    if (!gather(layer, sampling, row)) return;
    for (let c = 0; c < CHANNELS; c++) {
      const channel = sampling.random.integer(outputsOf(layer));
      countSaturation(row, { weights: layer.weights, offset: channel * depth }, sampling.into);
    }
  }
}

function outputsOf({ node, dims }: Layer): number {
  if (dims.length !== 2) return dims[0] ?? 1;
  return (intOf(node, "transB", 0) === 1 ? dims[0] : dims[1]) ?? 1;
}

type Gather = (layer: Layer, sampling: Sampling, row: Uint8Array) => boolean;

/** A random row of a matrix of activations. */
const gatherRow: Gather = (layer, { data, random }, row) => {
  const rows = Math.floor(data.length / row.length);
  if (layer.dims.length !== 2 || rows === 0) return false;
  const start = random.integer(rows) * row.length;
  for (let k = 0; k < row.length; k++) row[k] = data[start + k]! + layer.shift;
  return true;
};

/** The patch under a random output position of a 2-D convolution; outside the image lies the zero point. */
const gatherPatch: Gather = (layer, { dims, data, random }, row) => {
  const [samples = 1, channels = 1, height = 1, width = 1] = dims;
  const [, , kernelHeight = 1, kernelWidth = 1] = layer.dims;
  const [strideY = 1, strideX = 1] = intsOf(layer.node, "strides") ?? [];
  const [dilateY = 1, dilateX = 1] = intsOf(layer.node, "dilations") ?? [];
  const [top = 0, left = 0, bottom = 0, right = 0] = padsOf(layer.node, [kernelHeight, kernelWidth]);
  const outHeight = Math.floor((height + top + bottom - dilateY * (kernelHeight - 1) - 1) / strideY) + 1;
  const outWidth = Math.floor((width + left + right - dilateX * (kernelWidth - 1) - 1) / strideX) + 1;
  if (outHeight < 1 || outWidth < 1) return false;
  const sample = random.integer(samples);
  const [y0, x0] = [random.integer(outHeight) * strideY - top, random.integer(outWidth) * strideX - left];
  let at = 0;
  for (let ky = 0; ky < kernelHeight; ky++) {
    for (let kx = 0; kx < kernelWidth; kx++) {
      const [y, x] = [y0 + ky * dilateY, x0 + kx * dilateX];
      const isInside = y >= 0 && y < height && x >= 0 && x < width;
      for (let c = 0; c < channels; c++, at++) {
        row[at] = isInside ? data[((sample * channels + c) * height + y) * width + x]! + layer.shift : layer.zeroPoint;
      }
    }
  }
  return true;
};

/** Explicit pads; SAME is taken as symmetric, which moves patches by at most one pixel. */
function padsOf(node: Node, kernel: readonly number[]): readonly number[] {
  if (stringOf(node, "auto_pad", "NOTSET").startsWith("SAME")) {
    const half = kernel.map((k) => Math.floor((k - 1) / 2));
    return [...half, ...half];
  }
  return intsOf(node, "pads") ?? [];
}
