import { describe, expect, it } from "vitest";
import { checkGradient, type GradientCheck } from "./check.ts";

const BATCH = 2;
const LENGTH = 3;
const KEYS = 5;
const HEADS = 2;
const WIDTH = 8;

const small = (...shape: number[]) => ({ shape, low: -1, high: 1 });
const microsoft = { domain: "com.microsoft", opsets: { "com.microsoft": 1 }, tolerance: 1e-2 };
const mask = (dims: readonly number[], bits: readonly number[]) => ({
  type: "int32" as const,
  dims,
  data: Int32Array.from(bits),
});

describe("gradients of Attention (com.microsoft)", () => {
  const fused = (parts: Partial<GradientCheck> = {}, more: GradientCheck["inputs"] = []): GradientCheck => ({
    ...microsoft,
    op: "Attention",
    inputs: [small(BATCH, LENGTH, 6), small(6, 3 * WIDTH), small(3 * WIDTH), ...more],
    ...parts,
    attributes: { num_heads: HEADS, ...parts.attributes },
  });
  it("reach the input, the projection and its bias", async () => {
    await checkGradient(fused());
    await checkGradient(fused({ symbols: { 0: { 0: "batch", 1: "length" } } }));
  });
  it("respect masks of keys and order", async () => {
    await checkGradient(fused({}, [mask([BATCH, LENGTH], [1, 1, 0, 1, 0, 1])]));
    await checkGradient(fused({ attributes: { unidirectional: 1 } }));
    await checkGradient(fused({}, [undefined, undefined, small(BATCH, HEADS, LENGTH, LENGTH)]));
  });
  it("refuse what is not covered with the reason", async () => {
    await expect(checkGradient(fused({}, [mask([BATCH], [2, 3])]))).rejects.toThrow(
      'Attention "y0": no gradient for a mask of shape "[2]".',
    );
  });
});

describe("gradients of MultiHeadAttention", () => {
  const heads = (parts: Partial<GradientCheck> = {}, more: GradientCheck["inputs"] = []): GradientCheck => ({
    ...microsoft,
    op: "MultiHeadAttention",
    inputs: [small(BATCH, LENGTH, WIDTH), small(BATCH, KEYS, WIDTH), small(BATCH, KEYS, WIDTH), ...more],
    ...parts,
    attributes: { num_heads: HEADS, ...parts.attributes },
  });
  it("reach queries, keys, values and biases", async () => {
    await checkGradient(heads());
    await checkGradient(heads({ attributes: { scale: 0.3 } }, [small(3 * WIDTH)]));
    await checkGradient(heads({ symbols: { 0: { 0: "batch", 1: "length" }, 1: { 1: "keys" } } }));
  });
  it("respect masks of keys and biases of scores", async () => {
    await checkGradient(heads({}, [undefined, mask([BATCH, KEYS], [1, 1, 0, 1, 1, 0, 1, 1, 1, 1])]));
    await checkGradient(heads({}, [undefined, undefined, small(1, HEADS, LENGTH, KEYS)]));
  });
});

describe("gradients of Attention (ONNX)", () => {
  const attention = (parts: Partial<GradientCheck> = {}, more: GradientCheck["inputs"] = []): GradientCheck => ({
    op: "Attention",
    opset: 23,
    tolerance: 1e-2,
    inputs: [small(BATCH, 4, LENGTH, 3), small(BATCH, 4, KEYS, 3), small(BATCH, 4, KEYS, 2), ...more],
    ...parts,
  });
  it("reach queries, keys and values", async () => {
    await checkGradient(attention());
    await checkGradient(attention({ attributes: { is_causal: 1, scale: 0.7 } }));
  });
  it("add up over query heads that share a key head", async () => {
    const inputs = [small(6, 4, LENGTH, 3), small(6, 2, KEYS, 3), small(6, 2, KEYS, 2)];
    await checkGradient(attention({ inputs }));
    await checkGradient(attention({ inputs, symbols: { 0: { 0: "batch" } } }));
  });
  it("take operands with their heads side by side, and masks", async () => {
    const inputs = [small(BATCH, LENGTH, WIDTH), small(BATCH, KEYS, WIDTH), small(BATCH, KEYS, WIDTH)];
    const attributes = { q_num_heads: HEADS, kv_num_heads: HEADS };
    await checkGradient(attention({ inputs: [...inputs, small(LENGTH, KEYS)], attributes }));
    const shown = {
      type: "bool" as const,
      dims: [LENGTH, KEYS],
      data: Uint8Array.from([1, 1, 0, 1, 1, 0, 1, 1, 1, 1, 1, 0, 0, 0, 1]),
    };
    await checkGradient(attention({ inputs: [...inputs, shown], attributes }));
  });
});
