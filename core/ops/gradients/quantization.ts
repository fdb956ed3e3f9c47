import { ELEMENT_TYPES } from "../../base/elementType.ts";
import { intOf } from "../../graph/attributes.ts";
import { axisOf, castTo, factsOf, intVector, scalarOf } from "../constants.ts";
import { reduceSum, sumTo } from "../broadcast.ts";
import type { GradientCall, GradientRule, GraphWriter, ValueFacts } from "../gradient.ts";
import { noGradientFor } from "./refuse.ts";

/**
 * q = clip(round(x / s) + z). Rounding passes the gradient straight through (Bengio et al. 2013, "Estimating or
 * propagating gradients through stochastic neurons"); clipping stops it where x / s + z rounds to outside the range of q
 * (and not where it leaves the range: the largest weight stands on the bound when the scale is made from it):
 *   dx = inside ⊙ dq / s,   ds = −Σ inside ⊙ dq ⊙ x / s².
 * With `dequantizeGradient` after it this is LSQ (Esser et al. 2020, "Learned step size quantization", equation 3):
 *   ds = Σ dy ⊙ (q − z − x / s) inside, Σ dy ⊙ (bound − z) outside. Its factor 1 / √(N·Q) is the trainer's to apply.
 * The gradient with respect to q is a float in the shape of q.
 */
export const quantizeGradient: GradientRule = (write, call) => {
  const {
    node,
    dy: [dq],
    needs,
  } = call;
  if (dq === undefined) return [];
  const [x = "", scale = ""] = node.inputs;
  const { type, dims } = factsOf(write, x);
  const quantized = node.outputs[0] ?? "";
  const range = rangeOf(write, call, quantized);
  const s = alongAxis(write, call, { value: scale, rank: dims.length });
  const ratio = note(write, write.op("Div", [x, s]), { type, dims });
  const shifted = note(write, shift(write, call, { ratio, type, rank: dims.length }), { type, dims });
  const inside = write.op("And", [
    write.op("GreaterOrEqual", [shifted, scalarOf(write, range[0] - 0.5, type)]),
    write.op("LessOrEqual", [shifted, scalarOf(write, range[1] + 0.5, type)]),
  ]);
  const kept = note(write, write.op("Where", [inside, dq, scalarOf(write, 0, type)]), { type, dims });
  const dx = note(write, write.op("Div", [kept, s]), { type, dims });
  return [
    needs(0) ? dx : undefined,
    // ∂(x/s)/∂s = −x/s² = −(1/s)·(x/s)
    needs(1)
      ? toScale(write, call, { gradient: write.op("Neg", [write.op("Mul", [dx, ratio])]), dims, scale })
      : undefined,
  ];
};

/** y = (q − z) · s:  dq = dy · s,  ds = Σ dy ⊙ (q − z) */
export const dequantizeGradient: GradientRule = (write, call) => {
  const {
    node,
    dy: [dy],
    needs,
  } = call;
  if (dy === undefined) return [];
  const [q = "", scale = ""] = node.inputs;
  const { type } = factsOf(write, scale);
  const { dims } = factsOf(write, q);
  const s = alongAxis(write, call, { value: scale, rank: dims.length });
  const ds = (): string => {
    const zero = zeroOf(write, call, { type, rank: dims.length });
    const float = note(write, castTo(write, q, type), { type, dims });
    const level = zero === undefined ? float : note(write, write.op("Sub", [float, zero]), { type, dims });
    return toScale(write, call, { gradient: write.op("Mul", [dy, level]), dims, scale });
  };
  return [needs(0) ? note(write, write.op("Mul", [dy, s]), { type, dims }) : undefined, needs(1) ? ds() : undefined];
};

const note = (write: GraphWriter, value: string, facts: ValueFacts): string => write.note(value, facts);

type Dims = ValueFacts["dims"];

