import { intsOf } from "../../graph/attributes.ts";
import { reshapeLike } from "../constants.ts";
import { unary } from "./forms.ts";

/** Elements keep their order; only the shape changes. */
export const reshapeGradient = unary((write, { x, dy }) => reshapeLike(write, dy, x));

export const transposeGradient = unary((write, { node, dy }) => {
  const perm = intsOf(node, "perm");
  if (perm === undefined) return write.op("Transpose", [dy]);
  const inverse = perm.map((_, axis) => perm.indexOf(axis));
  return write.op("Transpose", [dy], { perm: inverse });
});
