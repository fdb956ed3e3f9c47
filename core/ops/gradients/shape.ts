import type { ElementType } from "../../base/elementType.ts";
import { intOf, intsOf } from "../../graph/attributes.ts";
import { sumTo } from "../broadcast.ts";
import {
  axisOf,
  castTo,
  constantNumbers,
  factsOf,
  intVector,
  rankOf,
  reshapeLike,
  shapeOf,
  zerosLike,
} from "../constants.ts";
import type { GradientRule } from "../gradient.ts";
import { formulaIn, unary } from "./forms.ts";
import { noGradientFor } from "./refuse.ts";
import { sizeOf, sizeVector } from "./sizes.ts";

/** Elements keep their order; only the shape changes. */
export const reshapeGradient = unary((write, { x, dy }) => reshapeLike(write, dy, x));

export const transposeGradient = unary((write, { node, dy }) => {
  const perm = intsOf(node, "perm");
  if (perm === undefined) return write.op("Transpose", [dy]);
  const inverse = perm.map((_, axis) => perm.indexOf(axis));
  return write.op("Transpose", [dy], { perm: inverse });
});

export const expandGradient = unary((write, { x, y, dy }) => sumTo(write, dy, [y, x]));

/** Every axis as [copies, size], and the sum over the copies. */
export const tileGradient = unary((write, { node, x, dy }) => {
  const rank = rankOf(write, x);
  const column = intVector(write, [-1, 1]);
  const pairs = [node.inputs[1] ?? "", shapeOf(write, x)].map((v) => write.op("Reshape", [v, column]));
  const shape = write.op("Reshape", [write.op("Concat", pairs, { axis: 1 }), intVector(write, [-1])]);
  const copies = intVector(
    write,
    Array.from({ length: rank }, (_, axis) => 2 * axis),
  );
  return write.op("ReduceSum", [write.op("Reshape", [dy, shape]), copies], { keepdims: 0 });
});

/** Each operand gets its part of dy. */
export const concatGradient: GradientRule = (write, { node, dy: [dy], needs }) => {
  if (dy === undefined) return [];
  const { inputs } = node;
  const axis = axisOf(intOf(node, "axis", 0), rankOf(write, inputs[0] ?? ""));
  const sizes = inputs.map((input) => sizeOf(write, input, axis));
  const wanted = inputs.filter((_, slot) => needs(slot)).length;
  if (inputs.length === 1) return [dy];
  if (wanted === inputs.length || !sizes.every((s) => typeof s === "number")) {
    const parts = write.ops("Split", [dy, sizeVector(write, sizes)], {
      outputs: inputs.length,
      attributes: { axis },
    });
    return parts.map((part, slot) => (needs(slot) ? part : undefined));
  }
  let from = 0;
  return sizes.map((size, slot) => {
    const [start, end] = [from, (from += size)];
    if (!needs(slot)) return undefined;
    return write.op("Slice", [dy, intVector(write, [start]), intVector(write, [end]), intVector(write, [axis])]);
  });
};

/** The parts side by side again; one that nothing depends on is zero. */
export const splitGradient: GradientRule = (write, { node, dy, needs }) => {
  if (!needs(0) || dy.every((part) => part === undefined)) return [];
  const parts = node.outputs.map((output, i) => dy[i] ?? zerosLike(write, output));
  return [parts.length === 1 ? parts[0] : write.op("Concat", parts, { axis: intOf(node, "axis", 0) })];
};

const FLOATS: ReadonlySet<ElementType> = new Set(["float32", "float64", "float16", "bfloat16"]);

/** dx = dy, as the element type of x; no gradient for whole numbers and truth values. */
export const castGradient = unary((write, { x, y, dy }) => {
  const [from, to] = [factsOf(write, x).type, factsOf(write, y).type];
  return FLOATS.has(from) && FLOATS.has(to) ? castTo(write, dy, from) : undefined;
});

/** y = x where nothing is dropped (no training_mode), else x·mask / (1 − ratio): the mask has to be an output. */
export const dropoutGradient = unary((write, { node, x, dy, graph }) => {
  const [, ratio = "", mode = ""] = node.inputs;
  const mask = node.outputs[1] ?? "";
  const { type } = factsOf(write, x);
  const [isTraining] = mode === "" ? [0] : (constantNumbers(graph, mode) ?? []);
  if (isTraining === 0) return dy;
  if (mask === "") throw noGradientFor(node, "training without the mask as its second output");
  const f = formulaIn(write, x);
  const dropped = ratio === "" ? 0.5 : castTo(write, ratio, type);
  const kept = f.div(f.mul(dy, castTo(write, mask, type)), f.sub(1, dropped));
  return isTraining === undefined ? write.op("Where", [mode, kept, dy]) : kept;
});

export const triluGradient = unary((write, { node, dy }) =>
  write.op("Trilu", [dy, ...node.inputs.slice(1)], { upper: intOf(node, "upper", 1) }),
);

/** The running sum from the other end. */
export const cumSumGradient = unary((write, { node, dy }) =>
  write.op("CumSum", [dy, node.inputs[1] ?? ""], {
    exclusive: intOf(node, "exclusive", 0),
    reverse: 1 - intOf(node, "reverse", 0),
  }),
);

/** Reversing twice changes nothing. */
export const reverseSequenceGradient = unary((write, { node, dy }) =>
  write.op("ReverseSequence", [dy, node.inputs[1] ?? ""], {
    batch_axis: intOf(node, "batch_axis", 1),
    time_axis: intOf(node, "time_axis", 0),
  }),
);
