import { roundHalfEven } from "../../core/base/rounding.ts";
import { describe, expect, it } from "vitest";
import { float32, type NdArray } from "../../core/base/array.ts";
import { seededRandom } from "../../core/base/random.ts";
import { floatTensor, graph, model, node, tensor, value } from "../../core/graph/build.ts";
import { affineOf, limitsOf, quantizeValues, type Affine } from "../../core/transform/affine.ts";
import { runModel } from "./fixtures.ts";

describe("affineOf", () => {
  it.each<[number, number, "int8" | "uint8", number, number]>([
    [0, 255, "uint8", 1, 0],
    [-255, 0, "uint8", 1, 255],
    [-128, 127, "int8", 1, 0],
    [0, 2.55, "int8", Math.fround(0.01), -128],
    [-1, 3, "uint8", Math.fround(4 / 255), 64],
    // A range beside zero is extended to it.
    [2, 4, "uint8", Math.fround(4 / 255), 0],
    [-4, -2, "uint8", Math.fround(4 / 255), 255],
  ])("spreads [%s, %s] over %s", (low, high, ...[type, scale, zeroPoint]) => {
    expect(affineOf(low, high, type)).toEqual({ type, scale, zeroPoint });
  });

  it.each<[number, number]>([
    [0, 0],
    [NaN, 1],
    [0, NaN],
    [-Infinity, 1],
    [0, Infinity],
    [0, 1e-44],
  ])("gives a usable map for [%s, %s]", (low, high) => {
    const { scale, zeroPoint } = affineOf(low, high, "uint8");
    expect(scale).toBeGreaterThan(0);
    expect(Number.isFinite(scale)).toBe(true);
    expect(zeroPoint).toBeGreaterThanOrEqual(0);
    expect(zeroPoint).toBeLessThanOrEqual(255);
  });

  it("keeps zero exact and every value of the range within half a step", () => {
    const random = seededRandom(3);
    for (let i = 0; i < 2000; i++) {
      const type = i % 2 === 0 ? "int8" : "uint8";
      const [low, high] = [random.normal() * 10, random.normal() * 10].sort((a, b) => a - b) as [number, number];
      const map = affineOf(low, high, type);
      const values = Float32Array.of(0, low, high, low + random.next() * (high - low));
      const restored = Array.from(quantizeValues(values, map), (q) => (q - map.zeroPoint) * map.scale);
      expect(restored[0]).toBe(0);
      restored.forEach((x, k) => expect(Math.abs(x - values[k]!)).toBeLessThanOrEqual(map.scale * 1.001));
      expect(Math.abs(restored[3]! - values[3]!)).toBeLessThanOrEqual(map.scale);
    }
  });

  it("knows the limits of its types", () => {
    expect([limitsOf("int8"), limitsOf("uint8")]).toEqual([
      [-128, 127],
      [0, 255],
    ]);
  });
});

describe("rounding", () => {
  it("goes to the even neighbour from the middle", () => {
    const middles = [-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5];
    expect(middles.map((x) => roundHalfEven(x) + 0)).toEqual([-4, -2, -2, 0, 0, 2, 2, 4]);
    expect([0.49999999999999994, -2.4999, 1e20, 7].map(roundHalfEven)).toEqual([0, -2, 1e20, 7]);
  });

  async function quantizeInRuntime(values: Float32Array, { type, scale, zeroPoint }: Affine): Promise<NdArray> {
    const zero = type === "int8" ? Int8Array.of(zeroPoint) : Uint8Array.of(zeroPoint);
    const source = model(
      graph({
        inputs: [value("x", "float32", ["N"])],
        outputs: [value("y", type, ["N"])],
        nodes: [node("QuantizeLinear", [["x", "s", "z"], ["y"]])],
        initializers: [floatTensor("s", [], [scale]), tensor("z", { type, dims: [], data: zero })],
      }),
    );
    const found = await runModel(source, { x: float32([values.length], values) });
    return found["y"]!;
  }

  it.each(["int8", "uint8"] as const)("equals the runtime's QuantizeLinear to %s, bit by bit", async (type) => {
    const random = seededRandom(8);
    for (let round = 0; round < 20; round++) {
      const map = affineOf(-random.next() * 3, random.next() * 5, type);
      const values = Float32Array.from({ length: 5000 }, (_, i) =>
        // Half of them are as near to the middle between two steps as float32 can be.
        i % 2 === 0 ? random.normal() * 3 : (Math.floor(random.next() * 300) - 150 + 0.5) * map.scale,
      );
      expect(quantizeValues(values, map)).toEqual((await quantizeInRuntime(values, map)).data);
    }
  });
});
