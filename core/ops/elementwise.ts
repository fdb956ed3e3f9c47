import { defineOps, free } from "./declare.ts";

const noKernel = { role: "float", reason: "onnxruntime has no eight-bit kernel for this arithmetic" } as const;

export const elementwiseOps = [
  ...defineOps(["Add", "Mul"], { domain: "", since: 1, quantize: { role: "join" }, cost: free }),
  ...defineOps(
    [
      "Sub",
      "Div",
      "Pow",
      "Min",
      "Max",
      "Sum",
      "Mean",
      "Sqrt",
      "Reciprocal",
      "Log",
      "Neg",
      "Sign",
      "Floor",
      "Ceil",
      "Round",
      "Sin",
      "Cos",
    ],
    { domain: "", since: 1, quantize: noKernel, cost: free },
  ),
  ...defineOps(["Exp", "Abs"], { domain: "", since: 1, quantize: noKernel, cost: free, nonNegative: true }),
];
