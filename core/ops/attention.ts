import { defineOp, product, unwritten } from "./declare.ts";

export const attentionOps = [
  defineOp({
    domain: "com.microsoft",
    op: "Attention",
    since: 1,
    gradient: unwritten,
    quantize: { role: "float", reason: "the fused attention kernel computes in float" },
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
    gradient: unwritten,
    quantize: { role: "float", reason: "the fused attention kernel computes in float" },
    cost: ({ inputs, outputs }) => 2 * product(outputs[0] ?? []) * (inputs[1]?.at(1) ?? inputs[0]?.at(1) ?? 1),
  }),
];