/** Scales of one axis [C] as [C, 1, …], so that they meet the data; a scalar as it is; those of blocks repeated. */
function alongAxis(
  write: GraphWriter,
  { node }: GradientCall,
  { value, rank }: { readonly value: string; readonly rank: number },
): string {
  const { type, dims } = factsOf(write, value);
  if (dims.length > 1) {
    const { axis, size, blocks } = blocksOf(write, node, value);
    const column = write.op("Unsqueeze", [value, intVector(write, [axis + 1])]);
    const wide = write.op("Expand", [column, intVector(write, blocks.toSpliced(axis + 1, 0, size))]);
    const whole = blocks.with(axis, blocks[axis]! * size);
    return write.note(write.op("Reshape", [wide, intVector(write, whole)]), { type, dims: whole });
  }
  if (dims.length === 0 || (dims[0] === 1 && rank > 0)) return value;
  const after = rank - 1 - axisOf(intOf(node, "axis", 1), rank);
  if (after === 0) return value;
  const made = write.op("Reshape", [value, intVector(write, [-1, ...Array<number>(after).fill(1)])]);
  return write.note(made, { type, dims: [...dims, ...Array<number>(after).fill(1)] });
}

/** The zero point in the float type, meeting the data; undefined for none. */
function zeroOf(
  write: GraphWriter,
  call: GradientCall,
  { type, rank }: { readonly type: ValueFacts["type"]; readonly rank: number },
): string | undefined {
  const zero = call.node.inputs[2] ?? "";
  if (zero === "") return undefined;
  const float = write.note(castTo(write, zero, type), { type, dims: factsOf(write, zero).dims });
  return alongAxis(write, call, { value: float, rank });
}

function shift(
  write: GraphWriter,
  call: GradientCall,
  { ratio, type, rank }: { readonly ratio: string; readonly type: ValueFacts["type"]; readonly rank: number },
): string {
  const zero = zeroOf(write, call, { type, rank });
  return zero === undefined ? ratio : write.op("Add", [ratio, zero]);
}

/** Blocks of `size` elements along `axis`, one scale each; `blocks` is the shape of the scales (opset 21). */
function blocksOf(
  write: GraphWriter,
  node: GradientCall["node"],
  scale: string,
): { readonly axis: number; readonly size: number; readonly blocks: readonly number[] } {
  const { dims } = factsOf(write, scale);
  const whole = factsOf(write, node.inputs[0] ?? "").dims;
  const axis = axisOf(intOf(node, "axis", 1), dims.length);
  const size = intOf(node, "block_size", 0);
  const known = dims.map((d) => (typeof d === "number" ? d : 0));
  if (size === 0 || known.includes(0) || known[axis]! * size !== whole[axis]) {
    throw noGradientFor(
      node,
      `scales of shape "[${dims.join(",")}]" for blocks of "${size}" in "[${whole.join(",")}]"`,
    );
  }
  return { axis, size, blocks: known };
}

/** Σ over all axes but that of the scale, or over each of its blocks. */
function toScale(
  write: GraphWriter,
  { node }: GradientCall,
  { gradient, dims, scale }: { readonly gradient: string; readonly dims: Dims; readonly scale: string },
): string {
  const { type, dims: to } = factsOf(write, scale);
  const made = write.note(gradient, { type, dims });
  if (to.length === 0) return dims.length === 0 ? made : sumTo(write, made, [gradient, scale]);
  if (to.length > 1) {
    const { axis, size, blocks } = blocksOf(write, node, scale);
    const split = write.op("Reshape", [made, intVector(write, blocks.toSpliced(axis + 1, 0, size))]);
    return reduceSum(write, split, { axes: [axis + 1], keep: false });
  }
  const axis = to[0] === 1 ? -1 : axisOf(intOf(node, "axis", 1), dims.length);
  const axes = dims.flatMap((_, i) => (i === axis ? [] : [i]));
  const summed = axes.length === 0 ? made : reduceSum(write, made, { axes, keep: false });
  return axis === -1 ? write.op("Reshape", [summed, intVector(write, [1])]) : summed;
}

function rangeOf(write: GraphWriter, { node }: GradientCall, quantized: string): readonly [number, number] {
  const { type } = factsOf(write, quantized);
  const bits = ELEMENT_TYPES[type].bits;
  if (/^u?int(2|4|8|16)$/.test(type)) {
    return type.startsWith("u") ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
  }
  throw noGradientFor(node, `values of type "${type}"`);
}
