import { intOf, intsOf } from "../../graph/attributes.ts";
import type { Node } from "../../graph/model.ts";
import { castTo, factsOf, intVector, scalar, shapeOf, sizeRatio } from "../constants.ts";
import type { GradientRule, GraphWriter } from "../gradient.ts";
import { formulaIn, unary, type Formula, type UnaryCall } from "./forms.ts";

/** Puts axes of size 1 where a reduction without `keepdims` dropped them, so that the value broadcasts over the input. */
export function restoreAxes(write: GraphWriter, value: string, node: Node): string {
  if (intOf(node, "keepdims", 1) === 1) return value;
  const axesInput = node.inputs[1] ?? "";
  if (axesInput !== "") return write.op("Unsqueeze", [value, axesInput]);
  const axes = intsOf(node, "axes");
  // All axes were reduced: a scalar broadcasts as it is.
  return axes === undefined ? value : write.op("Unsqueeze", [value, intVector(write, axes)]);
}

/** Reduces another value over the axes that a node reduces, and keeps them with size 1. */
function reduceAlike(write: GraphWriter, op: string, { node, value }: { node: Node; value: string }): string {
  const axes = intsOf(node, "axes");
  const input = node.inputs[1] ?? "";
  const isInput = op === "ReduceSum" || write.opset >= 18;
  if (!isInput) return write.op(op, [value], { keepdims: 1, ...(axes !== undefined && { axes: [...axes] }) });
  const given = input !== "" ? [input] : axes !== undefined ? [intVector(write, axes)] : [];
  return write.op(op, [value, ...given], {
    keepdims: 1,
    noop_with_empty_axes: intOf(node, "noop_with_empty_axes", 0),
  });
}

const broadcast = (write: GraphWriter, value: string, x: string): string =>
  write.op("Expand", [value, shapeOf(write, x)]);

export const reduceSumGradient = unary((write, { node, x, dy }) => broadcast(write, restoreAxes(write, dy, node), x));

/** dx = dy / n, with n elements behind each mean */
export const reduceMeanGradient = unary((write, { node, x, y, dy }) =>
  broadcast(write, write.op("Div", [restoreAxes(write, dy, node), sizeRatio(write, x, y)]), x),
);

interface ReductionCall extends UnaryCall {
  readonly write: GraphWriter;
}

/** The rule of a reduction as a formula in which `y` and `dy` broadcast over `x`. */
const reduction = (dx: (f: Formula, call: ReductionCall) => string): GradientRule =>
  unary((write, { node, x, y, dy, graph }) => {
    const wide = { y: restoreAxes(write, y, node), dy: restoreAxes(write, dy, node) };
    return dx(formulaIn(write, x), { write, node, x, graph, ...wide });
  });

/** dx = dy where x is the largest or smallest; elements that tie share it evenly. */
export const reduceExtremeGradient = reduction((f, { write, node, x, y, dy }) => {
  const chosen = castTo(write, f.equal(x, y), factsOf(write, x).type);
  const count = reduceAlike(write, "ReduceSum", { node, value: chosen });
  return f.mul(chosen, f.div(dy, count));
});

/**
 * dx = dy·y / x; where x is 0, dy times the product of the others, which is 0 unless it is the only zero.
 */
export const reduceProdGradient = reduction((f, { write, node, x, dy }) => {
  const isZero = f.equal(x, 0);
  const zeros = reduceAlike(write, "ReduceSum", { node, value: f.where(isZero, 1, scalar(write, 0, x)) });
  const others = f.where(isZero, 1, x);
  const product = reduceAlike(write, "ReduceProd", { node, value: others });
  const atZero = f.where(f.equal(zeros, 1), product, 0);
  const elsewhere = f.where(f.equal(zeros, 0), f.div(product, others), 0);
  return f.mul(dy, f.where(isZero, atZero, elsewhere));
});

/** dx = dy·sign x; 0 at 0 */
export const reduceL1Gradient = reduction((f, { x, dy }) => f.mul(dy, f.of("Sign", x)));

/** dx = dy·x / y; 0 where the norm is */
export const reduceL2Gradient = reduction((f, { x, y, dy }) => f.mul(x, f.div(dy, f.where(f.equal(y, 0), 1, y))));

/** dx = 2·dy·x */
export const reduceSumSquareGradient = reduction((f, { x, dy }) => f.mul(x, f.mul(dy, 2)));

/** y = ln Σx: dx = dy / Σx = dy·e^(−y) */
export const reduceLogSumGradient = reduction((f, { write, x, y, dy }) =>
  broadcast(write, f.mul(dy, f.of("Exp", f.of("Neg", y))), x),
);

/** dx = dy·e^(x − y) */
export const reduceLogSumExpGradient = reduction((f, { x, y, dy }) => f.mul(dy, f.of("Exp", f.sub(x, y))));
