import { floatOf, intOf } from "../graph/attributes.ts";
import { floatTensor, intTensor, node as makeNode, tensor } from "../graph/build.ts";
import { editGraph, type GraphEdit } from "../graph/edit.ts";
import type { Model, Node } from "../graph/model.ts";
import type { LinearMap } from "../ops/declare.ts";
import { opOf } from "../ops/registry.ts";
import { floatConstant, type FloatConstant } from "./constants.ts";
import { quantizeWeights } from "./quantizeWeights.ts";
import { exactScales } from "./saturation.ts";

export interface DynamicOptions {
  readonly perChannel: boolean;
  /** Largest magnitude of a quantised weight: 127, or 64 for seven bits. */
  readonly steps: number;
  /** Scales with which no sum can saturate, on processors without VNNI either. */
  readonly isExact: boolean;
  readonly isExcluded: (node: Node) => boolean;
  /** Also convolutions; their integer kernel is slow on most processors. */
  readonly convolutions: boolean;
}

export interface DynamicResult {
  readonly model: Model;
  readonly layers: readonly { readonly node: string; readonly op: string }[];
  /** Why each layer that multiplies by constant weights stays in float. */
  readonly kept: readonly { readonly node: string; readonly op: string; readonly reason: string }[];
}

/**
 * Replaces layers with constant weights by integer ones whose activations get their scale at run time:
 * DynamicQuantizeLinear, then MatMulInteger or ConvInteger, then one multiplication by both scales (ONNX
 * §DynamicQuantizeLinear). Values keep their names.
 * @param model normalised, constants in memory, opset 11 or newer
 */
export function quantizeDynamically(model: Model, options: DynamicOptions): DynamicResult {
  const layers: { node: string; op: string }[] = [];
  const kept: { node: string; op: string; reason: string }[] = [];
  const graph = editGraph(model.graph, (edit) => {
    const writer = new DynamicWriter(edit, options);
    for (const node of model.graph.nodes) {
      const declaration = opOf(node, model.opsets);
      if (declaration?.quantize.role !== "multiply" || declaration.linear === undefined) continue;
      const reason = options.isExcluded(node) ? "it is excluded" : writer.write(node, declaration.linear);
      if (reason === undefined) layers.push({ node: node.name, op: node.op });
      else kept.push({ node: node.name, op: node.op, reason });
    }
  });
  return { model: Object.freeze({ ...model, graph }), layers, kept };
}

/** An activation as integers, made once for all who read it. */
interface QuantizedInput {
  readonly values: string;
  readonly scale: string;
  readonly zeroPoint: string;
}

class DynamicWriter {
  readonly #edit: GraphEdit;
  readonly #options: DynamicOptions;
  readonly #inputs = new Map<string, QuantizedInput>();

  constructor(edit: GraphEdit, options: DynamicOptions) {
    this.#edit = edit;
    this.#options = options;
  }

