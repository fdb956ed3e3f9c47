import type { Channels } from "./channels.ts";
import { unrelated } from "./channels/elementwise.ts";
import { sampled } from "./channels/pooling.ts";
import { defineOp, free, type OpDeclaration } from "./declare.ts";
import type { Gradient } from "./gradient.ts";
import { centerCropPadGradient, maxUnpoolGradient } from "./gradients/sampling.ts";

const sampling = (op: string, [since, channels]: readonly [number, Channels], gradient: Gradient): OpDeclaration =>
  defineOp({ domain: "", op, since, gradient, channels, quantize: { role: "none" }, cost: free });

const unknown = { unknown: "reads at places that are data" } as const;
const computed = { unsupported: "it reads at positions that are computed" } as const;

/** Ops that look for pixels at positions which are data. */
export const samplingOps = [
  sampling("MaxUnpool", [9, unknown], maxUnpoolGradient),
  sampling("CenterCropPad", [18, unknown], centerCropPadGradient),
  sampling("GridSample", [16, sampled], computed),
  sampling("RoiAlign", [10, sampled], computed),
  sampling("MaxRoiPool", [1, sampled], computed),
  sampling("DeformConv", [19, unknown], computed),
  sampling("AffineGrid", [20, unrelated], { unsupported: "the ops that read from its grid have none either" }),
  sampling("Col2Im", [18, unknown], {
    unsupported: "Lathe has no rule for it; ConvTranspose adds up overlapping blocks too",
  }),
  // Its result is a list of positions.
  sampling("NonMaxSuppression", [10, unknown], "stops"),
];
