import type { NdArray } from "../base/array.ts";
import { LatheError } from "../base/error.ts";
import { floatTensor, node as makeNode, tensor, withoutHoles } from "../graph/build.ts";
import { floatAttribute } from "../graph/attributes.ts";
import { editGraph, type GraphEdit } from "../graph/edit.ts";
import type { Model, Node } from "../graph/model.ts";
import type { LinearMap } from "../ops/declare.ts";
import { opOf } from "../ops/registry.ts";
import { affineOf, limitsOf, quantizeValues, type Affine, type QuantizedType } from "./affine.ts";
import { weightLevels, type Bits } from "./bits.ts";
import { axisLayout, floatConstant, type FloatConstant } from "./constants.ts";
import { biasCorrection } from "./correctBias.ts";
import { LevelWriter } from "./packBits.ts";
import type { Placement } from "./placeQuantizers.ts";
import { quantizeWeights, type WeightQuantizer } from "./quantizeWeights.ts";
import { exactScales } from "./saturation.ts";

/** What a layer does differently from eight bits by the common settings. */
export interface LayerGrid {
  /** Of its weights; fewer than eight are stored packed and computed with in int8. */
  readonly bits: Bits;
  /** Learned weight scales, one per output channel (or one). */
  readonly scales?: Float32Array;
  /** A grid for its data with fewer levels than the value has for its other readers. */
  readonly input?: Affine;
}

export interface QdqOptions {
  readonly placement: Placement;
  /** Scale and zero point of each value that owns a scale (`placement.values` maps to it). */
  readonly activations: ReadonlyMap<string, Affine>;
  readonly activationType: QuantizedType;
  readonly perChannel: boolean;
  readonly weights: Pick<WeightQuantizer, "steps" | "range">;
  /** Scales of eight-bit weights with which no sum can saturate, on processors without VNNI either. */
  readonly isExact: boolean;
  /** By node name; wants opset 13. */
  readonly layers?: ReadonlyMap<string, LayerGrid>;
  /** Mean of each input channel of a layer, by the value's name; switches bias correction on. */
  readonly channelMeans?: ReadonlyMap<string, Float32Array>;
}

export interface QuantizedLayer {
  readonly node: string;
  readonly op: string;
  /** Signal-to-quantisation-noise ratio of the weights, in dB. */
  readonly weightSqnr: number;
  readonly channels: number;
  /** Of these, those with fewer levels than there are, so that no sum can saturate. */
  readonly reduced: number;
}

export interface QdqResult {
  readonly model: Model;
  readonly layers: readonly QuantizedLayer[];
}

/**
 * Writes the placement into the graph as QuantizeLinear/DequantizeLinear pairs (ONNX §QuantizeLinear),
 * int8 weights and int32 biases. Values keep their names on the dequantised side, so that whatever else
 * reads them is not touched. Below opset 13, which has no per-channel form, the pairs are those of
 * onnxruntime's own domain.
 * @param model normalised, constants in memory; the one that was placed
 * @throws internal where a placed value has no scale
 */
export function insertQdq(model: Model, options: QdqOptions): QdqResult {
  const domain = (model.opsets[""] ?? 0) >= 13 ? "" : "com.microsoft";
  const layers: QuantizedLayer[] = [];
  const graph = editGraph(model.graph, (edit) => {
    const writer = new QdqWriter(edit, options, domain);
    writer.pairValues();
    for (const node of model.graph.nodes) {
      const declaration = opOf(node, model.opsets);
      if (!options.placement.nodes.has(node)) {
        if (declaration?.linear !== undefined) writer.keepFloat(node, declaration.linear);
        continue;
      }
      const layer = declaration?.linear === undefined ? undefined : writer.quantizeLayer(node, declaration.linear);
      if (layer !== undefined) layers.push(layer);
      writer.readQuantized(node, declaration?.quantize.role === "join");
      const input = options.layers?.get(node.name)?.input;
      if (input !== undefined && declaration?.linear !== undefined) writer.narrow(node, declaration.linear.data, input);
    }
  });
  const opsets = domain === "" ? model.opsets : { ...model.opsets, "com.microsoft": 1 };
  return { model: Object.freeze({ ...model, opsets, graph }), layers };
}

/** Names of the constants of one affine map; int8 weights and biases have no zero point. */
interface AffineNames {
  readonly scale: string;
  readonly zeroPoint?: string;
}

/**
 * Names are short, q1, q2, …: what they belong to is seen from the values they connect, and in a small
 * network long ones would take a tenth of the file.
 */
class QdqWriter {
  readonly #edit: GraphEdit;
  readonly #options: QdqOptions;
  readonly #domain: string;
  /** Value → the dequantised value that quantised nodes read instead; only where the two differ. */
  readonly #dequantized = new Map<string, string>();
  readonly #constants = new Map<string, string>();
  readonly #affines = new Map<string, AffineNames>();
  readonly #levels: LevelWriter;
  /** Dequantised value and grid → the same with fewer levels. */
  readonly #narrowed = new Map<string, string>();
  #count = 0;

