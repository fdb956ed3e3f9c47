import { LatheError } from "../base/error.ts";
import type { GraphWriter } from "./gradient.ts";

/**
 * Sums a gradient over the axes along which an input was broadcast, so that it has the input's shape again.
 * Axes that only the running model knows are found by comparing shapes in the graph.
 * @param gradient has the shape of `output`, the forward value that `input` was broadcast to
 * @throws unsupported where not even the ranks are known
 */
export function sumTo(
  write: GraphWriter,
  gradient: string,
  [output, input]: readonly [output: string, input: string],
): string {
  const [from, to] = [write.facts(output)?.dims, write.facts(input)?.dims];
  if (from === undefined || to === undefined) {
    throw new LatheError("unsupported", `The shape of "${from === undefined ? output : input}" is not known.`, {
      hint: "Differentiate with the facts of every value; findShapes collects them.",
    });
  }
  const extra = from.length - to.length;
  const leading = Array.from({ length: extra }, (_, axis) => axis);
  const inner: number[] = [];
  let isClear = true;
  for (const [axis, size] of to.entries()) {
    const wide = from[axis + extra];
    if (size === wide && size !== "?") continue;
    if (size === 1) inner.push(axis + extra);
    // A symbol beside a number, or two symbols: one of them may turn out to be 1.
    else isClear = false;
  }
  if (!isClear) return sumToShapeOf(write, gradient, { value: input, extra });
  if (extra === 0 && inner.length === 0) return gradient;
  const summed = reduceSum(write, gradient, { axes: [...leading, ...inner], keep: extra === 0 });
  return extra === 0 || inner.length === 0 ? summed : write.op("Reshape", [summed, write.op("Shape", [input])]);
}

/** ReduceSum over constant axes (an input since opset 13). */
export function reduceSum(
  write: GraphWriter,
  value: string,
  how: { readonly axes: readonly number[]; readonly keep: boolean },
): string {
  const axes = write.constant({ type: "int64", dims: [how.axes.length], data: BigInt64Array.from(how.axes, BigInt) });
  return write.op("ReduceSum", [value, axes], { keepdims: how.keep ? 1 : 0 });
}

/** The same decided at run time: axes are those where the padded shape of `value` is 1 and the gradient's is not. */
function sumToShapeOf(
  write: GraphWriter,
  gradient: string,
  { value, extra }: { readonly value: string; readonly extra: number },
): string {
  const [wide, narrow] = [write.op("Shape", [gradient]), write.op("Shape", [value])];
  const ones = write.constant({ type: "int64", dims: [extra], data: BigInt64Array.from({ length: extra }, () => 1n) });
  const padded = extra === 0 ? narrow : write.op("Concat", [ones, narrow], { axis: 0 });
  const differs = write.op("Not", [write.op("Equal", [padded, wide])]);
  const minusOne = write.constant({ type: "int64", dims: [1], data: BigInt64Array.of(-1n) });
  const axes = write.op("Reshape", [write.op("NonZero", [differs]), minusOne]);
  const summed = write.op("ReduceSum", [gradient, axes], { keepdims: 1, noop_with_empty_axes: 1 });
  return write.op("Reshape", [summed, narrow]);
}
