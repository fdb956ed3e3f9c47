import { defineOp, free, type OpDeclaration } from "./declare.ts";
import type { Gradient } from "./gradient.ts";
import * as rules from "./gradients/reduction.ts";

const reduction = (op: string, gradient: Gradient): OpDeclaration =>
  defineOp({
    domain: "",
    op,
    since: 1,
    gradient,
    quantize: { role: "float", reason: "onnxruntime has no eight-bit kernel for this reduction" },
    cost: free,
  });

export const reductionOps = [
  reduction("ReduceSum", rules.reduceSumGradient),
  reduction("ReduceMean", rules.reduceMeanGradient),
];
