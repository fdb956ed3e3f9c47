import { expect, test } from "vitest";
import { floatTensor, graph, model, node, tensor, value, type GraphParts } from "../../core/graph/build.ts";
import { diffModels } from "../../core/graph/diff.ts";
import type { Graph, Model } from "../../core/graph/model.ts";
import { printDiff } from "../../core/graph/printDiff.ts";

const parts: GraphParts = {
  inputs: [value("x", "float32", [1, 4])],
  outputs: [value("y", "float32", [1, 4])],
  initializers: [floatTensor("w", [4], [1, 2, 3, 4])],
  nodes: [
    node("Mul", [["x", "w"], ["a"]], { name: "scale" }),
    node("Softmax", [["a"], ["b"]], { name: "soft", attributes: { axis: 1 } }),
    node("Relu", [["b"], ["y"]], { name: "act" }),
  ],
};
const base = model(graph(parts));
const changed = (change: Partial<Graph>, rest: Partial<Model> = {}): Model =>
  model(graph({ ...parts, ...change }), rest);

test("a model is the same as itself, whatever the order of its nodes", () => {
  expect(diffModels(base, base).same).toBe(true);
  expect(diffModels(base, changed({ nodes: parts.nodes.toReversed() })).same).toBe(true);
  expect(printDiff(diffModels(base, base))).toBe("The models are the same.\n");
});

test("renaming nodes and inner values is no change", () => {
  const renamed = [
    node("Mul", [["x", "w"], ["p"]], { name: "n0" }),
    node("Softmax", [["p"], ["q"]], { name: "n1", attributes: { axis: 1 } }),
    node("Relu", [["q"], ["y"]], { name: "n2" }),
  ];
  expect(diffModels(base, changed({ nodes: renamed })).same).toBe(true);
});

test("lists what was added, removed and changed", () => {
  const other = changed(
    {
      outputs: [value("y", "float32", ["N", 4]), value("z", "float32")],
      initializers: [floatTensor("w", [4], [1, 2.5, 3, 4]), floatTensor("v", [1], [0])],
      nodes: [
        node("Mul", [["x", "w"], ["a"]], { name: "scale" }),
        node("Softmax", [["a"], ["b"]], { name: "soft", attributes: { axis: 0 } }),
        node("Neg", [["b"], ["c"]], { name: "flip" }),
        node("LeakyRelu", [["c"], ["y"]], { name: "act" }),
        node("Add", [["y", "v"], ["z"]], { name: "add" }),
      ],
    },
    { opsets: { "": 18, "com.microsoft": 1 }, metadata: { author: "me" } },
  );
  expect(printDiff(diffModels(base, other))).toBe(`~ opset ai.onnx 17 → 18
~ opset com.microsoft added: 1
~ metadata author added: "me"
+ output z
~ output y float32[1,4] → float32[N,4]
+ node Neg "flip"
+ node Add "add"
~ node Softmax "soft": attribute axis 1 → 0
~ node LeakyRelu "act": op Relu → LeakyRelu; input 0 b → c
+ weight v
~ weight w: 1 of 4 elements differ, by at most 0.5
nodes: 2 added, 0 removed, 2 changed; weights: 1 added, 0 removed, 1 changed
`);
  expect(diffModels(other, base).graph.nodes.removed).toEqual([
    { name: "flip", op: "Neg", output: "c" },
    { name: "add", op: "Add", output: "z" },
  ]);
});

test("is plain JSON", () => {
  const diff = diffModels(base, changed({ initializers: [floatTensor("w", [4], [1, NaN, -Infinity, 4])] }));
  expect(JSON.parse(JSON.stringify(diff))).toEqual(diff);
  expect(diff.graph.weights.changed).toEqual([
    { name: "w", changes: [], elements: { differing: 2, total: 4, maximum: 0, nonFinite: 2 } },
  ]);
});

test("tells type and shape of a weight apart from its content", () => {
  const quantized = tensor("w", { type: "int8", dims: [2, 2], data: Int8Array.of(1, 2, 3, 4) });
  const diff = diffModels(base, changed({ initializers: [quantized] }));
  expect(printDiff(diff)).toContain("~ weight w: type float32 → int8; shape [4] → [2,2]\n");
});

test("looks into the bodies of control flow", () => {
  const withBody = (op: string, captured: string): Model => {
    const body = graph({
      name: "then",
      inputs: [],
      outputs: [value("t", "float32")],
      nodes: [node(op, [[captured], ["t"]])],
    });
    const attributes = { then_branch: { kind: "graph", value: body } as const };
    return model(
      graph({
        inputs: [value("x", "float32"), value("c", "bool")],
        outputs: [value("y", "float32")],
        nodes: [
          node("Abs", [["x"], [captured]], { name: "abs" }),
          node("If", [["c"], ["y"]], { name: "choice", attributes }),
        ],
      }),
    );
  };
  expect(diffModels(withBody("Relu", "h"), withBody("Relu", "k")).same).toBe(true);
  expect(printDiff(diffModels(withBody("Relu", "h"), withBody("Neg", "h")))).toBe(`~ node If "choice"
  in then_branch:
    ~ node Neg "t": op Relu → Neg
nodes: 0 added, 0 removed, 1 changed; weights: 0 added, 0 removed, 0 changed
`);
});

test("compares functions by their bodies", () => {
  const withFunction = (op: string): Model => {
    const shared = {
      domain: "my",
      inputs: ["a"],
      outputs: ["b"],
      attributes: [],
      defaults: {},
      opsets: { "": 17 },
      values: [],
    };
    return model(graph(parts), { functions: [{ ...shared, name: "F", nodes: [node(op, [["a"], ["b"]])] }] });
  };
  expect(printDiff(diffModels(withFunction("Relu"), withFunction("Abs")))).toBe(
    '~ function my.F\n  ~ node Abs "b": op Relu → Abs\n',
  );
  expect(printDiff(diffModels(withFunction("Relu"), base))).toBe("- function my.F\n");
});

test("external weights in one place are the same, in two places unread", () => {
  const at = (file: string): Model =>
    changed({
      initializers: [
        {
          name: "w",
          type: "float32",
          dims: [4],
          data: { kind: "external", file, location: "w", offset: 0, length: 16 },
        },
      ],
    });
  expect(diffModels(at("/a/w"), at("/a/w")).same).toBe(true);
  expect(diffModels(at("/a/w"), at("/b/w")).graph.unread).toEqual(["w"]);
  expect(printDiff(diffModels(at("/a/w"), at("/b/w")))).toContain("? weight w: in different files, not read\n");
});
