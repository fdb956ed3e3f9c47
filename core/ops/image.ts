import { depthToSpace, pad, resize, spaceToDepth } from "./channels/image.ts";
import type { Channels } from "./channels.ts";
import { defineOp, free, type OpDeclaration } from "./declare.ts";
import type { Gradient } from "./gradient.ts";
import { depthToSpaceGradient, padGradient, spaceToDepthGradient } from "./gradients/image.ts";
import { resizeGradient } from "./gradients/resize.ts";

const CONVERSIONS = "its eight-bit form is not worth the conversions on the CPU";

const move = (op: string, gradient: Gradient, channels: Channels): OpDeclaration =>
  defineOp({ domain: "", op, since: 1, gradient, channels, quantize: { role: "move" }, cost: free });

/** Ops on image axes that compute little: rearranging, padding, resampling. */
export const imageOps = [
  move("DepthToSpace", depthToSpaceGradient, depthToSpace),
  move("SpaceToDepth", spaceToDepthGradient, spaceToDepth),
  move("Pad", padGradient, pad),
  defineOp({
    domain: "",
    op: "Resize",
    since: 1,
    gradient: resizeGradient,
    channels: resize,
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
    channels: resize,
    quantize: { role: "float", reason: CONVERSIONS },
    cost: free,
    float32Slots: [1],
  }),
];
