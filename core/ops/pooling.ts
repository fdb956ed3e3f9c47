import { defineOp, defineOps, free } from "./declare.ts";

export const poolingOps = [
  defineOp({ domain: "", op: "MaxPool", since: 1, quantize: { role: "move" }, cost: free, homogeneous: true }),
  ...defineOps(["AveragePool", "GlobalAveragePool"], {
    domain: "",
    since: 1,
    quantize: { role: "transform" },
    cost: free,
    homogeneous: true,
  }),
  ...defineOps(["GlobalMaxPool", "LpPool", "GlobalLpPool"], {
    domain: "",
    since: 1,
    quantize: { role: "float", reason: "onnxruntime has no eight-bit kernel for this pooling" },
    cost: free,
  }),
];
