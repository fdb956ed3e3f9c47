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

/** Ids of calls along one way down, so many of them. */
function openAlong(built: Model, depth: number): string[] {
  const open: string[] = [];
  for (let at = "call"; open.length < depth;) {
    open.push(at);
    at = findParts(built, { open }).byId.get(at)!.parts[0]!.id;
  }
  return open;
}

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

  it("stays one op where the function is not in the file or calls itself", () => {
    expect(findParts(callingModel([layer])).byId.get("call")?.parts).toEqual([]);
    const endless = define("Two", { ...two, nodes: [own("Two", [["a", "w"], ["out"]], "again")] });
    expect(findParts(callingModel([endless])).byId.get("call/again")?.parts).toEqual([]);
  });

  describe("in a file whose calls stand for more than can be shown", () => {
    /** Each of forty functions calls the next one twice. */
    const doubling = callingModel(
      Array.from({ length: 40 }, (_, i) =>
        define(i === 0 ? "Two" : `F${i}`, {
          ...{ inputs: two.inputs, outputs: two.outputs },
          nodes: [
            own(`F${i + 1}`, [["a", "w"], ["between"]], "left"),
            own(`F${i + 1}`, [["between", "w"], ["out"]], "right"),
          ],
        }),
      ),
    );

    it("is looked into where it is open, and nowhere else", () => {
      const closed = findParts(doubling);
      expect(closed.flat.ops).toHaveLength(3);
      expect(closed.parts.map((p) => [p.id, p.parts.length, p.unopened])).toEqual([
        ["before", 0, undefined],
        ["call", 0, 2],
        ["after", 0, undefined],
      ]);
      const open = findParts(doubling, { open: ["call/right", "call", "no such part", "call/right/left"] });
      expect(open.flat.ops).toHaveLength(3 + 3 * 2);
      expect([...open.byId.keys()].toSorted()).toEqual([
        "after",
        "before",
        "call",
        "call/left",
        "call/right",
        "call/right/left",
        "call/right/left/left",
        "call/right/left/right",
        "call/right/right",
      ]);
      expect(open.byId.get("call/left")?.unopened).toBe(2);
      expect(drawParts(open, ["call"]).parts.map(({ part }) => part.id)).toEqual([
        "before",
        "call",
        "call/left",
        "call/right",
        "after",
      ]);
    });

    it("has the same id whatever else is open, however deep it stands", () => {
      const way = Array.from({ length: 31 }, (_, i) => ["call", ...Array<string>(i).fill("left")].join("/"));
      const deep = findParts(doubling, { open: openAlong(doubling, 31) });
      expect(deep.flat.ops).toHaveLength(3 + 31 * 2);
      expect([...deep.byId.keys()]).toEqual(expect.arrayContaining(way.filter((id) => id.length <= 160)));
      const also = findParts(doubling, { open: ["call/right", ...openAlong(doubling, 31)] });
      expect([...also.byId.keys()]).toEqual(expect.arrayContaining([...deep.byId.keys()]));
    });

    it("is refused where what is open stands for too much", () => {
      const ends = { inputs: two.inputs, outputs: two.outputs };
      const relus = Array.from({ length: 60_000 }, (_, i) =>
        node("Relu", [[i === 0 ? "a" : `v${i - 1}`], [i === 59_999 ? "out" : `v${i}`]]),
      );
      const calls = [own("Many", [["a", "w"], ["out"]], "many"), own("Many", [["a", "w"], ["z"]], "more")];
      const many = callingModel([define("Two", { ...ends, nodes: calls }), define("Many", { ...ends, nodes: relus })]);
      expect(findParts(many, { open: ["call", "call/many"] }).flat.ops).toHaveLength(60_005);
      expect(() => findParts(many, { open: ["call", "call/many", "call/more"] })).toThrow(
        expect.objectContaining({
          code: "limit-exceeded",
          message: 'The functions that are open stand for "120002" ops or more; at most 100000 can be shown at a time.',
        }),
      );
    });
  });

  it("keeps its block in a variant of the model", () => {
    const reference = findParts(built);
    const variant = callingModel([layer, two], [node("Neg", [["y"], ["z"]], { name: "added" })]);
    const aligned = alignParts(variant, reference, { matching: matchNodes(built.graph, variant.graph) });
    expect(aligned.byId.get("call")?.parts.map((p) => p.id)).toEqual(["call/first", "call/second"]);
    expect(aligned.byId.has("added")).toBe(true);
  });
});
