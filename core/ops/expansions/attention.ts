import { floatOf, intOf, intsOf } from "../../graph/attributes.ts";
import type { Node } from "../../graph/model.ts";
import { castTo, factsOf, intVector, scalar } from "../constants.ts";
import type { Expansion, GraphWriter } from "../gradient.ts";
import { noGradientFor } from "../gradients/refuse.ts";
import { partsOf, type Dims, type Parts } from "./parts.ts";

/** The most negative float32, which a masked score becomes or gets added. */
const LOWEST = -3.4028234663852886e38;

interface Heads {
  /** [batch, heads, length, size] */
  readonly q: string;
  /** [batch, heads, keys, size]; heads may be a divisor of those of the query. */
  readonly k: string;
  readonly v: string;
}

interface Scores {
  readonly scale: number;
  /** Added to the scores [batch, heads, length, keys], broadcast. */
  readonly biases: readonly string[];
}

/** softmax(scale · q·kᵀ + biases) · v, [batch, heads, length, size] (Vaswani et al. 2017, "Attention is all you need") */
function attend(write: GraphWriter, { q, k, v }: Heads, { scale, biases }: Scores): string {
  const parts = partsOf(write);
  const [batch, heads, length, size] = parts.dims(q) as [Dims[number], number, Dims[number], number];
  const shared = Number(parts.dims(k)[1]);
  const groups = heads / shared;
  // Several query heads per key head: an axis of its own, along which keys and values are broadcast.
  const grouped = (value: string, dims: Dims): string => (groups === 1 ? value : parts.reshape(value, dims));
  const spread = (value: string): string => (groups === 1 ? value : parts.unsqueeze(value, 2));
  const last = groups === 1 ? [0, 1, 3, 2] : [0, 1, 2, 4, 3];
  const scaled = parts.each("Mul", [q, scalar(write, scale, q)]);
  const raw = parts.matMul(grouped(scaled, [batch, shared, groups, length, size]), parts.transpose(spread(k), last));
  const keys = parts.dims(k)[2]!;
  const scores = grouped(raw, [batch, heads, length, keys]);
  const masked = biases.reduce((sum, bias) => parts.each("Add", [sum, bias]), scores);
  const weights = parts.each("Softmax", [masked], { axis: -1 });
  const mixed = parts.matMul(grouped(weights, [batch, shared, groups, length, keys]), spread(v));
  return grouped(mixed, [batch, heads, length, parts.dims(v)[3]!]);
}

/** [batch, length, heads·size] → [batch, heads, length, size] */
function toHeads(parts: Parts, value: string, heads: number): string {
  const [batch, length, width] = parts.dims(value) as [Dims[number], Dims[number], number];
  return parts.transpose(parts.reshape(value, [batch, length, heads, width / heads]), [0, 2, 1, 3]);
}

/** [batch, heads, length, size] → [batch, length, heads·size] */
function fromHeads(parts: Parts, value: string): string {
  const joined = parts.transpose(value, [0, 2, 1, 3]);
  const [batch, length, heads, size] = parts.dims(joined) as [Dims[number], Dims[number], number, number];
  return parts.reshape(joined, [batch, length, heads * size]);
}

/** Hides keys after the query's own position: [length, keys]. */
function causalBias(write: GraphWriter, { q, k }: Heads): string {
  const positions = (value: string, axis: number): string => {
    const size = write.op("Gather", [write.op("Shape", [value]), whole(write, 2)], { axis: 0 });
    const range = write.op("Range", [whole(write, 0), size, whole(write, 1)]);
    return write.op("Unsqueeze", [range, intVector(write, [axis])]);
  };
  const isHidden = write.op("Greater", [positions(k, 0), positions(q, 1)]);
  const bias = write.op("Where", [isHidden, scalar(write, LOWEST, q), scalar(write, 0, q)]);
  return write.note(bias, {
    type: factsOf(write, q).type,
    dims: [factsOf(write, q).dims[2]!, factsOf(write, k).dims[2]!],
  });
}

const whole = (write: GraphWriter, x: number): string =>
  write.constant({ type: "int64", dims: [], data: BigInt64Array.of(BigInt(x)) });

/** 0 where a mask of ones and zeros shows a key, `filter` where it hides one; [batch, keys] or [batch, length, keys]. */
function maskBias(
  write: GraphWriter,
  node: Node,
  { mask, like, filter }: { readonly mask: string; readonly like: string; readonly filter: number },
): string {
  const parts = partsOf(write);
  const { dims } = factsOf(write, mask);
  if (dims.length !== 2 && dims.length !== 3) throw noGradientFor(node, `a mask of shape "[${dims.join(",")}]"`);
  const { type } = factsOf(write, like);
  const shown = write.note(castTo(write, mask, type), { type, dims });
  const hidden = parts.each("Sub", [scalar(write, 1, like), shown]);
  const bias = parts.each("Mul", [hidden, scalar(write, filter, like)]);
  return dims.length === 2 ? parts.unsqueeze(parts.unsqueeze(bias, 1), 1) : parts.unsqueeze(bias, 1);
}