  constructor(edit: GraphEdit, options: QdqOptions, domain: string) {
    this.#edit = edit;
    this.#options = options;
    this.#domain = domain;
    this.#levels = new LevelWriter(edit);
  }

  /** Puts a pair on every placed value. */
  pairValues(): void {
    const { index } = this.#edit;
    for (const [value, root] of this.#options.placement.values) {
      const names = this.#affineOf(root);
      const producer = index.producer.get(value);
      const stem = this.#stem();
      // What a quantised node (or a clamp behind one) makes is seen by all only through the pair.
      const isMadeInside = producer !== undefined && this.#isInside(producer);
      const raw = isMadeInside ? this.#edit.fresh(`${stem}.raw`) : value;
      const restored = isMadeInside ? value : this.#edit.fresh(`${stem}.dq`);
      if (isMadeInside) {
        const now = this.#edit.current(producer);
        const outputs = now.outputs.map((o) => (o === value ? raw : o));
        this.#edit.replace(producer, Object.freeze({ ...now, outputs }));
      } else this.#dequantized.set(value, restored);
      const clipped = this.#clip(raw, this.#options.activations.get(root)!);
      this.#node("QuantizeLinear", [[clipped, ...operands(names)], stem]);
      this.#node("DequantizeLinear", [[stem, ...operands(names)], restored]);
    }
  }

  /**
   * A layer that stays in float between quantised values: the runtime would quantise its weight by itself, with one scale
   * for all channels (WeightBiasQuantization, onnxruntime 1.20 and newer). It does not see through a LeakyRelu, and one
   * of slope 1 changes nothing and is computed within the layer.
   */
  keepFloat(node: Node, { data, bias }: LinearMap): void {
    const { index } = this.#edit;
    const { values } = this.#options.placement;
    const [output = ""] = node.outputs;
    const [use, ...more] = index.usesOf(output);
    const isClamped = more.length === 0 && use !== undefined && values.has(use.node.outputs[0] ?? "");
    const isBetween = values.has(node.inputs[data] ?? "") && (values.has(output) || isClamped);
    // Ops without a bias are left alone by the runtime.
    if (!isBetween || bias === undefined) return;
    const now = this.#edit.current(node);
    const made = now.outputs[0] ?? "";
    const raw = this.#edit.fresh(`${node.name}.float`);
    this.#edit.replace(node, Object.freeze({ ...now, outputs: [raw] }));
    const name = this.#edit.fresh(`keep_${raw}`);
    this.#edit.add(makeNode("LeakyRelu", [[raw], [made]], { name, attributes: { alpha: floatAttribute(1) } }));
  }

