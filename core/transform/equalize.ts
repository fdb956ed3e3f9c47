import { intOf } from "../graph/attributes.ts";
import { floatTensor } from "../graph/build.ts";
import { editGraph } from "../graph/edit.ts";
import type { Model, Node } from "../graph/model.ts";
import { indexGraph, type GraphIndex } from "../graph/uses.ts";
import { opOf } from "../ops/registry.ts";
import { axisLayout, floatConstant, peaksAlong, scaleAlong, type AxisLayout } from "./constants.ts";

export interface EqualizeResult {
  readonly model: Model;
  /** Pairs of layers whose ranges were evened out, by node name. */
  readonly pairs: readonly (readonly [string, string])[];
  readonly iterations: number;
}

interface Pair {
  readonly first: Node;
  readonly second: Node;
  readonly weight: string;
  readonly bias: string | undefined;
  readonly next: string;
  readonly outputs: AxisLayout;
  readonly inputs: AxisLayout;
}

/**
 * Cross-layer equalisation (Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization and
 * Bias Correction", §4.1): for neighbours joined by homogeneous ops only, channel i of the first is divided
 * by sᵢ = √(r₁ᵢ/r₂ᵢ) and the matching weights of the second are multiplied by it, until the ranges settle.
 * The network computes the same up to rounding.
 * @param model normalised, batch norms folded, constants in memory
 */
export function equalizeLayers(model: Model, options: { readonly iterations?: number } = {}): EqualizeResult {
  const index = indexGraph(model.graph);
  const pairs = model.graph.nodes.flatMap((node) => findPair(node, model, index) ?? []);
  const data = new Map<string, { dims: readonly number[]; data: Float32Array }>();
  const hold = (name: string): Float32Array => {
    const held = data.get(name) ?? floatConstant(index, name);
    if (held !== undefined) data.set(name, held);
    return held?.data ?? new Float32Array();
  };
  const put = (name: string, next: Float32Array): void => {
    data.set(name, { dims: data.get(name)?.dims ?? [next.length], data: next });
  };
  let iterations = 0;
  for (
    let change = Infinity;
    pairs.length > 0 && change > 1e-3 && iterations < (options.iterations ?? 20);
    iterations++
  ) {
    change = 0;
    for (const pair of pairs) {
      const [w1, w2] = [hold(pair.weight), hold(pair.next)];
      const [r1, r2] = [peaksAlong(w1, pair.outputs), peaksAlong(w2, pair.inputs)];
      const scales = r1.map((a, i) => (a > 0 && r2[i]! > 0 ? Math.sqrt(a / r2[i]!) : 1));
      for (const s of scales) change = Math.max(change, Math.abs(Math.log(s)));
      const inverse = scales.map((s) => 1 / s);
      put(pair.weight, scaleAlong(w1, pair.outputs, inverse));
      put(pair.next, scaleAlong(w2, pair.inputs, scales));
      if (pair.bias !== undefined)
        put(pair.bias, scaleAlong(hold(pair.bias), { outer: 1, size: scales.length, inner: 1 }, inverse));
    }
  }
  const graph = editGraph(model.graph, (edit) => {
    for (const [name, held] of data) edit.setInitializer(floatTensor(name, held.dims, held.data));
  });
  return {
    model: Object.freeze({ ...model, graph }),
    pairs: pairs.map((p) => [p.first.name, p.second.name] as const),
    iterations,
  };
}

function findPair(first: Node, { opsets }: Model, index: GraphIndex): Pair | undefined {
  const one = opOf(first, opsets)?.linear;
  const w1 = floatConstant(index, first.inputs[one?.weight ?? -1]);
  if (one?.bias === undefined || w1 === undefined || usedOnce(index, w1.tensor.name) === undefined) return undefined;
  const biasName = first.inputs[one.bias];
  const bias = floatConstant(index, biasName);
  if (biasName !== undefined && biasName !== "" && (bias === undefined || usedOnce(index, biasName) === undefined))
    return undefined;
  let between = first.outputs[0] ?? "";
  let second = usedOnce(index, between);
  while (second !== undefined && opOf(second, opsets)?.homogeneous === true) {
    between = second.outputs[0] ?? "";
    second = second.inputs.length === 1 ? usedOnce(index, between) : undefined;
  }
  const two = second === undefined ? undefined : opOf(second, opsets)?.linear;
  if (second === undefined || two === undefined || second.inputs[two.data] !== between) return undefined;
  // A convolution's channels are axis 1, which a MatMul behind it does not sum over; nor does a transposed Gemm.
  const rank = w1.dims.length;
  if (one.dataAxis(rank) !== two.dataAxis(rank) || intOf(second, "transA", 0) !== 0) return undefined;
  const w2 = floatConstant(index, second.inputs[two.weight]);
  const axis = w2 === undefined ? undefined : two.inputAxis(second, w2.dims);
  if (w2 === undefined || axis === undefined || usedOnce(index, w2.tensor.name) === undefined) return undefined;
  const outputs = axisLayout(w1.dims, one.outputAxis(first, w1.dims.length));
  const inputs = axisLayout(w2.dims, axis);
  if (outputs.size !== inputs.size) return undefined;
  if (bias !== undefined && (bias.data.length !== outputs.size || bias.dims.at(-1) !== outputs.size)) return undefined;
  return { first, second, weight: w1.tensor.name, bias: bias?.tensor.name, next: w2.tensor.name, outputs, inputs };
}

function usedOnce(index: GraphIndex, value: string): Node | undefined {
  const uses = index.usesOf(value);
  return uses.length === 1 && !index.isOutput(value) && (uses[0]?.slot ?? -1) >= 0 ? uses[0]?.node : undefined;
}
