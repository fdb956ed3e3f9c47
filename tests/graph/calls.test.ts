import { describe, expect, it } from "vitest";
import { alignParts } from "../../core/graph/align.ts";
import { node } from "../../core/graph/build.ts";
import { drawParts, type End } from "../../core/graph/drawn.ts";
import { flattenModel } from "../../core/graph/flat.ts";
import { matchNodes } from "../../core/graph/match.ts";
import type { Model } from "../../core/graph/model.ts";
import { findParts } from "../../core/graph/parts.ts";
import { callingModel, define, layer, own, two } from "./callingModel.ts";

const named = (end: End): string => ("part" in end ? end.part.id : "input" in end ? "in" : "out");
const edgesOf = (built: Model, open: readonly string[]): string[] =>
  drawParts(findParts(built), open).edges.map(({ from, to, values }) => `${named(from)} ${values.join()} ${named(to)}`);

describe("a call of a model's own function", () => {
  const built = callingModel([layer, two]);

  it("is an op that opens like a block, and so are calls within it", () => {
    const found = findParts(built);
    expect(found.parts.map((p) => [p.id, p.form, p.parts.length])).toEqual([
      ["before", "op", 0],
      ["call", "op", 2],
      ["after", "op", 0],
    ]);
    expect(found.parts[1]!.parts.map((p) => p.id)).toEqual(["call/first", "call/second"]);
    expect(found.byId.get("call/second")?.parts.map((p) => p.id)).toEqual(["call/second/product", "call/second/bend"]);
    expect(found.byId.get("call")?.ops).toHaveLength(7);
  });

  it("is joined to the rest as one op while closed, and by what it runs while open", () => {
    expect(edgesOf(built, [])).toEqual(["in x before", "before h call", "call m after", "after y out"]);
    expect(edgesOf(built, ["call"])).toEqual([
      "in x before",
      "before h call/first",
      "call/first call/between call/second",
      "call/second call/out after",
      "after y out",
    ]);
    expect(edgesOf(built, ["call", "call/second"])).toContain("call/first call/between call/second/product");
    expect(edgesOf(built, ["call", "call/second"])).toContain("call/second/bend second/out after");
  });

  it("shows its ops with the caller's values, constants and attributes", () => {
    const { ops } = flattenModel(built);
    const products = ops.filter((o) => o.node.op === "MatMul");
    expect(products.map((o) => o.node.inputs)).toEqual([
      ["h", "weights"],
      ["call/between", "weights"],
    ]);
    expect(products.every((o) => o.hasWeight)).toBe(true);
    const [first, second] = ops.filter((o) => o.node.op === "LeakyRelu");
    expect(first?.node.attributes).toEqual({ alpha: { kind: "float", value: 0.5 } });
    expect(second?.node.attributes).toEqual({});
  });

  it("stays one op where the function is not in the file, calls itself, or stands for too much", () => {
    expect(findParts(callingModel([layer])).byId.get("call")?.parts).toEqual([]);
    const endless = define("Two", { ...two, nodes: [own("Two", [["a", "w"], ["out"]], "again")] });
    expect(findParts(callingModel([endless])).byId.get("call/again")?.parts).toEqual([]);
    const deep = Array.from({ length: 40 }, (_, i) =>
      define(i === 0 ? "Two" : `F${i}`, {
        ...{ inputs: two.inputs, outputs: two.outputs },
        nodes: [
          own(`F${i + 1}`, [["a", "w"], ["between"]], "left"),
          own(`F${i + 1}`, [["between", "w"], ["out"]], "right"),
        ],
      }),
    );
    const { length } = flattenModel(callingModel(deep)).ops;
    expect(length).toBeGreaterThan(1000);
    expect(length).toBeLessThanOrEqual(101_000);
  });

  it("keeps its block in a variant of the model", () => {
    const reference = findParts(built);
    const variant = callingModel([layer, two], [node("Neg", [["y"], ["z"]], { name: "added" })]);
    const aligned = alignParts(variant, reference, matchNodes(built.graph, variant.graph));
    expect(aligned.byId.get("call")?.parts.map((p) => p.id)).toEqual(["call/first", "call/second"]);
    expect(aligned.byId.has("added")).toBe(true);
  });
});
