import { windows } from "./channels/pooling.ts";
import { defineOp, free, type OpDeclaration } from "./declare.ts";
import type { Gradient } from "./gradient.ts";
import * as rules from "./gradients/pooling.ts";

/** Means of windows: linear, with an integer kernel. */
const averages: Omit<OpDeclaration, "op" | "gradient"> = {
  domain: "",
  since: 1,
  channels: windows,
  quantize: { role: "transform" },
  cost: free,
  homogeneous: true,
};

const others = (op: string, gradient: Gradient): OpDeclaration =>
  defineOp({
    domain: "",
    op,
    since: 1,
    gradient,
    channels: windows,
    quantize: { role: "float", reason: "onnxruntime has no eight-bit kernel for this pooling" },
    cost: free,
  });

export const poolingOps = [
  defineOp({
    domain: "",
    op: "MaxPool",
    since: 1,
    gradient: rules.maxPoolGradient,
    channels: windows,
    quantize: { role: "move" },
    cost: free,
    homogeneous: true,
  }),
  defineOp({ ...averages, op: "AveragePool", gradient: rules.averagePoolGradient }),
  defineOp({ ...averages, op: "GlobalAveragePool", gradient: rules.globalAveragePoolGradient }),
  others("GlobalMaxPool", rules.globalMaxPoolGradient),
  others("LpPool", rules.lpPoolGradient),
  others("GlobalLpPool", rules.globalLpPoolGradient),
];
