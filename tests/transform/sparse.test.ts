import { describe, expect, it } from "vitest";
import { decodeSparse, encodeSparse } from "../../core/base/sparseCode.ts";
import { seededRandom } from "../../core/base/random.ts";
import type { Model } from "../../core/graph/model.ts";
import { applyMasks, zerosOf } from "../../core/transform/applyMasks.ts";
import { findLinearLayers, type LinearLayer } from "../../core/transform/linearLayers.ts";
import { chooseMasks, erkSparsity, type MaskOptions, type ScoredLayer } from "../../core/transform/sparseMasks.ts";
import { parsePattern, whyNotSparse } from "../../core/transform/sparsePattern.ts";
import { conv, net, op, weight } from "./fixtures.ts";

/** All kinds of weights: convolutions plain, depthwise and transposed, and products with the weight either way round. */
const model: Model = net({
  input: ["N", 3, 8, 8],
  nodes: [
    conv(["x", "first"], "a"),
    conv(["a", "depthwise"], "b", { group: 8 }),
    conv(["b", "wide"], "c"),
    op("ConvTranspose", ["c", "up"], "d"),
    op("GlobalAveragePool", ["d"], "e"),
    op("Flatten", ["e"], "f"),
    op("Gemm", ["f", "out.in"], "g", { attributes: { transB: 1 } }),
    op("Gemm", ["g", "in.out"], "h"),
    op("MatMul", ["h", "last"], "y"),
  ],
  constants: [
    weight("first", [8, 3, 3, 3]),
    weight("depthwise", [8, 1, 3, 3]),
    weight("wide", [16, 8, 3, 3]),
    weight("up", [16, 8, 2, 2]),
    weight("out.in", [12, 8]),
    weight("in.out", [12, 8]),
    weight("last", [8, 4]),
  ],
});

const layerOf = (name: string): LinearLayer => findLinearLayers(model).layers.find((l) => l.weight === name)!;

function scored(names: readonly string[], seed = 1): ScoredLayer[] {
  return names.map((name) => {
    const layer = layerOf(name);
    const random = seededRandom(seed, name);
    return { layer, scores: Float64Array.from({ length: layer.elements }, random.next) };
  });
}

const FREE: MaskOptions = { pattern: { kind: "unstructured" }, scope: "global", sparsity: 0.5 };
const zeros = (mask: Float32Array): number => mask.reduce((count, m) => count + 1 - m, 0);

describe("layers with weights", () => {
  it("know their axes of output and input channels", () => {
    const { layers } = findLinearLayers(model);
    const axes = layers.map((l) => [l.weight, l.rowAxis, l.columnAxis]);
    expect(axes).toEqual([
      ["first", 0, 1],
      ["depthwise", 0, 1],
      ["wide", 0, 1],
      ["up", 1, 0],
      ["out.in", 0, 1],
      ["in.out", 1, 0],
      ["last", 1, 0],
    ]);
  });

  it("stay dense at the ends and where the recipe says so", () => {
    const { layers, dense } = findLinearLayers(model, { keepEnds: true, exclude: ["c", "*.out"] });
    expect(layers.map((l) => l.weight)).toEqual(["depthwise", "up", "out.in"]);
    expect(dense.map((d) => `${d.weight}: ${d.reason}`)).toEqual([
      "first: the first layer",
      "wide: excluded by the recipe",
      "in.out: excluded by the recipe",
      "last: the last layer",
    ]);
    expect(() => findLinearLayers(model, { exclude: ["nowhere"] })).toThrow('No node is called "nowhere".');
  });
});

describe("a pattern", () => {
  it("is read from its text", () => {
    expect(parsePattern("2:4")).toEqual({ kind: "groups", n: 2, m: 4 });
    expect(parsePattern("4x1")).toEqual({ kind: "blocks", rows: 4, columns: 1 });
    for (const text of ["4:4", "0:4", "1x1", "2:", "free"]) {
      expect(() => parsePattern(text)).toThrow(`There is no sparsity pattern "${text}".`);
    }
  });

  it("says where it has no room", () => {
    const groups = parsePattern("2:4");
    expect(whyNotSparse(layerOf("wide"), groups)).toBeUndefined();
    expect(whyNotSparse(layerOf("first"), groups)).toBe("3 input channels to a sum cannot be parted into groups of 4");
    expect(whyNotSparse(layerOf("depthwise"), parsePattern("4x4"))).toBe("8 × 1 channels are fewer than a block");
  });

  it.each(["2:4", "1:4", "3:8", "1:2"])("%s keeps as many of each group of input channels", (text) => {
    const pattern = parsePattern(text);
    if (pattern.kind !== "groups") throw new Error(text);
    const { n, m } = pattern;
    const names = ["wide", "up", "out.in"];
    const masks = chooseMasks(scored(names), { ...FREE, pattern, sparsity: 1 - n / m });
    // [O, I, h, w], [I, O, h, w] and [O, I]: where the element of an input channel is.
    const at: Record<string, (o: number, i: number, k: number) => number> = {
      wide: (o, i, k) => (o * 8 + i) * 9 + k,
      up: (o, i, k) => (i * 8 + o) * 4 + k,
      "out.in": (o, i) => o * 8 + i,
    };
    const sizes: Record<string, readonly [number, number, number]> = {
      wide: [16, 8, 9],
      up: [8, 16, 4],
      "out.in": [12, 8, 1],
    };
    for (const name of names) {
      const [outputs, inputs, places] = sizes[name]!;
      const mask = masks.get(name)!;
      const scores = scored([name])[0]!.scores;
      for (let o = 0; o < outputs; o++) {
        for (let k = 0; k < places; k++) {
          for (let start = 0; start < inputs; start += m) {
            const group = Array.from({ length: m }, (_, i) => at[name]!(o, start + i, k));
            const kept = group.filter((e) => mask[e] === 1).map((e) => scores[e]!);
            const gone = group.filter((e) => mask[e] === 0).map((e) => scores[e]!);
            expect(kept.length).toBe(n);
            expect(Math.min(...kept)).toBeGreaterThan(Math.max(...gone));
          }
        }
      }
    }
  });

  it("of groups is reached step by step, without ever dropping what it keeps", () => {
    const pattern = parsePattern("2:4");
    const last = chooseMasks(scored(["wide"]), { ...FREE, pattern, sparsity: 0.5 }).get("wide")!;
    for (const sparsity of [0, 0.1, 0.25, 0.4]) {
      const mask = chooseMasks(scored(["wide"]), { ...FREE, pattern, sparsity }).get("wide")!;
      expect(zeros(mask)).toBe(Math.round(sparsity * mask.length));
      expect(mask.every((m, i) => m >= last[i]!)).toBe(true);
    }
  });

  it("of blocks drops whole blocks, ragged ones at the edges too", () => {
    const pattern = parsePattern("8x3");
    const mask = chooseMasks(scored(["out.in"]), { ...FREE, pattern }).get("out.in")!;
    const blocks = [0, 8].flatMap((top) =>
      [0, 3, 6].map((left) => {
        const rows = Array.from({ length: Math.min(8, 12 - top) }, (_, r) => top + r);
        return rows.flatMap((row) => Array.from(mask.subarray(row * 8 + left, row * 8 + Math.min(8, left + 3))));
      }),
    );
    expect(blocks.map((b) => b.length)).toEqual([24, 24, 16, 12, 12, 8]);
    for (const block of blocks) expect(new Set(block).size).toBe(1);
    expect(Math.abs(zeros(mask) - 48)).toBeLessThanOrEqual(12);
  });
});

