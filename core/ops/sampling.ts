import { defineOp, free, type OpDeclaration } from "./declare.ts";
import type { Gradient } from "./gradient.ts";
import { centerCropPadGradient, maxUnpoolGradient } from "./gradients/sampling.ts";

const sampling = (op: string, since: number, gradient: Gradient): OpDeclaration =>
  defineOp({ domain: "", op, since, gradient, quantize: { role: "none" }, cost: free });

const computed = { unsupported: "it reads at positions that are computed" } as const;

/** Ops that look for pixels at positions which are data. */
export const samplingOps = [
  sampling("MaxUnpool", 9, maxUnpoolGradient),
  sampling("CenterCropPad", 18, centerCropPadGradient),
  sampling("GridSample", 16, computed),
  sampling("RoiAlign", 10, computed),
  sampling("MaxRoiPool", 1, computed),
  sampling("DeformConv", 19, computed),
  sampling("AffineGrid", 20, { unsupported: "the ops that read from its grid have none either" }),
  sampling("Col2Im", 18, { unsupported: "Lathe has no rule for it; ConvTranspose adds up overlapping blocks too" }),
  // Its result is a list of positions.
  sampling("NonMaxSuppression", 10, "stops"),
];