function refuse(node: Node, slots: Readonly<Record<number, string>>): void {
  for (const [slot, what] of Object.entries(slots)) {
    if ((node.inputs[Number(slot)] ?? "") !== "") throw noGradientFor(node, what);
  }
  if (node.outputs.slice(1).some((o) => o !== "")) throw noGradientFor(node, "more outputs than the first");
}

/** com.microsoft Attention: the projection of one input to q, k and v, and self-attention (ContribOperators.md). */
export const expandFusedAttention: Expansion = (write, node) => {
  refuse(node, { 4: "past keys and values", 6: "past keys and values" });
  if (intOf(node, "do_rotary", 0) !== 0) throw noGradientFor(node, "rotary positions");
  const parts = partsOf(write);
  const [x = "", w = "", bias = "", mask = "", , extra = ""] = node.inputs;
  const product = parts.matMul(x, w);
  const projected = bias === "" ? product : parts.each("Add", [product, bias]);
  const width = Number(parts.dims(w)[1]);
  const sizes = intsOf(node, "qkv_hidden_sizes") ?? [width / 3, width / 3, width / 3];
  const heads = intOf(node, "num_heads", 1);
  const [q = "", k = "", v = ""] = parts.sized(projected, 2, sizes).map((value) => toHeads(parts, value, heads));
  const filter = floatOf(node, "mask_filter_value", -10_000);
  const biases = [
    ...(mask === "" ? [] : [maskBias(write, node, { mask, like: x, filter })]),
    ...(intOf(node, "unidirectional", 0) === 1 ? [causalBias(write, { q, k, v })] : []),
    ...(extra === "" ? [] : [extra]),
  ];
  return [fromHeads(parts, attend(write, { q, k, v }, { scale: scaleOf(node, Number(parts.dims(q)[3])), biases }))];
};

/** com.microsoft MultiHeadAttention over q, k and v of shape [batch, length, heads·size] (ContribOperators.md). */
export const expandMultiHeadAttention: Expansion = (write, node) => {
  refuse(node, { 6: "past keys and values", 7: "past keys and values" });
  const parts = partsOf(write);
  const [query = "", key = "", value = "", bias = "", mask = "", extra = ""] = node.inputs;
  const shapes = [query, key, value].map((name) => (name === "" ? [] : parts.dims(name)));
  if (shapes.some((dims) => dims.length !== 3)) {
    throw noGradientFor(
      node,
      `packed or split operands of shapes "${shapes.map((d) => `[${d.join(",")}]`).join(" ")}"`,
    );
  }
  const heads = intOf(node, "num_heads", 1);
  const widths = shapes.map((dims) => Number(dims[2]));
  const biased = bias === "" ? [] : parts.sized(bias, 0, widths);
  const [q = "", k = "", v = ""] = [query, key, value].map((name, i) =>
    toHeads(parts, biased[i] === undefined ? name : parts.each("Add", [name, biased[i]]), heads),
  );
  const filter = floatOf(node, "mask_filter_value", -10_000);
  const biases = [
    ...(mask === "" ? [] : [maskBias(write, node, { mask, like: query, filter })]),
    ...(intOf(node, "unidirectional", 0) === 1 ? [causalBias(write, { q, k, v })] : []),
    ...(extra === "" ? [] : [extra]),
  ];
  return [fromHeads(parts, attend(write, { q, k, v }, { scale: scaleOf(node, Number(parts.dims(q)[3])), biases }))];
};

/** The ONNX op (Operators.md, Attention), also with fewer key than query heads. */
export const expandAttention: Expansion = (write, node) => {
  refuse(node, { 4: "past keys and values", 5: "past keys and values", 6: "key lengths" });
  if (floatOf(node, "softcap", 0) !== 0) throw noGradientFor(node, "capped scores");
  const parts = partsOf(write);
  const [query = "", key = "", value = "", mask = ""] = node.inputs;
  const isFlat = parts.dims(query).length === 3;
  const queryHeads = intOf(node, "q_num_heads", 0);
  const keyHeads = intOf(node, "kv_num_heads", queryHeads);
  const split = (name: string, heads: number): string => (isFlat ? toHeads(parts, name, heads) : name);
  const all = { q: split(query, queryHeads), k: split(key, keyHeads), v: split(value, keyHeads) };
  const biases = [
    ...(mask === "" ? [] : [attentionMask(write, mask, query)]),
    ...(intOf(node, "is_causal", 0) === 1 ? [causalBias(write, all)] : []),
  ];
  const made = attend(write, all, { scale: scaleOf(node, Number(parts.dims(all.q)[3])), biases });
  return [isFlat ? fromHeads(parts, made) : made];
};

function attentionMask(write: GraphWriter, mask: string, like: string): string {
  const { type, dims } = factsOf(write, mask);
  if (type !== "bool") return mask;
  const bias = write.op("Where", [mask, scalar(write, 0, like), scalar(write, LOWEST, like)]);
  return write.note(bias, { type: factsOf(write, like).type, dims });
}

/** 1/√size where the node does not say. */
function scaleOf(node: Node, size: number): number {
  const given = floatOf(node, "scale", 0);
  return given === 0 ? 1 / Math.sqrt(size) : given;
}