  /** Keeps a value within the levels in use, where the type has more. */
  #clip(value: string, { type, scale, zeroPoint, levels }: Affine): string {
    if (levels === undefined) return value;
    const stem = this.#stem();
    const bounds = limitsOf(type, levels).map((level) => {
      const name = this.#edit.fresh(`${stem}.bound`);
      this.#edit.setInitializer(floatTensor(name, [], [Math.fround((level - zeroPoint) * scale)]));
      return name;
    });
    this.#edit.add(makeNode("Clip", [[value, ...bounds], [stem]], { name: this.#edit.fresh(`clip_${stem}`) }));
    return stem;
  }

  /** Has a quantised layer read its data with fewer levels. */
  narrow(node: Node, slot: number, affine: Affine): void {
    const now = this.#edit.current(node);
    const value = now.inputs[slot] ?? "";
    const key = `${value} ${affine.scale} ${affine.zeroPoint} ${affine.levels ?? 256}`;
    const known = this.#narrowed.get(key) ?? this.#pair(value, affine);
    this.#narrowed.set(key, known);
    this.#edit.replace(node, Object.freeze({ ...now, inputs: now.inputs.with(slot, known) }));
  }

  #pair(value: string, affine: Affine): string {
    const names = this.#addAffine(affine);
    const stem = this.#stem();
    const restored = this.#edit.fresh(`${stem}.dq`);
    this.#node("QuantizeLinear", [[this.#clip(value, affine), ...operands(names)], stem]);
    this.#node("DequantizeLinear", [[stem, ...operands(names)], restored]);
    return restored;
  }

  #isInside(node: Node): boolean {
    const { nodes, values } = this.#options.placement;
    if (nodes.has(node)) return true;
    const before = this.#edit.index.producer.get(node.inputs[0] ?? "");
    return before !== undefined && nodes.has(before) && !values.has(node.inputs[0] ?? "");
  }

  #stem(): string {
    this.#count++;
    return this.#edit.fresh(`q${this.#count}`);
  }

  #node(op: string, [inputs, output]: readonly [readonly string[], string], axis?: number): void {
    const attributes: Record<string, number> = axis === undefined ? {} : { axis };
    const name = this.#edit.fresh(`${op === "QuantizeLinear" ? "quantize" : "dequantize"}_${output}`);
    this.#edit.add(makeNode(op, [inputs, [output]], { domain: this.#domain, name, attributes }));
  }

  /** Constants for the scale and zero point of a value, made once. */
  #affineOf(root: string): AffineNames {
    const affine = this.#options.activations.get(root);
    if (affine === undefined) throw new LatheError("internal", `No range was collected for "${root}".`);
    const known = this.#affines.get(root) ?? this.#addAffine(affine);
    this.#affines.set(root, known);
    return known;
  }

  #addAffine({ type, scale, zeroPoint }: Affine): AffineNames {
    const stem = this.#stem();
    const names = { scale: this.#edit.fresh(`${stem}.scale`), zeroPoint: this.#edit.fresh(`${stem}.zero`) };
    this.#edit.setInitializer(floatTensor(names.scale, [], [scale]));
    const data = type === "int8" ? Int8Array.of(zeroPoint) : Uint8Array.of(zeroPoint);
    this.#edit.setInitializer(tensor(names.zeroPoint, { type, dims: [], data }));
    return names;
  }

  /** Makes a quantised node read the dequantised form of what it is given, constants included. */
  readQuantized(node: Node, isJoin: boolean): void {
    const now = this.#edit.current(node);
    const restore = (input: string): string =>
      this.#dequantized.get(input) ?? (isJoin ? this.#constantOperand(input) : undefined) ?? input;
    this.#edit.replace(node, Object.freeze({ ...now, inputs: now.inputs.map(restore) }));
  }

  /** The constant side of an addition or multiplication: one scale for all, in the activations' type. */
  #constantOperand(input: string): string | undefined {
    const constant = floatConstant(this.#edit.index, input);
    const known = this.#constants.get(input);
    if (constant === undefined || known !== undefined) return known;
    const type = this.#options.activationType;
    let [low, high] = [0, 0];
    for (const x of constant.data) [low, high] = [Math.min(low, x), Math.max(high, x)];
    const affine = affineOf(low, high, type);
    const data = quantizeValues(constant.data, affine);
    const restored = this.#constant(input, { type, dims: constant.dims, data }, this.#addAffine(affine));
    this.#constants.set(input, restored);
    return restored;
  }

  /** A quantised constant with its DequantizeLinear. It keeps the name of the float one where nothing else reads that. */
  #constant(
    original: string,
    array: NdArray,
    { axis, bits = 8, ...names }: AffineNames & { readonly axis?: number | undefined; readonly bits?: Bits },
  ): string {
    const stem = this.#stem();
    const { index } = this.#edit;
    const isFree = index.usesOf(original).length === 1 && !index.isOutput(original);
    const name = isFree ? original : this.#edit.fresh(`${stem}.value`);
    const isPacked = bits < 8 && array.data instanceof Int8Array;
    if (!isPacked) this.#edit.setInitializer(tensor(name, array));
    const quantized = isPacked ? this.#levels.write(name, array.data, { dims: array.dims, bits }) : name;
    this.#node("DequantizeLinear", [[quantized, ...operands(names)], stem], axis);
    return stem;
  }

  /** Quantises weight and bias of a layer with constant weights; undefined for one that multiplies activations. */
  quantizeLayer(node: Node, linear: LinearMap): QuantizedLayer | undefined {
    const weight = floatConstant(this.#edit.index, node.inputs[linear.weight]);
    if (weight === undefined) return undefined;
    const { placement, activations } = this.#options;
    const grid = this.#options.layers?.get(node.name);
    const input = node.inputs[linear.data] ?? "";
    const inputScale = grid?.input?.scale ?? activations.get(placement.values.get(input) ?? input)?.scale ?? 1;
    const outputAxis = linear.outputAxis(node, weight.dims.length);
    const biasName = linear.bias === undefined ? "" : (node.inputs[linear.bias] ?? "");
    const axis = this.#options.perChannel && hasChannelScales(weight.dims, outputAxis) ? outputAxis : undefined;
    const channels = axisLayout(weight.dims, outputAxis).size;
    const bias = perChannelBias(floatConstant(this.#edit.index, biasName), channels);
    const quantizer = { ...this.#quantizer(grid), axis };
    const exact =
      this.#options.isExact && (grid?.bits ?? 8) === 8
        ? exactScales(node, weight, { outputAxis, perChannel: axis !== undefined })
        : undefined;
    const { data, scales, error } = quantizeWeights(weight.data, weight.dims, {
      ...quantizer,
      minimumScale: (channel) =>
        Math.max(
          exact?.[channel] ?? 0,
          smallestScale(bias, { channel: axis === undefined ? undefined : channel, inputScale }),
        ),
    });
    const means = this.#options.channelMeans?.get(input);
    const correction = biasCorrection(node, linear, { weight, error, means });
    const inputs = [...this.#edit.current(node).inputs];
    inputs[linear.weight] = this.#scaled(
      weight.tensor.name,
      { type: "int8", dims: weight.dims, data },
      { scales, axis, bits: grid?.bits },
    );
    if (linear.bias !== undefined && (bias !== undefined || correction !== undefined)) {
      const values = Float32Array.from({ length: channels }, (_, c) => (bias?.[c] ?? 0) + (correction?.[c] ?? 0));
      // int32 in units of input scale × weight scale, which is what the accumulator counts in.
      const units = scales.map((scale) => inputScale * scale);
      const counts = Int32Array.from(values, (b, c) => Math.round(b / units[units.length === 1 ? 0 : c]!));
      inputs[linear.bias] = this.#scaled(
        biasName,
        { type: "int32", dims: [channels], data: counts },
        { scales: units, axis: axis === undefined ? undefined : 0 },
      );
    }
    this.#edit.replace(node, Object.freeze({ ...this.#edit.current(node), inputs: withoutHoles(inputs) }));
    const reduced = exact === undefined ? 0 : countReduced(scales, exact) * (axis === undefined ? channels : 1);
    return { node: node.name, op: node.op, weightSqnr: sqnr(weight.data, error), channels, reduced };
  }

  #quantizer(grid: LayerGrid | undefined): Omit<WeightQuantizer, "axis"> {
    const { weights } = this.#options;
    if (grid === undefined) return weights;
    const learned = grid.scales === undefined ? {} : { scales: grid.scales };
    if (grid.bits === 8) return { ...weights, ...learned };
    const [lowest, steps] = weightLevels(grid.bits);
    return { steps, lowest, range: "mse", ...learned };
  }

  /** A constant with one scale, or one per index of `axis`, and zero point 0. */
  #scaled(
    original: string,
    array: NdArray,
    { scales, axis, bits = 8 }: { scales: Float32Array; axis: number | undefined; bits?: Bits | undefined },
  ): string {
    const stem = this.#stem();
    const names = { scale: this.#edit.fresh(`${stem}.scale`), zeroPoint: this.#edit.fresh(`${stem}.zero`) };
    const dims = axis === undefined ? [] : [scales.length];
    this.#edit.setInitializer(floatTensor(names.scale, dims, scales));
    // The runtime's integer Gemm wants a zero point for its weights; all else does without.
    if (array.type === "int8" && array.dims.length === 2) {
      const data = new Int8Array(scales.length);
      this.#edit.setInitializer(tensor(names.zeroPoint, { type: "int8", dims, data }));
      return this.#constant(original, array, { ...names, axis, bits });
    }
    return this.#constant(original, array, { scale: names.scale, axis, bits });
  }
}

const operands = ({ scale, zeroPoint }: AffineNames): readonly string[] =>
  zeroPoint === undefined ? [scale] : [scale, zeroPoint];

/** Whether the runtime's kernels take a scale for each output channel: not for vectors and stacks of matrices. */
function hasChannelScales(dims: readonly number[], outputAxis: number): boolean {
  return dims.length === 2 || (dims.length > 2 && outputAxis === 0);
}

/** A bias that is one number for all channels, spread over them. */
function perChannelBias(bias: FloatConstant | undefined, channels: number): Float32Array | undefined {
  return bias?.data.length === 1 ? new Float32Array(channels).fill(bias.data[0]!) : bias?.data;
}

/** A channel of nearly zero weights would make its bias overflow 32 bits. Without a channel: for all of them. */
function smallestScale(
  bias: Float32Array | undefined,
  at: { channel: number | undefined; inputScale: number },
): number {
  let peak = 0;
  if (at.channel !== undefined) peak = Math.abs(bias?.[at.channel] ?? 0);
  else for (const b of bias ?? []) peak = Math.max(peak, Math.abs(b));
  return peak / (at.inputScale * 2 ** 30);
}

/** Scales that are what exactness asks for, and no smaller one. */
function countReduced(scales: Float32Array, exact: Float64Array): number {
  return scales.reduce((count, scale, c) => count + (exact[c]! > 0 && scale === Math.fround(exact[c]!) ? 1 : 0), 0);
}

function sqnr(signal: Float32Array, error: Float32Array): number {
  let [power, noise] = [0, 0];
  for (let i = 0; i < signal.length; i++) {
    power += signal[i]! ** 2;
    noise += error[i]! ** 2;
  }
  return noise === 0 ? 200 : 10 * Math.log10(power / noise);
}
