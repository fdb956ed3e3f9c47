import { defineOp, defineOps, free, unwritten } from "./declare.ts";

export const poolingOps = [
  defineOp({
    domain: "",
    op: "MaxPool",
    since: 1,
    gradient: unwritten,
    quantize: { role: "move" },
    cost: free,
    homogeneous: true,
  }),
  ...defineOps(["AveragePool", "GlobalAveragePool"], {
    domain: "",
    since: 1,
    gradient: unwritten,
    quantize: { role: "transform" },
    cost: free,
    homogeneous: true,
  }),
  ...defineOps(["GlobalMaxPool", "LpPool", "GlobalLpPool"], {
    domain: "",
    since: 1,
    gradient: unwritten,
    quantize: { role: "float", reason: "onnxruntime has no eight-bit kernel for this pooling" },
    cost: free,
  }),
];
