import type { NdArray } from "../base/array.ts";
import { LatheError } from "../base/error.ts";
import { floatTensor, node as makeNode, tensor, tensorArray } from "../graph/build.ts";
import { editGraph, type GraphEdit } from "../graph/edit.ts";
import type { Model, Node } from "../graph/model.ts";
import { indexGraph } from "../graph/uses.ts";
import { opOf } from "../ops/registry.ts";
import { limitsOf, type Affine } from "./affine.ts";
import { weightLevels, type Bits } from "./bits.ts";
import { axisLayout, floatConstant } from "./constants.ts";
import { quantizeWeights } from "./quantizeWeights.ts";
import { exactScales } from "./saturation.ts";
import type { EightBits, FormatPlan } from "./writeFormats.ts";

/** What is simulated. */
export interface FakePlan {
  /** Of the folded model, whose names the values and layers of the model have as well. */
  readonly formats: FormatPlan;
  readonly folded: Model;
  /** Weight bits by node name. */
  readonly weights: ReadonlyMap<string, Bits>;
  /** Grid of a value that training starts from. */
  readonly gridOf: (value: string, bits: Bits) => Affine;
  readonly eightBits: EightBits;
  /** Elements of a value in one sample, for the scale of its step's gradient. */
  readonly elements: (value: string) => number;
  /** Output channels whose batch norm multiplies by less than zero: their levels are mirrored when it is folded. */
  readonly mirrored?: (node: string) => ArrayLike<boolean> | undefined;
}

/** One grid whose step is a constant of the training graph. */
export interface Step {
  /** Name of the constant: the step divided by `factor`. */
  readonly constant: string;
  /** √g of LSQ: with it as a factor the gradient that arrives at the constant makes the step move as g·∂L/∂s says. */
  readonly factor: number;
}

export interface FakeQuantized {
  readonly model: Model;
  /** By node name: steps of the weights, one per output channel. */
  readonly weights: ReadonlyMap<string, Step>;
  /** By `gridKey`: steps of the activations, and the rest of their grid. */
  readonly activations: ReadonlyMap<string, Step & { readonly grid: Affine }>;
  /** Float constants that are no weights and must not be trained. */
  readonly fixed: readonly string[];
}

export const gridKey = (value: string, bits: Bits): string => `${bits} ${value}`;

/** The smallest step; a grid cannot turn over. */
const SMALLEST = 1e-8;

/**
 * Writes quantisers in float into a model, so that it computes what the quantised one will, and so that gradients pass:
 * x → s·round(clip(x/s, low, high)). Rounding passes the gradient straight through; steps s get that of learned step
 * size quantisation (Esser et al. 2020, equation 3), with its factor 1/√(N·Q) split between step and constant. Batch
 * norms stay as they are: with one step per output channel, rounding before or after they are folded is the same.
 * @param model prepared; batch norms folded or not
 * @throws invalid-argument where a layer has no constant weight
 */
export function fakeQuantize(model: Model, plan: FakePlan): FakeQuantized {
  const weights = new Map<string, Step>();
  const activations = new Map<string, Step & { readonly grid: Affine }>();
  const fixed: string[] = [];
  const graph = editGraph(model.graph, (edit) => {
    const writer = new FakeWriter(edit, model, plan);
    const made = writer.values();
    for (const node of model.graph.nodes) {
      writer.readQuantized(node, made);
      const bits = plan.weights.get(node.name);
      if (bits !== undefined) weights.set(node.name, writer.weight(node, bits));
    }
    for (const [key, step] of writer.activations) activations.set(key, step);
    fixed.push(...writer.fixed);
  });
  return { model: Object.freeze({ ...model, graph }), weights, activations, fixed };
}

/** The grids that a trained model has come to. */
export function trainedGrids(
  { weights, activations }: FakeQuantized,
  trained: Model,
): { readonly weights: ReadonlyMap<string, Float32Array>; readonly activations: ReadonlyMap<string, Affine> } {
  const { initializer } = indexGraph(trained.graph);
  const valuesOf = ({ constant, factor }: Step): Float32Array => {
    const found = initializer.get(constant);
    if (found === undefined) throw new LatheError("internal", `The trained model has no step "${constant}".`);
    return Float32Array.from(tensorArray(found).data as Float32Array, (p) => Math.max(SMALLEST, p * factor));
  };
  return {
    weights: new Map([...weights].map(([node, step]) => [node, valuesOf(step)] as const)),
    activations: new Map(
      [...activations].map(([key, { grid, ...step }]) => [key, { ...grid, scale: valuesOf(step)[0]! }] as const),
    ),
  };
}

