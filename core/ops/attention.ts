import { attention, fusedAttention, multiHeadAttention } from "./channels/attention.ts";
import { defineOp, product } from "./declare.ts";
import { expandAttention, expandFusedAttention, expandMultiHeadAttention } from "./expansions/attention.ts";

const inFloat = { role: "float", reason: "the fused attention kernel computes in float" } as const;

export const attentionOps = [
  defineOp({
    domain: "com.microsoft",
    op: "Attention",
    since: 1,
    gradient: { expand: expandFusedAttention },
    channels: fusedAttention,
    quantize: inFloat,
    // Projection [B,S,D]·[D,3H], then scores and their product with the values: 2·B·S²·H.
    cost: ({ inputs, outputs }) => {
      const [batch = 1, length = 1, width = 1] = inputs[0] ?? [];
      const hidden = outputs[0]?.at(-1) ?? 1;
      return batch * length * width * (inputs[1]?.at(-1) ?? 0) + 2 * batch * length * length * hidden;
    },
  }),
  defineOp({
    domain: "com.microsoft",
    op: "MultiHeadAttention",
    since: 1,
    gradient: { expand: expandMultiHeadAttention },
    channels: multiHeadAttention,
    quantize: inFloat,
    cost: ({ inputs, outputs }) => 2 * product(outputs[0] ?? []) * (inputs[1]?.at(1) ?? inputs[0]?.at(1) ?? 1),
  }),
  defineOp({
    domain: "",
    op: "Attention",
    since: 23,
    gradient: { expand: expandAttention },
    channels: attention,
    quantize: inFloat,
    // Scores and their product with the values, per key.
    cost: ({ inputs, outputs }) => 2 * product(outputs[0] ?? []) * (inputs[1]?.at(-2) ?? 1),
  }),
];
