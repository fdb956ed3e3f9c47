import { describe, expect, it } from "vitest";
import { graph, intTensor, node, tensorArray, value } from "../../core/graph/build.ts";
import { foldShapes } from "../../core/transform/foldShapes.ts";

const asked = graph({
  inputs: [value("x", "float32", ["batch", 3, 8])],
  outputs: [{ name: "flat" }, { name: "same" }, { name: "count" }],
  initializers: [intTensor("one", [], [1]), intTensor("last", [1], [-1]), intTensor("zero", [], [0])],
  nodes: [
    node("Shape", [["x"], ["all"]]),
    node("Gather", [["all", "zero"], ["batch"]]),
    node("Gather", [["all", "one"], ["channels"]]),
    node("Gather", [["all", "last"], ["width"]]),
    node("Mul", [["channels", "width"], ["size"]]),
    node("Reshape", [["x", "size"], ["flat"]]),
    node("Relu", [["k"], ["r"]]),
    node("Shape", [["r"], ["fixed"]]),
    node("Reshape", [["r", "fixed"], ["same"]]),
    node("Size", [["all"], ["rank"]]),
    node("Add", [["rank", "batch"], ["count"]]),
  ],
});

const dims: Readonly<Record<string, readonly (number | string)[]>> = { x: ["batch", 3, 8], r: [4, 5], all: [3] };

describe("sizes that a graph asks for", () => {
  const folded = foldShapes(asked, (name) => dims[name]);
  const numbers = (name: string): readonly number[] | undefined => {
    const found = folded.initializers.find((t) => t.name === name);
    return found && Array.from(tensorArray(found).data as BigInt64Array, Number);
  };

  it("become constants where they are the same in every call", () => {
    expect(numbers("channels")).toEqual([3]);
    expect(numbers("width")).toEqual([8]);
    expect(numbers("fixed")).toEqual([4, 5]);
    expect(numbers("rank")).toEqual([3]);
    expect(folded.initializers.find((t) => t.name === "channels")?.dims).toEqual([]);
    expect(folded.initializers.find((t) => t.name === "width")?.dims).toEqual([1]);
  });

  it("stay asked for where they are open", () => {
    expect(folded.nodes.map((n) => n.op)).toEqual(["Shape", "Gather", "Mul", "Reshape", "Relu", "Reshape", "Add"]);
    expect(numbers("batch")).toBeUndefined();
  });

  it("leave a graph without any as it is", () => {
    expect(foldShapes(asked, () => undefined)).toBe(asked);
  });
});
