import { LatheError } from "../base/error.ts";
import { floatTensor, node as makeNode, tensor, withoutHoles } from "../graph/build.ts";
import { editGraph, type GraphEdit } from "../graph/edit.ts";
import type { Model, Node } from "../graph/model.ts";
import type { LinearMap } from "../ops/declare.ts";
import { opOf } from "../ops/registry.ts";
import { affineOf, quantizeValues, type Affine, type QuantizedType } from "./affine.ts";
import { axisLayout, floatConstant, type FloatConstant } from "./constants.ts";
import type { Placement } from "./placeQuantizers.ts";
import { quantizeWeights, type WeightQuantizer } from "./quantizeWeights.ts";

export interface QdqOptions {
  readonly placement: Placement;
  /** Scale and zero point of each value that owns a scale (`placement.values` maps to it). */
  readonly activations: ReadonlyMap<string, Affine>;
  readonly activationType: QuantizedType;
  readonly perChannel: boolean;
  readonly weights: Pick<WeightQuantizer, "steps" | "range">;
  /** Mean of each input channel of a layer, by the value's name; switches bias correction on. */
  readonly channelMeans?: ReadonlyMap<string, Float32Array>;
}

export interface QuantizedLayer {
  readonly node: string;
  readonly op: string;
  /** Signal-to-quantisation-noise ratio of the weights, in dB. */
  readonly weightSqnr: number;
  readonly channels: number;
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
      if (!options.placement.nodes.has(node)) continue;
      const { linear } = opOf(node, model.opsets) ?? {};
      const layer = linear === undefined ? undefined : writer.quantizeLayer(node, linear);
      if (layer !== undefined) layers.push(layer);
      writer.readQuantized(node);
    }
  });
  const opsets = domain === "" ? model.opsets : { ...model.opsets, "com.microsoft": 1 };
  return { model: Object.freeze({ ...model, opsets, graph }), layers };
}

class QdqWriter {
  readonly #edit: GraphEdit;
  readonly #options: QdqOptions;
  readonly #domain: string;
  /** Value → the dequantised value that quantised nodes read instead; only where the two differ. */
  readonly #dequantized = new Map<string, string>();
  readonly #constants = new Map<string, string>();

  constructor(edit: GraphEdit, options: QdqOptions, domain: string) {
    this.#edit = edit;
    this.#options = options;
    this.#domain = domain;
  }

