import { intsOf } from "../../graph/attributes.ts";
import { factsOf, intVector, shapeOf } from "../constants.ts";
import { unary } from "./forms.ts";
import { noGradientFor } from "./refuse.ts";

/** Every element went to one place, which is named among all of the output's. */
export const maxUnpoolGradient = unary((write, { node, dy }) => {
  if ((node.inputs[2] ?? "") !== "") throw noGradientFor(node, "an output shape of its own");
  return write.op("Gather", [write.op("Reshape", [dy, intVector(write, [-1])]), node.inputs[1] ?? ""], { axis: 0 });
});

/** What was cut off is padded with zeros, and the other way round; both leave the smaller half in front. */
export const centerCropPadGradient = unary((write, { node, x, dy }) => {
  const axes = intsOf(node, "axes") ?? factsOf(write, x).dims.map((_, axis) => axis);
  const sizes = write.op("Gather", [shapeOf(write, x), intVector(write, axes)]);
  return write.op("CenterCropPad", [dy, sizes], { axes });
});