interface StepShape {
  readonly dims: readonly number[];
  /** Elements that share a step, and the highest level. */
  readonly sharing: number;
  readonly highest: number;
  /** Factor per step, where some are below zero. */
  readonly signs?: Float32Array;
}

class FakeWriter {
  readonly activations = new Map<string, Step & { readonly grid: Affine }>();
  readonly fixed: string[] = [];
  readonly #edit: GraphEdit;
  readonly #model: Model;
  readonly #plan: FakePlan;
  readonly #narrow = new Map<string, string>();
  readonly #shared = new Map<string, string>();
  readonly #placed: ReadonlySet<string>;

  constructor(edit: GraphEdit, model: Model, plan: FakePlan) {
    this.#edit = edit;
    this.#model = model;
    this.#plan = plan;
    this.#placed = new Set([...plan.formats.placement.nodes].map((n) => n.name));
  }

  /** Quantises every value that owns a grid. Gives value → its quantised form, where not all readers see only that. */
  values(): ReadonlyMap<string, string> {
    const { placement, values } = this.#plan.formats;
    const { producer } = indexGraph(this.#plan.folded.graph);
    const isInside = (node: Node | undefined): boolean => node !== undefined && this.#placed.has(node.name);
    const apart = new Map<string, string>();
    for (const [value, bits] of values) {
      const maker = producer.get(value);
      // What a quantised node, or a clamp behind one, makes is seen by all in its quantised form.
      const clamped = producer.get(maker?.inputs[0] ?? "");
      const isMade = isInside(maker) || (isInside(clamped) && !placement.values.has(maker?.inputs[0] ?? ""));
      const own = this.#edit.index.producer.get(value);
      if (!isMade || own === undefined) {
        apart.set(value, this.#activation(value, { root: value, bits }));
        continue;
      }
      const raw = this.#edit.fresh(`${value}.raw`);
      const now = this.#edit.current(own);
      const outputs = now.outputs.map((o) => (o === value ? raw : o));
      this.#edit.replace(own, Object.freeze({ ...now, outputs }));
      this.#activation(raw, { root: value, bits, output: value });
    }
    return apart;
  }

  /** Has the nodes that will be quantised read quantised values, in as few bits as each asks for. */
  readQuantized(node: Node, apart: ReadonlyMap<string, string>): void {
    if (!this.#placed.has(node.name)) return;
    const now = this.#edit.current(node);
    let inputs = now.inputs.map((input) => apart.get(input) ?? input);
    const own = this.#plan.formats.layers.get(node.name)?.input;
    const linear = opOf(node, this.#model.opsets)?.linear;
    if (own !== undefined && linear !== undefined) {
      const data = inputs[linear.data] ?? "";
      const key = `${data} ${own.bits}`;
      const made = this.#narrow.get(key) ?? this.#activation(data, own);
      this.#narrow.set(key, made);
      inputs = inputs.with(linear.data, made);
    }
    this.#edit.replace(node, Object.freeze({ ...now, inputs }));
  }

  #activation(
    value: string,
    { root, bits, output }: { readonly root: string; readonly bits: Bits; readonly output?: string },
  ): string {
    const grid = this.#plan.gridOf(root, bits);
    const [first, last] = limitsOf(grid.type, grid.levels);
    const shape = { dims: [], sharing: this.#plan.elements(root), highest: last - first };
    const { scale, step } = this.#step(`${root}.step${bits}`, Float32Array.of(grid.scale), shape);
    this.activations.set(gridKey(root, bits), { ...step, grid });
    const levels = [first - grid.zeroPoint, last - grid.zeroPoint] as const;
    return this.#quantized(value, scale, { levels, ...(output !== undefined && { output }) });
  }

  /** Has a layer read its weight rounded, with one step per output channel. */
  weight(node: Node, bits: Bits): Step {
    const linear = opOf(node, this.#model.opsets)?.linear;
    const weight = floatConstant(this.#edit.index, node.inputs[linear?.weight ?? -1]);
    if (linear === undefined || weight === undefined) {
      throw new LatheError("invalid-argument", `${node.op} "${node.name}" has no constant weight to round.`);
    }
    const axis = linear.outputAxis(node, weight.dims.length);
    const { eightBits } = this.#plan;
    const [lowest, steps] = bits === 8 ? [-eightBits.steps, eightBits.steps] : weightLevels(bits);
    const exact =
      bits === 8 && eightBits.isExact ? exactScales(node, weight, { outputAxis: axis, perChannel: true }) : undefined;
    const { scales } = quantizeWeights(weight.data, weight.dims, {
      axis,
      steps,
      lowest,
      range: bits === 8 ? "min-max" : "mse",
      minimumScale: (channel) => exact?.[channel] ?? 0,
    });
    const mirrored = this.#plan.mirrored?.(node.name);
    const signs = Float32Array.from(scales, (_, c) => (mirrored?.[c] === true ? -1 : 1));
    const { scale, step } = this.#step(`${node.name}.step`, scales, {
      dims: weight.dims.map((_, i) => (i === axis ? scales.length : 1)),
      sharing: weight.data.length / axisLayout(weight.dims, axis).size,
      highest: steps,
      ...(signs.some((s) => s < 0) && { signs }),
    });
    const made = this.#quantized(weight.tensor.name, scale, { levels: [lowest, steps] });
    const now = this.#edit.current(node);
    this.#edit.replace(node, Object.freeze({ ...now, inputs: now.inputs.with(linear.weight, made) }));
    return step;
  }

  /** A constant p and the step s = max(p·√g, smallest) that follows from it. */
  #step(
    wish: string,
    scales: Float32Array,
    { dims, sharing, highest, signs }: StepShape,
  ): { readonly scale: string; readonly step: Step } {
    const factor = (Math.max(1, sharing) * highest) ** -0.25;
    const constant = this.#edit.fresh(wish);
    this.#edit.setInitializer(
      floatTensor(
        constant,
        dims,
        scales.map((s) => s / factor),
      ),
    );
    const scaled = this.#op("Mul", [constant, this.#number(factor)]);
    const bounded = this.#op("Max", [scaled, this.#number(SMALLEST)]);
    if (signs === undefined) return { scale: bounded, step: { constant, factor } };
    const name = this.#edit.fresh(`${wish}.sign`);
    this.#edit.setInitializer(floatTensor(name, dims, signs));
    this.fixed.push(name);
    return { scale: this.#op("Mul", [bounded, name]), step: { constant, factor } };
  }

  /** s·round(clip(x/s, low, high)) */
  #quantized(
    value: string,
    scale: string,
    { levels: [low, high], output }: { readonly levels: readonly [number, number]; readonly output?: string },
  ): string {
    const ratio = this.#op("Div", [value, scale]);
    const clipped = this.#op("Clip", [ratio, this.#number(low), this.#number(high)]);
    // Shifted to start at zero, levels of up to eight bits fit into uint8.
    const shift = this.#constant(`shift ${low}`, { type: "uint8", dims: [], data: Uint8Array.of(-low) });
    const one = this.#number(1);
    const level = this.#op("DequantizeLinear", [this.#op("QuantizeLinear", [clipped, one, shift]), one, shift]);
    return this.#op("Mul", [level, scale], output);
  }

  #op(op: string, inputs: readonly string[], output?: string): string {
    const made = output ?? this.#edit.fresh("fake");
    this.#edit.add(makeNode(op, [inputs, [made]], { name: this.#edit.fresh(`fake_${op}`) }));
    return made;
  }

  #constant(key: string, array: NdArray): string {
    const wanted = `${key} ${array.type}`;
    const known = this.#shared.get(wanted);
    if (known !== undefined) return known;
    const name = this.#edit.fresh("fake.constant");
    this.#edit.setInitializer(tensor(name, array));
    this.#shared.set(wanted, name);
    return name;
  }

  #number(x: number): string {
    return this.#constant(`number ${x}`, { type: "float32", dims: [], data: Float32Array.of(x) });
  }
}