  /** Quantises one layer, or says why it cannot be. */
  write(node: Node, linear: LinearMap): string | undefined {
    const weight = floatConstant(this.#edit.index, node.inputs[linear.weight]);
    if (weight === undefined) return "its weights are computed or not float32";
    const spatial = linear.dataAxis(weight.dims.length) === 1 && weight.dims.length > 2;
    if (spatial && !this.#options.convolutions) return "convolutions are left in float";
    if (!spatial && weight.dims.length !== 2) return `its weight has ${weight.dims.length} dimensions`;
    if (floatOf(node, "alpha", 1) !== 1 || floatOf(node, "beta", 1) !== 1) return "it is scaled by alpha or beta";
    if (intOf(node, "transA", 0) !== 0) return "its data is transposed";
    if (spatial) this.#convolution(node, linear, weight);
    else this.#matrix(node, linear, weight);
    return undefined;
  }

  #input(value: string): QuantizedInput {
    const known = this.#inputs.get(value);
    if (known !== undefined) return known;
    const [values, scale, zeroPoint] = ["int8", "scale", "zero"].map((part) =>
      this.#edit.fresh(`${value}.${part}`),
    ) as [string, string, string];
    this.#edit.add(makeNode("DynamicQuantizeLinear", [[value], [values, scale, zeroPoint]]));
    const made = { values, scale, zeroPoint };
    this.#inputs.set(value, made);
    return made;
  }

  #matrix(node: Node, linear: LinearMap, weight: FloatConstant): void {
    const outputAxis = linear.outputAxis(node, 2);
    // MatMulInteger wants [inputs, outputs].
    const upright = outputAxis === 1 ? weight : transpose(weight);
    const { perChannel } = this.#options;
    const exact = this.#options.isExact ? exactScales(node, upright, { outputAxis: 1, perChannel }) : undefined;
    const { data, scales } = this.#weights(upright, 1, exact);
    const name = this.#constant(weight.tensor.name, upright.dims, data);
    const input = this.#input(node.inputs[linear.data] ?? "");
    const scale = this.#edit.fresh(`${node.name}.scale`);
    this.#edit.setInitializer(floatTensor(scale, scales.length === 1 ? [] : [scales.length], scales));
    const zero = this.#edit.fresh(`${node.name}.zero`);
    this.#edit.setInitializer(
      tensor(zero, {
        type: "int8",
        dims: scales.length === 1 ? [] : [scales.length],
        data: new Int8Array(scales.length),
      }),
    );
    this.#finish(node, {
      integer: makeNode("MatMulInteger", [
        [input.values, name, input.zeroPoint, zero],
        [this.#edit.fresh(`${node.name}.sum`)],
      ]),
      scales: [input.scale, scale],
      bias: node.inputs[linear.bias ?? -1] ?? "",
    });
  }

  #convolution(node: Node, linear: LinearMap, weight: FloatConstant): void {
    // Its kernel takes unsigned weights and sums in 32 bits.
    const { data, scales } = this.#weights(weight, 0);
    const name = this.#constant(weight.tensor.name, weight.dims, data);
    const input = this.#input(node.inputs[linear.data] ?? "");
    // Along axis 1 of the output: [O, 1, 1] broadcasts over [N, O, H, W].
    const column = weight.dims.slice(2).map(() => 1);
    const scale = this.#edit.fresh(`${node.name}.scale`);
    this.#edit.setInitializer(floatTensor(scale, scales.length === 1 ? [] : [scales.length, ...column], scales));
    const biasName = node.inputs[linear.bias ?? -1] ?? "";
    let bias = "";
    if (biasName !== "") {
      const shape = this.#edit.fresh(`${node.name}.bias_shape`);
      this.#edit.setInitializer(intTensor(shape, [column.length + 1], [-1, ...column]));
      bias = this.#edit.fresh(`${node.name}.bias`);
      this.#edit.add(makeNode("Reshape", [[biasName, shape], [bias]]));
    }
    const integer = makeNode(
      "ConvInteger",
      [[input.values, name, input.zeroPoint], [this.#edit.fresh(`${node.name}.sum`)]],
      {
        attributes: node.attributes,
      },
    );
    this.#finish(node, { integer, scales: [input.scale, scale], bias });
  }

  #finish(node: Node, parts: { integer: Node; scales: readonly [string, string]; bias: string }): void {
    const output = node.outputs[0] ?? "";
    const real = this.#edit.fresh(`${node.name}.real`);
    const scale = this.#edit.fresh(`${node.name}.scales`);
    const scaled = parts.bias === "" ? output : this.#edit.fresh(`${node.name}.scaled`);
    const nodes = [
      parts.integer,
      makeNode("Cast", [parts.integer.outputs, [real]], { attributes: { to: 1 } }),
      makeNode("Mul", [parts.scales, [scale]]),
      makeNode("Mul", [[real, scale], [scaled]], {
        name: parts.bias === "" ? node.name : this.#edit.fresh(`${node.name}/scale`),
      }),
    ];
    if (parts.bias !== "") nodes.push(makeNode("Add", [[scaled, parts.bias], [output]], { name: node.name }));
    this.#edit.replace(node, ...nodes);
  }

  #weights(weight: FloatConstant, outputAxis: number, least?: Float64Array): { data: Int8Array; scales: Float32Array } {
    const { perChannel, steps } = this.#options;
    return quantizeWeights(weight.data, weight.dims, {
      axis: perChannel ? outputAxis : undefined,
      steps,
      range: "min-max",
      minimumScale: (channel) => least?.[channel] ?? 0,
    });
  }

  #constant(original: string, dims: readonly number[], data: Int8Array): string {
    const isFree = this.#edit.index.usesOf(original).length === 1;
    const name = isFree ? original : this.#edit.fresh(`${original}.int8`);
    this.#edit.setInitializer(tensor(name, { type: "int8", dims, data }));
    return name;
  }
}

function transpose(weight: FloatConstant): FloatConstant {
  const [rows = 1, columns = 1] = weight.dims;
  const data = new Float32Array(weight.data.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) data[c * rows + r] = weight.data[r * columns + c]!;
  return { ...weight, dims: [columns, rows], data };
}
