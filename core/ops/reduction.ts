import { defineOp, defineOps, free, type OpDeclaration } from "./declare.ts";
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
  reduction("ReduceMax", rules.reduceExtremeGradient),
  reduction("ReduceMin", rules.reduceExtremeGradient),
  reduction("ReduceProd", rules.reduceProdGradient),
  reduction("ReduceL1", rules.reduceL1Gradient),
  reduction("ReduceL2", rules.reduceL2Gradient),
  reduction("ReduceSumSquare", rules.reduceSumSquareGradient),
  reduction("ReduceLogSum", rules.reduceLogSumGradient),
  reduction("ReduceLogSumExp", rules.reduceLogSumExpGradient),
  ...defineOps(["ArgMax", "ArgMin"], {
    domain: "",
    since: 1,
    gradient: "stops",
    quantize: { role: "none" },
    cost: free,
  }),
];
