import { describe, expect, it } from "vitest";
import { graph, model, node, value } from "../../core/graph/build.ts";
import { touchedBytes } from "../../core/train/arena.ts";
import { planBuffers, type Buffer } from "../../core/train/buffers.ts";

const MIB = 2 ** 20;

describe("the buffers of a run", () => {
  /** x → a → b → (c, small) → d: b takes nothing over, c cannot, d takes a's buffer. */
  const chain = model(
    graph({
      inputs: [value("x", "float32", [8])],
      outputs: [value("y", "float32", [8])],
      nodes: [
        node("Relu", [["x"], ["a"]]),
        node("Exp", [["a"], ["b"]]),
        node("ReduceSum", [["b"], ["c"]]),
        node("Add", [["b", "c"], ["d"]]),
        node("Reshape", [["d", "shape"], ["e"]]),
        node("Relu", [["e"], ["y"]]),
      ],
    }),
  );
  const shapes = new Map([
    ...["a", "b", "d", "e"].map((name) => [name, "float32[8]"] as const),
    ["c", "float32[1]"] as const,
  ]);

  it("are taken over from dead values of the same shape, and kept in between", () => {
    const { buffers, nodes } = planBuffers(chain, (name) => shapes.get(name));
    expect(nodes).toBe(6);
    expect(buffers).toEqual([
      { value: "a", start: 0, end: 5 },
      { value: "b", start: 1, end: 3 },
      { value: "c", start: 2, end: 3 },
    ]);
  });

  it("are each value's own where shapes are not known", () => {
    const { buffers } = planBuffers(chain, () => undefined);
    expect(buffers.map((b) => [b.value, b.start, b.end])).toEqual([
      ["a", 0, 1],
      ["b", 1, 3],
      ["c", 2, 3],
      ["d", 3, 5],
    ]);
  });

  const touched = (buffers: readonly Buffer[], sizes: Readonly<Record<string, number>>): number =>
    touchedBytes(buffers, 4, (name) => sizes[name]!) / MIB;

  it("touch what is alive at once where sizes fit", () => {
    const buffers = [
      { value: "a", start: 0, end: 1 },
      { value: "b", start: 1, end: 2 },
      { value: "c", start: 2, end: 3 },
    ];
    expect(touched(buffers, { a: MIB, b: MIB, c: MIB })).toBe(2);
    expect(touchedBytes(buffers.slice(0, 1), 4, () => 1)).toBe(256);
  });

  it("touch more where a freed one is too small", () => {
    const buffers = [
      { value: "a", start: 0, end: 1 },
      { value: "b", start: 1, end: 3 },
      { value: "c", start: 2, end: 3 },
    ];
    // Regions of 2, 2 and 4 MiB: a is given the whole first one, which c then fits into or not.
    expect(touched(buffers, { a: 1.5 * MIB, b: 2 * MIB, c: 1.75 * MIB })).toBe(3.75);
    expect(touched(buffers, { a: 1.5 * MIB, b: 2 * MIB, c: 2.5 * MIB })).toBe(6);
  });

  it("touch no more when neighbours are freed and joined", () => {
    const buffers = [
      { value: "all", start: 0, end: 0 },
      { value: "a", start: 1, end: 1 },
      { value: "b", start: 1, end: 2 },
      { value: "again", start: 3, end: 3 },
    ];
    expect(touched(buffers, { all: 4 * MIB, a: MIB, b: MIB, again: 4 * MIB })).toBe(4);
  });
});
