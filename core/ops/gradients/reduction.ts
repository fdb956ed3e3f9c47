import { intOf, intsOf } from "../../graph/attributes.ts";
import type { Node } from "../../graph/model.ts";
import { intVector, shapeOf, sizeRatio } from "../constants.ts";
import type { GraphWriter } from "../gradient.ts";
import { unary } from "./forms.ts";

/** Puts axes of size 1 where a reduction without `keepdims` dropped them, so that the value broadcasts over the input. */
export function restoreAxes(write: GraphWriter, value: string, node: Node): string {
  if (intOf(node, "keepdims", 1) === 1) return value;
  const axesInput = node.inputs[1] ?? "";
  if (axesInput !== "") return write.op("Unsqueeze", [value, axesInput]);
  const axes = intsOf(node, "axes");
  // All axes were reduced: a scalar broadcasts as it is.
  return axes === undefined ? value : write.op("Unsqueeze", [value, intVector(write, axes)]);
}

export const reduceSumGradient = unary((write, { node, x, dy }) =>
  write.op("Expand", [restoreAxes(write, dy, node), shapeOf(write, x)]),
);

/** dx = dy / n, with n elements behind each mean */
export const reduceMeanGradient = unary((write, { node, x, y, dy }) => {
  const share = write.op("Div", [restoreAxes(write, dy, node), sizeRatio(write, x, y)]);
  return write.op("Expand", [share, shapeOf(write, x)]);
});
