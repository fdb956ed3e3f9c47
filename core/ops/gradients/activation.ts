import { intOf } from "../../graph/attributes.ts";
import { reduceSum } from "../broadcast.ts";
import { scalar } from "../constants.ts";
import { unary } from "./forms.ts";

/** dx = dy where x > 0, else 0; 0 at the kink. */
export const reluGradient = unary((write, { y, dy }) =>
  write.op("Where", [write.op("Greater", [y, scalar(write, 0, y)]), dy, scalar(write, 0, y)]),
);

/** dx = y·(dy − Σ dy·y) along the axis */
export const softmaxGradient = unary((write, { node, y, dy }) => {
  const axes = [intOf(node, "axis", -1)];
  const weighted = write.op("Mul", [dy, y]);
  const sum = reduceSum(write, weighted, { axes, keep: true });
  return write.op("Sub", [weighted, write.op("Mul", [y, sum])]);
});

/** dx = dy − eʸ·Σ dy along the axis */
export const logSoftmaxGradient = unary((write, { node, y, dy }) => {
  const sum = reduceSum(write, dy, { axes: [intOf(node, "axis", -1)], keep: true });
  return write.op("Sub", [dy, write.op("Mul", [write.op("Exp", [y]), sum])]);
});
