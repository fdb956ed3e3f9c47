import { defineOp, free, type OpDeclaration } from "./declare.ts";
import type { Gradient } from "./gradient.ts";
import { depthToSpaceGradient, padGradient, spaceToDepthGradient } from "./gradients/image.ts";
import { resizeGradient } from "./gradients/resize.ts";

const CONVERSIONS = "its eight-bit form is not worth the conversions on the CPU";

const move = (op: string, gradient: Gradient): OpDeclaration =>
  defineOp({ domain: "", op, since: 1, gradient, quantize: { role: "move" }, cost: free });

/** Ops on image axes that compute little: rearranging, padding, resampling. */
export const imageOps = [
  move("DepthToSpace", depthToSpaceGradient),
  move("SpaceToDepth", spaceToDepthGradient),
  move("Pad", padGradient),
  defineOp({
    domain: "",
    op: "Resize",
    since: 1,
    gradient: resizeGradient,
    quantize: { role: "float", reason: CONVERSIONS },
    cost: free,
    // Region and scales.
    float32Slots: [1, 2],
  }),
  defineOp({
    domain: "",
    op: "Upsample",
    since: 1,
    gradient: { unsupported: "it ended with opset 9; Resize is what became of it" },
    quantize: { role: "float", reason: CONVERSIONS },
    cost: free,
    float32Slots: [1],
  }),
];
