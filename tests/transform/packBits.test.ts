import { describe, expect, it } from "vitest";
import { elementCount } from "../../core/base/array.ts";
import { seededRandom } from "../../core/base/random.ts";
import { node } from "../../core/graph/build.ts";
import { editGraph } from "../../core/graph/edit.ts";
import type { Model } from "../../core/graph/model.ts";
import { constantBytes } from "../../core/measure/weights.ts";
import { BITS, weightLevels, type Bits } from "../../core/transform/bits.ts";
import { LevelWriter, packedBytes, packLevels, tableBytes } from "../../core/transform/packBits.ts";
import { executedOps, net, op, outputOf, noise } from "./fixtures.ts";

/** Every level of that width at least once. */
function levelsOf(count: number, bits: Bits): Int8Array {
  const [lowest, highest] = weightLevels(bits);
  const random = seededRandom(bits, "levels");
  const span = highest - lowest + 1;
  return Int8Array.from({ length: count }, (_, i) => (i < span ? lowest + i : lowest + random.integer(span)));
}

/** y = x + unpacked levels */
function unpacking(dims: readonly number[], bits: Bits): { readonly model: Model; readonly levels: Int8Array } {
  const levels = levelsOf(elementCount(dims), bits);
  const plain = net({ input: dims, nodes: [op("Identity", ["x"], "y")] });
  const graph = editGraph(plain.graph, (edit) => {
    const value = new LevelWriter(edit).write("w", levels, { dims, bits });
    edit.replace(plain.graph.nodes[0]!, op("Add", ["x", "f"], "y"));
    edit.add(node("Cast", [[value], ["f"]], { attributes: { to: 1 } }));
  });
  return { model: { ...plain, opsets: { "": 13 }, graph }, levels };
}

const SHAPES: readonly (readonly number[])[] = [[4, 3, 3, 3], [300], [7, 41], [1, 257], [16, 16]];

describe("levels below eight bits", () => {
  it.each(BITS.flatMap((bits) => SHAPES.map((dims) => [bits, dims] as const)))(
    "of %i bits in %j come out of the packed bytes as they went in",
    async (bits, dims) => {
      const { model, levels } = unpacking(dims, bits);
      const zeros = { ...noise(dims), data: new Float32Array(elementCount(dims)) };
      for (const optimization of ["none", "all"] as const) {
        expect(Array.from(await outputOf(model, zeros, optimization))).toEqual(Array.from(levels));
      }
    },
  );

  it.each(BITS)("of %i bits take the bytes that they are said to take, beside tables and shapes", (bits) => {
    const { model, levels } = unpacking([40, 25], bits);
    const packed = packedBytes(levels.length, bits);
    expect(packed).toBe((levels.length * bits) / 8);
    const shapes = bits === 8 ? 0 : 2 * 8;
    expect(constantBytes(model)).toBe(packed + tableBytes(new Set([bits])) + shapes);
  });

  it.each(BITS)("of %i bits are unpacked once, when the model is loaded", async (bits) => {
    const { model } = unpacking([8, 8, 3, 3], bits);
    expect(await executedOps(model)).toEqual({ Add: 1 });
  });

  it("are packed from the low bits on", () => {
    expect(packLevels(Int8Array.of(-8, -7, 7), 4)).toEqual([Uint8Array.of(0x10, 0x0f)]);
    expect(packLevels(Int8Array.of(-2, -1, 0, 1, 1), 2)).toEqual([Uint8Array.of(0b11100100, 0b11)]);
    // −4 is 000, −1 is 011, 3 is 111: two high bits in one plane, the low bit in another.
    expect(packLevels(Int8Array.of(-4, -1, 3), 3)).toEqual([Uint8Array.of(0b110100), Uint8Array.of(0b110)]);
  });

  it("share one table among weights of a model", () => {
    const plain = net({ input: [4], nodes: [op("Identity", ["x"], "y")] });
    const graph = editGraph(plain.graph, (edit) => {
      const writer = new LevelWriter(edit);
      const made = ["a", "b"].map((name) => writer.write(name, levelsOf(16, 4), { dims: [4, 4], bits: 4 }));
      edit.replace(
        plain.graph.nodes[0]!,
        ...made.map((value, i) => op("Cast", [value], `y${i}`, { attributes: { to: 1 } })),
      );
      edit.setOutputs([{ name: "y0" }, { name: "y1" }]);
    });
    expect(constantBytes({ ...plain, graph })).toBe(2 * 8 + tableBytes(new Set([4])) + 16);
  });
});
