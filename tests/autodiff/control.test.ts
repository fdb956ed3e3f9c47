import { describe, expect, it } from "vitest";
import { float32 } from "../../core/base/array.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { differentiate } from "../../core/autodiff/differentiate.ts";
import { floatTensor, graph, intTensor, model, node, value } from "../../core/graph/build.ts";
import type { Graph, Model, Node } from "../../core/graph/model.ts";
import { findShapes } from "../../core/measure/shapes.ts";
import { settleModel } from "../../core/train/settle.ts";
import { joinBranches, selectBranches } from "../../core/transform/selectBranches.ts";
import { run, runBackward } from "./backward.ts";

const x = float32([2, 3], [1, -2, 3, -4, 5, -6]);

const branch = (op: string, output: string): Graph =>
  graph({ inputs: [], outputs: [{ name: output }], nodes: [node(op, [["x", "w"], [output]])] });

function choose(condition: string, output: string, [yes, no]: readonly [Graph, Graph]): Node {
  const attributes = { then_branch: { kind: "graph", value: yes }, else_branch: { kind: "graph", value: no } } as const;
  return { ...node("If", [[condition], [output]]), attributes };
}

function chosen(condition: readonly Node[], bodies: readonly [Graph, Graph]): Model {
  return model(
    graph({
      inputs: [value("x", "float32", ["batch", 3])],
      outputs: [{ name: "loss" }],
      initializers: [floatTensor("w", [3], [2, 3, 4]), intTensor("one", [], [1]), intTensor("three", [], [3])],
      nodes: [
        ...condition,
        choose("condition", "y", bodies),
        node("ReduceSum", [["y"], ["loss"]], { attributes: { keepdims: 0 } }),
      ],
    }),
  );
}

const bySize = [
  node("Shape", [["x"], ["shape"]]),
  node("Gather", [["shape", "one"], ["width"]]),
  node("Equal", [["width", "three"], ["condition"]]),
];
const byData = [
  node("ReduceMax", [["x"], ["top"]], { attributes: { keepdims: 0 } }),
  node("Cast", [["top"], ["condition"]], { attributes: { to: 9 } }),
];

describe("branches", () => {
  it("that a fixed size chooses are settled, also inside each other, and differentiated", async () => {
    const inner = graph({
      inputs: [],
      outputs: [{ name: "found" }],
      nodes: [
        node("Shape", [["w"], ["count"]]),
        node("Squeeze", [["count"], ["number"]]),
        node("Equal", [["number", "one"], ["isOne"]]),
        choose("isOne", "found", [branch("Add", "a"), branch("Mul", "b")]),
      ],
    });
    const whole = chosen(bySize, [inner, branch("Add", "c")]);
    const settled = await settleModel(whole, { host: nodeHost });
    expect(settled.graph.nodes.map((n) => n.op)).toEqual(["Mul", "ReduceSum"]);
    expect(await run(settled, { x })).toEqual(await run(whole, { x }));
    const { gradients } = await runBackward(settled, { from: { loss: undefined }, to: ["w"], feeds: { x } });
    expect(Array.from(gradients["w"]!.data as Float32Array)).toEqual([-3, 3, -3]);
  });

  it.each([
    ["taken", 1, [-3, 3, -3]],
    ["not taken", -9, [2, 2, 2]],
  ])("that the data choose let gradients through the one that is taken: then is %s", async (_, top, expected) => {
    // The greatest element, cut off below at 0, decides: with elements below 0 alone the other branch is taken.
    const feeds = { x: top > 0 ? x : float32([2, 3], [-1, -2, -3, -4, -5, -6]) };
    const condition = [
      node("ReduceMax", [["x"], ["top"]], { attributes: { keepdims: 0 } }),
      node("Relu", [["top"], ["cut"]]),
      node("Cast", [["cut"], ["condition"]], { attributes: { to: 9 } }),
    ];
    const whole = chosen(condition, [branch("Mul", "a"), branch("Add", "b")]);
    const settled = await settleModel(whole, { host: nodeHost });
    expect(await run(settled, feeds)).toEqual(await run(whole, feeds));
    const { gradients } = await runBackward(settled, { from: { loss: undefined }, to: ["w"], feeds });
    expect(Array.from(gradients["w"]!.data as Float32Array)).toEqual(expected);
    const joined = { ...settled, graph: joinBranches(settled.graph) };
    expect(joined.graph.nodes.map((n) => n.op)).toEqual(["ReduceMax", "Relu", "Cast", "Reshape", "If", "ReduceSum"]);
    expect(await run(joined, feeds)).toEqual(await run(whole, feeds));
  });

  it("inside each other become choices and branches again", async () => {
    const inner = graph({
      inputs: [],
      outputs: [{ name: "found" }, { name: "same" }],
      nodes: [
        node("Neg", [["x"], ["minus"]]),
        { ...choose("condition", "found", [branch("Mul", "a"), branch("Add", "b")]), name: "inner" },
        node("Add", [["minus", "w"], ["same"]]),
      ],
    });
    const other = graph({
      inputs: [],
      outputs: [{ name: "other" }, { name: "plain" }],
      nodes: [node("Identity", [["x"], ["other"]]), node("Relu", [["x"], ["plain"]])],
    });
    const outer = { ...choose("condition", "y", [inner, other]), outputs: ["y", "z"], name: "outer" };
    const { graph: whole, ...rest } = chosen(byData, [inner, other]);
    const nodes = [
      ...whole.nodes.slice(0, 2),
      outer,
      node("Add", [["y", "z"], ["yz"]]),
      { ...whole.nodes[3]!, inputs: ["yz"] },
    ];
    const built: Model = { ...rest, graph: { ...whole, nodes } };
    const { graph: both, selections } = selectBranches(built.graph);
    expect(selections.map((s) => s.output)).toEqual(["y", "z", "outer.then.found"]);
    expect(both.nodes.every((n) => n.op !== "If")).toBe(true);
    const joined = joinBranches(both);
    expect(joined.nodes.map((n) => n.op)).toEqual(["ReduceMax", "Cast", "Reshape", "If", "Add", "ReduceSum"]);
    for (const feeds of [{ x }, { x: float32([2, 3], [-1, -2, -3, -4, -5, 0]) }]) {
      const expected = await run(built, feeds);
      expect(await run({ ...built, graph: both }, feeds)).toEqual(expected);
      expect(await run({ ...built, graph: joined }, feeds)).toEqual(expected);
    }
  });

  it("that the data choose stay where they give other sizes, and are refused", async () => {
    const row = graph({
      inputs: [],
      outputs: [{ name: "row" }],
      nodes: [node("ReduceSum", [["x", "axis"], ["row"]], { attributes: { keepdims: 1 } })],
    });
    const { graph: inner, ...rest } = chosen(byData, [row, branch("Add", "b")]);
    const whole = { ...rest, graph: { ...inner, initializers: [...inner.initializers, intTensor("axis", [1], [0])] } };
    const settled = await settleModel(whole, { host: nodeHost });
    expect(settled.graph.nodes.map((n) => n.op)).toContain("If");
    const shapes = await findShapes(settled, { host: nodeHost });
    expect(() =>
      differentiate(settled, { from: { loss: undefined }, to: ["w"], facts: (name) => shapes.values.get(name) }),
    ).toThrow(
      'If "y": no gradient, because which branch is taken is known only when it runs, and the two cannot be computed side by side.',
    );
  });
});
