import { position, reduction as reduced } from "./channels/pooling.ts";
import { defineOp, defineOps, free, type OpDeclaration } from "./declare.ts";
import type { Gradient } from "./gradient.ts";
import * as rules from "./gradients/reduction.ts";

const reduction = (op: string, gradient: Gradient, shifts = false): OpDeclaration =>
  defineOp({
    domain: "",
    op,
    since: 1,
    gradient,
    channels: reduced(shifts),
    quantize: { role: "float", reason: "onnxruntime has no eight-bit kernel for this reduction" },
    cost: free,
  });

export const reductionOps = [
  reduction("ReduceSum", rules.reduceSumGradient),
  reduction("ReduceMean", rules.reduceMeanGradient, true),
  reduction("ReduceMax", rules.reduceExtremeGradient, true),
  reduction("ReduceMin", rules.reduceExtremeGradient, true),
  reduction("ReduceProd", rules.reduceProdGradient, true),
  reduction("ReduceL1", rules.reduceL1Gradient),
  reduction("ReduceL2", rules.reduceL2Gradient),
  reduction("ReduceSumSquare", rules.reduceSumSquareGradient),
  reduction("ReduceLogSum", rules.reduceLogSumGradient),
  reduction("ReduceLogSumExp", rules.reduceLogSumExpGradient, true),
  ...defineOps(["ArgMax", "ArgMin"], {
    domain: "",
    since: 1,
    gradient: "stops",
    channels: position,
    quantize: { role: "none" },
    cost: free,
  }),
];