describe("a scope", () => {
  const names = ["wide", "up", "out.in"];

  it("takes the lowest of all together, or the same share of each", () => {
    const layers = scored(names).map((s, i) => ({ ...s, scores: s.scores.map((x) => x + i) }));
    const together = chooseMasks(layers, FREE);
    const total = layers.reduce((sum, l) => sum + l.layer.elements, 0);
    expect(names.reduce((sum, n) => sum + zeros(together.get(n)!), 0)).toBe(Math.round(total / 2));
    // The scores of the first are lower than all others.
    expect(zeros(together.get("wide")!)).toBe(Math.round(total / 2));
    const each = chooseMasks(layers, { ...FREE, scope: "uniform", sparsity: 0.7 });
    for (const { layer } of layers) expect(zeros(each.get(layer.weight)!)).toBe(Math.round(0.7 * layer.elements));
  });

  it("LAMP does not mind how large a layer's weights are", () => {
    const plain = scored(names);
    const loud = plain.map((s, i) => ({ ...s, scores: s.scores.map((x) => x * 10 ** i) }));
    const options: MaskOptions = { ...FREE, scope: "lamp" };
    expect(chooseMasks(loud, options)).toEqual(chooseMasks(plain, options));
    expect(chooseMasks(loud, FREE)).not.toEqual(chooseMasks(plain, FREE));
  });

  it("by shape makes large layers sparser and keeps the whole", () => {
    const layers = names.map(layerOf);
    const shares = erkSparsity(layers, 0.6);
    const total = layers.reduce((sum, l) => sum + l.elements, 0);
    expect(layers.reduce((sum, l, i) => sum + shares[i]! * l.elements, 0) / total).toBeCloseTo(0.6, 12);
    // (16 + 8 + 3 + 3)/1152 and (16 + 8 + 2 + 2)/512
    expect((1 - shares[0]!) / (1 - shares[1]!)).toBeCloseTo(30 / 1152 / (28 / 512), 12);
    expect(shares[2]).toBe(0);
    const masks = chooseMasks(scored(names), { ...FREE, scope: "erk", sparsity: 0.6 });
    expect(zeros(masks.get("out.in")!)).toBe(0);
    expect(zeros(masks.get("wide")!)).toBe(Math.round(shares[0]! * 1152));
  });

  it("per row drops as many weights of each output", () => {
    const masks = chooseMasks(scored(["in.out"]), { ...FREE, scope: "uniform", perRow: true });
    const mask = masks.get("in.out")!;
    for (let o = 0; o < 8; o++) {
      expect(Array.from({ length: 12 }, (_, i) => mask[i * 8 + o]!).filter((m) => m === 0).length).toBe(6);
    }
  });
});

describe("masks and codes", () => {
  it("make zeros and leave the rest as it is", () => {
    const masks = chooseMasks(scored(["wide"]), FREE);
    const sparse = applyMasks(model, masks);
    const constant = sparse.graph.initializers.find((t) => t.name === "wide")!;
    expect(zerosOf(constant)).toBe(576);
    for (const [i, t] of sparse.graph.initializers.entries()) {
      if (t.name !== "wide") expect(t).toBe(model.graph.initializers[i]);
    }
  });

  it.each([0, 1, 7, 8, 9, 1000])("encode %i numbers exactly", (count) => {
    const random = seededRandom(count, "code");
    const values = Float32Array.from({ length: count }, () => (random.next() < 0.8 ? 0 : random.normal()));
    const bytes = encodeSparse(values);
    const kept = values.filter((x) => x !== 0).length;
    expect(bytes.byteLength).toBe(Math.ceil(count / 8) + 4 * kept);
    expect(decodeSparse(bytes, [count])).toEqual(values);
    expect(() => decodeSparse(new Uint8Array([...bytes, 1]), [count])).toThrow(`are no sparse [${count}]`);
  });
});