  /** Puts a pair on every placed value. */
  pairValues(): void {
    const { index } = this.#edit;
    for (const [value, root] of this.#options.placement.values) {
      const affine = this.#options.activations.get(root);
      if (affine === undefined) throw new LatheError("internal", `No range was collected for "${root}".`);
      const producer = index.producer.get(value);
      // What a quantised node (or a clamp behind one) makes is seen by all only through the pair.
      const isMadeInside = producer !== undefined && this.#isInside(producer);
      const raw = isMadeInside ? this.#edit.fresh(`${value}_raw`) : value;
      const restored = isMadeInside ? value : this.#edit.fresh(`${value}_dequantized`);
      if (isMadeInside) {
        const now = this.#edit.current(producer);
        this.#edit.replace(
          producer,
          Object.freeze({ ...now, outputs: now.outputs.map((o) => (o === value ? raw : o)) }),
        );
      } else this.#dequantized.set(value, restored);
      this.#pair({ from: raw, to: restored, wish: value, ...this.#affineNames(root, affine) });
    }
  }

  #isInside(node: Node): boolean {
    const { nodes } = this.#options.placement;
    if (nodes.has(node)) return true;
    const before = this.#edit.index.producer.get(node.inputs[0] ?? "");
    return before !== undefined && nodes.has(before) && !this.#options.placement.values.has(node.inputs[0] ?? "");
  }

  #pair({
    from,
    to,
    wish,
    scale,
    zeroPoint,
  }: {
    from: string;
    to: string;
    wish: string;
    scale: string;
    zeroPoint: string;
  }): void {
    const quantized = this.#edit.fresh(`${wish}_quantized`);
    this.#edit.add(
      makeNode("QuantizeLinear", [[from, scale, zeroPoint], [quantized]], {
        domain: this.#domain,
        name: this.#edit.fresh(`${wish}/quantize`),
      }),
      makeNode("DequantizeLinear", [[quantized, scale, zeroPoint], [to]], {
        domain: this.#domain,
        name: this.#edit.fresh(`${wish}/dequantize`),
      }),
    );
  }

  #affineNames(root: string, affine: Affine): { scale: string; zeroPoint: string } {
    const names = { scale: `${root}_scale`, zeroPoint: `${root}_zero_point` };
    this.#edit.setInitializer(floatTensor(names.scale, [], [affine.scale]));
    const data = affine.type === "int8" ? Int8Array.of(affine.zeroPoint) : Uint8Array.of(affine.zeroPoint);
    this.#edit.setInitializer(tensor(names.zeroPoint, { type: affine.type, dims: [], data }));
    return names;
  }

  /** Makes a quantised node read the dequantised form of what it is given, constants included. */
  readQuantized(node: Node): void {
    const now = this.#edit.current(node);
    const inputs = now.inputs.map(
      (input) => this.#dequantized.get(input) ?? this.#constantOperand(node, input) ?? input,
    );
    this.#edit.replace(node, Object.freeze({ ...now, inputs }));
  }

  /** The constant side of an addition or multiplication: one scale for all, in the activations' type. */
  #constantOperand(node: Node, input: string): string | undefined {
    const { placement, activationType } = this.#options;
    const isJoin = node.inputs.some((i) => placement.values.has(i)) && node.inputs.includes(input);
    const constant = floatConstant(this.#edit.index, input);
    if (!isJoin || constant === undefined) return undefined;
    const known = this.#constants.get(input);
    if (known !== undefined) return known;
    let [low, high] = [0, 0];
    for (const x of constant.data) [low, high] = [Math.min(low, x), Math.max(high, x)];
    const affine = affineOf(low, high, activationType);
    const name = this.#edit.fresh(`${input}_quantized`);
    this.#edit.setInitializer(
      tensor(name, { type: activationType, dims: constant.dims, data: quantizeValues(constant.data, affine) }),
    );
    const restored = this.#dequantize({ name, wish: input, names: this.#affineNames(input, affine) });
    this.#constants.set(input, restored);
    return restored;
  }

  #dequantize(what: {
    name: string;
    wish: string;
    names: { scale: string; zeroPoint: string };
    axis?: number;
  }): string {
    const restored = this.#edit.fresh(`${what.wish}_dequantized`);
    this.#edit.add(
      makeNode("DequantizeLinear", [[what.name, what.names.scale, what.names.zeroPoint], [restored]], {
        domain: this.#domain,
        name: this.#edit.fresh(`${what.wish}/dequantize`),
        attributes: what.axis === undefined ? {} : { axis: what.axis },
      }),
    );
    return restored;
  }

  /** Quantises weight and bias of a layer with constant weights; undefined for one that multiplies activations. */
  quantizeLayer(node: Node, linear: LinearMap): QuantizedLayer | undefined {
    const weight = floatConstant(this.#edit.index, node.inputs[linear.weight]);
    if (weight === undefined) return undefined;
    const { weights, placement, activations, perChannel } = this.#options;
    const input = node.inputs[linear.data] ?? "";
    const inputScale = activations.get(placement.values.get(input) ?? input)?.scale ?? 1;
    const outputAxis = linear.outputAxis(node, weight.dims.length);
    const biasName = linear.bias === undefined ? "" : (node.inputs[linear.bias] ?? "");
    const bias = floatConstant(this.#edit.index, biasName);
    const quantized = quantizeWeights(weight.data, weight.dims, {
      ...weights,
      axis: perChannel ? outputAxis : undefined,
      minimumScale: (channel) => smallestScale(bias, { channel, perChannel, inputScale }),
    });
    const name = this.#edit.fresh(`${weight.tensor.name}_quantized`);
    const names = {
      scale: this.#edit.fresh(`${weight.tensor.name}_scale`),
      zeroPoint: this.#edit.fresh(`${weight.tensor.name}_zero_point`),
    };
    const shape = perChannel ? [quantized.scales.length] : [];
    this.#edit.setInitializer(tensor(name, { type: "int8", dims: weight.dims, data: quantized.data }));
    this.#edit.setInitializer(floatTensor(names.scale, shape, quantized.scales));
    this.#edit.setInitializer(
      tensor(names.zeroPoint, { type: "int8", dims: shape, data: new Int8Array(quantized.scales.length) }),
    );
    const restored = this.#dequantize({
      name,
      wish: weight.tensor.name,
      names,
      ...(perChannel && { axis: outputAxis }),
    });

    const now = this.#edit.current(node);
    const inputs = [...now.inputs];
    inputs[linear.weight] = restored;
    const channels = axisLayout(weight.dims, outputAxis).size;
    const correction = this.#correction(node, linear, { weight, error: quantized.error, channels });
    if (linear.bias !== undefined && (bias !== undefined || correction !== undefined)) {
      const values = Float32Array.from({ length: channels }, (_, c) => (bias?.data[c] ?? 0) + (correction?.[c] ?? 0));
      inputs[linear.bias] = this.#bias(node, values, { scales: quantized.scales, inputScale });
    }
    this.#edit.replace(node, Object.freeze({ ...now, inputs: withoutHoles(inputs) }));
    return { node: node.name, op: node.op, weightSqnr: sqnr(weight.data, quantized.error), channels };
  }

  /** Bias as int32 in units of input scale × weight scale, which is what the accumulator counts in. */
  #bias(
    node: Node,
    values: Float32Array,
    { scales, inputScale }: { scales: Float32Array; inputScale: number },
  ): string {
    const units = Float32Array.from({ length: scales.length }, (_, c) => inputScale * scales[c]!);
    const data = Int32Array.from(values, (b, c) => Math.round(b / units[units.length === 1 ? 0 : c]!));
    const name = this.#edit.fresh(`${node.name}.bias_quantized`);
    const names = { scale: `${name}_scale`, zeroPoint: `${name}_zero_point` };
    const shape = units.length === 1 ? [] : [units.length];
    this.#edit.setInitializer(tensor(name, { type: "int32", dims: [data.length], data }));
    this.#edit.setInitializer(floatTensor(names.scale, shape, units));
    this.#edit.setInitializer(
      tensor(names.zeroPoint, { type: "int32", dims: shape, data: new Int32Array(units.length) }),
    );
    return this.#dequantize({ name, wish: name, names, ...(units.length > 1 && { axis: 0 }) });
  }

  /**
   * Bias correction (Nagel et al. 2019, §4.2): rounding the weights shifts the mean output of channel o by
   * −Σᵢ (Σₖ ε[o,i,k])·E[xᵢ]; the bias takes it back.
   */
  #correction(
    node: Node,
    linear: LinearMap,
    layer: { weight: FloatConstant; error: Float32Array; channels: number },
  ): Float64Array | undefined {
    const means = this.#options.channelMeans?.get(node.inputs[linear.data] ?? "");
    if (means === undefined || linear.bias === undefined) return undefined;
    const { dims } = layer.weight;
    const outputs = axisLayout(dims, linear.outputAxis(node, dims.length));
    const inputAxis = linear.inputAxis(node, dims);
    if (inputAxis === undefined) return undefined;
    const inputs = axisLayout(dims, inputAxis);
    if (inputs.size !== means.length) return undefined;
    const shift = new Float64Array(layer.channels);
    layer.error.forEach((e, at) => {
      const o = Math.floor(at / outputs.inner) % outputs.size;
      const i = Math.floor(at / inputs.inner) % inputs.size;
      shift[o] = shift[o]! + e * means[i]!;
    });
    return shift;
  }
}

/** A channel of nearly zero weights would make its bias overflow 32 bits. */
function smallestScale(
  bias: FloatConstant | undefined,
  at: { channel: number; perChannel: boolean; inputScale: number },
): number {
  if (bias === undefined) return 0;
  let peak = 0;
  if (at.perChannel) peak = Math.abs(bias.data[at.channel] ?? 0);
  else for (const b of bias.data) peak = Math.max(peak, Math.abs(b));
  return peak / (at.inputScale * 2 ** 30);
}

function sqnr(signal: Float32Array, error: Float32Array): number {
  let [power, noise] = [0, 0];
  for (let i = 0; i < signal.length; i++) {
    power += signal[i]! ** 2;
    noise += error[i]! ** 2;
  }
  return noise === 0 ? 200 : 10 * Math.log10(power / noise);
}
