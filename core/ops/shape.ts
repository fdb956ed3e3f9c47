import { defineOp, defineOps, free, unwritten, type OpDeclaration } from "./declare.ts";
import type { Gradient } from "./gradient.ts";
import { gatherGradient } from "./gradients/indexing.ts";
import * as rules from "./gradients/shape.ts";

const CONVERSIONS = "its eight-bit form is not worth the conversions on the CPU";

/** An op that only moves elements, or takes some of them. */
const move = (op: string, gradient: Gradient): OpDeclaration =>
  defineOp({ domain: "", op, since: 1, gradient, quantize: { role: "move" }, cost: free });

export const shapeOps = [
  move("Reshape", rules.reshapeGradient),
  move("Transpose", rules.transposeGradient),
  move("Flatten", rules.reshapeGradient),
  move("Squeeze", rules.reshapeGradient),
  move("Unsqueeze", rules.reshapeGradient),
  move("Gather", gatherGradient),
  defineOp({
    domain: "",
    op: "Identity",
    since: 1,
    gradient: (_, { dy }) => dy,
    quantize: { role: "move" },
    cost: free,
  }),
  ...defineOps(["Slice", "Dropout"], {
    domain: "",
    since: 1,
    gradient: unwritten,
    quantize: { role: "move" },
    cost: free,
  }),
  ...defineOps(["Concat"], { domain: "", since: 1, gradient: unwritten, quantize: { role: "join" }, cost: free }),
  ...defineOps(["Expand", "Tile", "Split", "GatherElements", "GatherND", "ScatterND"], {
    domain: "",
    since: 1,
    gradient: unwritten,
    quantize: { role: "float", reason: CONVERSIONS },
    cost: free,
  }),
];
