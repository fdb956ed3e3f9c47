import { describe, expect, it } from "vitest";
import { floatTensor, graph, intTensor, node, value } from "../../core/graph/build.ts";
import type { Graph, Node } from "../../core/graph/model.ts";
import { shareNodes } from "../../core/graph/share.ts";

const base = (nodes: readonly Node[], outputs: readonly string[], parts: Partial<Graph> = {}): Graph =>
  graph({
    inputs: [value("x", "float32", [2])],
    outputs: outputs.map((name) => ({ name })),
    nodes,
    ...parts,
  });

const text = (shared: Graph): string[] => shared.nodes.map((n) => `${n.outputs.join()} = ${n.op}(${n.inputs.join()})`);

describe("sharing what is computed twice", () => {
  it("makes equal chains one, however long", () => {
    const shared = shareNodes(
      base(
        [
          node("Exp", [["x"], ["a"]]),
          node("Exp", [["x"], ["b"]]),
          node("Neg", [["a"], ["c"]]),
          node("Neg", [["b"], ["d"]]),
          node("Add", [["c", "d"], ["y"]]),
        ],
        ["y"],
      ),
    );
    expect(text(shared)).toEqual(["a = Exp(x)", "c = Neg(a)", "y = Add(c,c)"]);
  });
  it("keeps nodes with other attributes, inputs or domains apart", () => {
    const nodes = [
      node("Softmax", [["x"], ["a"]], { attributes: { axis: 0 } }),
      node("Softmax", [["x"], ["b"]], { attributes: { axis: -1 } }),
      node("Softmax", [["a"], ["c"]], { attributes: { axis: 0 } }),
      node("Softmax", [["x"], ["d"]], { attributes: { axis: 0 }, domain: "other" }),
      node("Sum", [["a", "b", "c", "d"], ["y"]]),
    ];
    expect(shareNodes(base(nodes, ["y"])).nodes).toEqual(nodes);
  });
  it("keeps draws of random numbers apart", () => {
    const nodes = [
      node("RandomNormalLike", [["x"], ["a"]]),
      node("RandomNormalLike", [["x"], ["b"]]),
      node("Add", [["a", "b"], ["y"]]),
    ];
    expect(shareNodes(base(nodes, ["y"])).nodes).toEqual(nodes);
  });
  it("keeps a name that is an output of the graph", () => {
    const shared = shareNodes(base([node("Exp", [["x"], ["a"]]), node("Exp", [["x"], ["b"]])], ["a", "b"]));
    expect(text(shared)).toEqual(["a = Exp(x)", "b = Exp(x)"]);
  });
  it("joins nodes that ask for different outputs of one call", () => {
    const attributes = { kernel_shape: [2] };
    const shared = shareNodes(
      base(
        [
          node("MaxPool", [["x"], ["a"]], { attributes }),
          node("MaxPool", [["x"], ["b", "places"]], { attributes }),
          node("Neg", [["a"], ["c"]]),
          node("Neg", [["b"], ["d"]]),
        ],
        ["c", "d", "places"],
      ),
    );
    expect(text(shared)).toEqual(["a = MaxPool(x)", "b,places = MaxPool(x)", "c = Neg(a)", "d = Neg(b)"]);
    const inner = shareNodes(
      base(
        [
          node("MaxPool", [["x"], ["a"]], { attributes }),
          node("MaxPool", [["x"], ["", "places"]], { attributes }),
          node("Cast", [["places"], ["d"]], { attributes: { to: 1 } }),
        ],
        ["a", "d"],
      ),
    );
    expect(text(inner)).toEqual(["a,places = MaxPool(x)", "d = Cast(places)"]);
  });
  it("makes equal small constants one, unless they are inputs too", () => {
    const initializers = [floatTensor("one", [], [1]), floatTensor("alsoOne", [], [1]), intTensor("whole", [], [1])];
    const nodes = [node("Add", [["x", "one"], ["a"]]), node("Add", [["x", "alsoOne"], ["b"]])];
    const sum = node("Add", [["a", "b"], ["y"]]);
    const shared = shareNodes(base([...nodes, sum], ["y"], { initializers }));
    expect(text(shared)).toEqual(["a = Add(x,one)", "y = Add(a,a)"]);
    expect(shared.initializers.map((t) => t.name)).toEqual(["one", "whole"]);
    const inputs = [value("x", "float32", [2]), value("alsoOne", "float32", [])];
    expect(text(shareNodes(base([...nodes, sum], ["y"], { initializers, inputs })))).toHaveLength(3);
  });
});
