import { intOf } from "../graph/attributes.ts";
import { addingConvolution } from "./channels/convolution.ts";
import { gemm } from "./channels/linear.ts";
import { defineOp, product } from "./declare.ts";
import { expandFusedConv, expandFusedGemm } from "./expansions/fused.ts";

const fused = { role: "float", reason: "onnxruntime quantises only the ops that this one was made of" } as const;

/** Ops in models that onnxruntime's optimiser has been over. */
export const fusedOps = [
  defineOp({
    domain: "com.microsoft",
    op: "FusedConv",
    since: 1,
    gradient: { expand: expandFusedConv },
    channels: addingConvolution,
    quantize: fused,
    cost: ({ inputs, outputs }) => product(outputs[0] ?? []) * product((inputs[1] ?? []).slice(1)),
  }),
  defineOp({
    domain: "com.microsoft",
    op: "FusedGemm",
    since: 1,
    gradient: { expand: expandFusedGemm },
    channels: gemm,
    quantize: fused,
    cost: ({ node, inputs, outputs }) =>
      product(outputs[0] ?? []) * (inputs[0]?.[intOf(node, "transA", 0) === 1 ? 0 : 1] ?? 1),
  }),
];
