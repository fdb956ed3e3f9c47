import { defineOp, free, product } from "./declare.ts";
import { expandCrossEntropyLoss, expandLikelihoodLoss } from "./expansions/losses.ts";

const loss = { unknown: "compares classes with labels" } as const;
const inFloat = { role: "float", reason: "losses are computed in float" } as const;

export const lossOps = [
  defineOp({
    domain: "",
    op: "NegativeLogLikelihoodLoss",
    since: 12,
    gradient: { expand: expandLikelihoodLoss },
    channels: loss,
    quantize: inFloat,
    cost: free,
  }),
  defineOp({
    domain: "",
    op: "SoftmaxCrossEntropyLoss",
    since: 12,
    gradient: { expand: expandCrossEntropyLoss },
    channels: loss,
    quantize: inFloat,
    cost: ({ inputs }) => product(inputs[0] ?? []),
  }),
];
