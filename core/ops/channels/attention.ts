import { intOf, intsOf } from "../../graph/attributes.ts";
import type { Axis, ChannelRule, Coupler, Cut, Rewrite } from "../channels.ts";

const given = (call: Coupler, slot: number): boolean => slot < call.slots.inputs && call.sizes(slot).length > 0;

const blank = (call: Coupler): readonly (readonly Axis[])[] =>
  Array.from({ length: call.slots.outputs }, (_, slot) => call.outputSizes(slot).map(() => undefined));

function keepSlots(call: Coupler, slots: readonly number[], reason: string): void {
  for (const slot of slots) for (const axis of call.input(slot)) call.keep(axis, reason);
}

/** Heads, each of `width / heads` neighbours that stay together, of an axis. */
const headsOf = (call: Coupler, axis: Axis, heads: number): Axis =>
  call.fold(axis, [heads, (axis?.length ?? heads) / heads], 0);

/** Heads of which something is left. */
function countHeads(left: readonly boolean[] | undefined, heads: number): number {
  if (left === undefined) return heads;
  const size = left.length / heads;
  return Array.from({ length: heads }, (_, h) => left.slice(h * size, (h + 1) * size).includes(true)).filter(Boolean)
    .length;
}

/** com.microsoft Attention: input [B, S, D], weight [D, 3·H] for query, key and value, bias [3·H]. */
export const fusedAttention: ChannelRule = {
  couple: (call) => {
    const heads = intOf(call.node, "num_heads", 1);
    const [, , width] = call.input(0);
    const [inputs, outputs] = call.input(1);
    call.same(width, inputs);
    const made = given(call, 2) ? call.same(outputs, call.input(2)[0]) : outputs;
    keepSlots(
      call,
      [3, 4, 5, 6].filter((slot) => given(call, slot)),
      "has masks or earlier keys by head",
    );
    if (made === undefined) return blank(call);
    const sizes = intsOf(call.node, "qkv_hidden_sizes") ?? [1, 1, 1].map(() => made.length / 3);
    const parts = sizes.map((size, i) => {
      const from = sizes.slice(0, i).reduce((sum, s) => sum + s, 0);
      return made.slice(from, from + size);
    });
    call.same(...parts.map((part) => headsOf(call, part, heads)));
    return blank(call).map((axes, slot) => (slot === 0 ? [undefined, undefined, parts[2]] : axes));
  },
  rewrite: (cut) => {
    const heads = intOf(cut.node, "num_heads", 1);
    const left = cut.output(0, 2);
    const sizes = intsOf(cut.node, "qkv_hidden_sizes");
    const count = countHeads(left, heads);
    return {
      attributes: {
        num_heads: count,
        ...(sizes && { qkv_hidden_sizes: sizes.map((size) => (size / heads) * count) }),
      },
    };
  },
  roles: { 1: "weight", 2: "bias" },
  makes: (_, slot) => (slot === 1 ? 1 : undefined),
};

/** com.microsoft MultiHeadAttention: query [B, S, H], key and value [B, L, H], bias [3·H]. */
export const multiHeadAttention: ChannelRule = {
  couple: (call) => {
    const heads = intOf(call.node, "num_heads", 1);
    const isPlain = [0, 1, 2].every((slot) => call.sizes(slot).length === 3) && call.slots.outputs === 1;
    if (!isPlain || [3, 4, 5, 6, 7].some((slot) => given(call, slot))) {
      keepSlots(
        call,
        Array.from({ length: call.slots.inputs }, (_, i) => i),
        "has packed inputs, masks or a bias",
      );
      return blank(call);
    }
    const parts = [0, 1, 2].map((slot) => call.input(slot)[2]);
    call.same(...parts.map((part) => headsOf(call, part, heads)));
    return [[undefined, undefined, parts[2]]];
  },
  rewrite: (cut) => ({ attributes: { num_heads: countHeads(cut.output(0, 2), intOf(cut.node, "num_heads", 1)) } }),
};

/** Attention of ONNX (opset 23): [B, heads, S, d], or [B, S, heads·d] with the heads as attributes. */
export const attention: ChannelRule = {
  couple: (call) => {
    const isFlat = call.sizes(0).length === 3;
    const [heads, others] = isFlat
      ? [intOf(call.node, "q_num_heads", 1), intOf(call.node, "kv_num_heads", 1)]
      : [call.sizes(0)[1] ?? 1, call.sizes(1)[1] ?? 1];
    keepSlots(
      call,
      [3, 4, 5, 6].filter((slot) => given(call, slot)),
      "has masks or earlier keys by head",
    );
    if (heads !== others || call.slots.outputs > 1) {
      keepSlots(call, [0, 1, 2], "shares keys between heads, or hands out keys");
      return blank(call);
    }
    const axis = isFlat ? 2 : 1;
    const parts = [0, 1, 2].map((slot) => call.input(slot)[axis]);
    call.same(...parts.map((part) => (isFlat ? headsOf(call, part, heads) : part)));
    if (isFlat) return [[undefined, undefined, parts[2]]];
    call.keep(call.same(call.input(0)[3], call.input(1)[3]), "scales its scores by its length");
    return [[undefined, parts[2], undefined, call.input(2)[3]]];
  },
  rewrite: (cut) => headsLeft(cut),
};

function headsLeft(cut: Cut): Rewrite {
  if (cut.sizes(0).length !== 3) return {};
  const count = countHeads(cut.output(0, 2), intOf(cut.node, "q_num_heads", 1));
  return { attributes: { q_num_heads: count, kv_num_heads: count } };
}
