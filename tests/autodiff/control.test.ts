import { describe, expect, it } from "vitest";
import { float32 } from "../../core/base/array.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { differentiate } from "../../core/autodiff/differentiate.ts";
import { floatTensor, graph, intTensor, model, node, value } from "../../core/graph/build.ts";
import type { Graph, Model, Node } from "../../core/graph/model.ts";
import { findShapes } from "../../core/measure/shapes.ts";
import { settleModel } from "../../core/train/settle.ts";
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

  it("that the data choose are refused, though the weight stands only inside them", async () => {
    const whole = chosen(byData, [branch("Mul", "a"), branch("Add", "b")]);
    const settled = await settleModel(whole, { host: nodeHost });
    expect(settled.graph.nodes.map((n) => n.op)).toContain("If");
    const shapes = await findShapes(settled, { host: nodeHost });
    expect(() =>
      differentiate(settled, { from: { loss: undefined }, to: ["w"], facts: (name) => shapes.values.get(name) }),
    ).toThrow('If "y": no gradient, because which branch is taken is known only when it runs.');
  });
});
