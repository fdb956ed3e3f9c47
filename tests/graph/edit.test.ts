import { describe, expect, it } from "vitest";
import { floatTensor, graph, intTensor, node, value } from "../../core/graph/build.ts";
import { editGraph, removeDeadNodes } from "../../core/graph/edit.ts";
import type { Graph, Node } from "../../core/graph/model.ts";
import { capturesOf, freshNames, indexGraph } from "../../core/graph/uses.ts";

const unary = (input: string, output: string): Node => node("Relu", [[input], [output]]);
const [first, second] = [unary("x", "a"), unary("a", "y")];

const chain: Graph = graph({
  inputs: [value("x", "float32", [2])],
  outputs: [value("y", "float32", [2])],
  nodes: [first, second],
  initializers: [floatTensor("spare", [1], [1])],
  values: [value("a", "float32", [2])],
});

/** `If` whose first branch takes "a" from outside. */
function branching(captured: string): Node {
  const branch = (from: string, name: string): Graph =>
    graph({ name, inputs: [], outputs: [value(`${name}_out`, "float32")], nodes: [unary(from, `${name}_out`)] });
  return node("If", [["condition"], ["chosen"]], {
    attributes: {
      then_branch: { kind: "graph", value: branch(captured, "yes") },
      else_branch: { kind: "graph", value: branch("x", "no") },
    },
  });
}

describe("editGraph", () => {
  it("leaves the graph that it started from as it was", () => {
    const edited = editGraph(chain, (edit) => edit.replace(second, node("Neg", [["a"], ["y"]])));
    expect(edited.nodes.map((n) => n.op)).toEqual(["Relu", "Neg"]);
    expect(chain.nodes.map((n) => n.op)).toEqual(["Relu", "Relu"]);
  });

  it("takes the last replacement of a node, and shows it as the current one", () => {
    const edited = editGraph(chain, (edit) => {
      edit.replace(second, node("Neg", [["a"], ["y"]]));
      expect(edit.current(second).op).toBe("Neg");
      edit.replace(second, { ...edit.current(second), op: "Abs" });
      expect(edit.current(first)).toBe(first);
    });
    expect(edited.nodes.map((n) => n.op)).toEqual(["Relu", "Abs"]);
  });

  it("replaces one node by several, in a valid order", () => {
    const edited = editGraph(chain, (edit) => {
      edit.replace(second, node("Neg", [["b"], ["y"]]), node("Abs", [["a"], ["b"]]));
    });
    expect(edited.nodes.map((n) => n.op)).toEqual(["Relu", "Abs", "Neg"]);
  });

  it("drops constants that nothing uses any more, and keeps new ones that something uses", () => {
    const edited = editGraph(chain, (edit) => {
      edit.setInitializer(floatTensor("c", [1], [2]));
      edit.setInitializer(floatTensor("idle", [1], [2]));
      edit.replace(second, node("Add", [["a", "c"], ["y"]]));
    });
    expect(edited.initializers.map((t) => t.name)).toEqual(["c"]);
  });

  it("drops the types of values that are gone", () => {
    const edited = editGraph(chain, (edit) => {
      edit.replace(second, { ...second, inputs: ["x"] });
      edit.replace(first);
    });
    expect(edited.nodes.map((n) => n.inputs)).toEqual([["x"]]);
    expect(edited.values).toEqual([]);
  });

  it("keeps a constant that only a subgraph reads", () => {
    const outer = graph({
      inputs: [value("x", "float32"), value("condition", "bool")],
      outputs: [value("chosen", "float32")],
      nodes: [branching("w")],
      initializers: [floatTensor("w", [1], [1]), floatTensor("v", [1], [1])],
    });
    expect(editGraph(outer, () => undefined).initializers.map((t) => t.name)).toEqual(["w"]);
  });

  it("refuses to lose a graph output", () => {
    expect(() => editGraph(chain, (edit) => edit.replace(second))).toThrow(
      'After the edit nothing makes the graph output "y".',
    );
  });

  it("refuses to make a cycle", () => {
    expect(() => editGraph(chain, (edit) => edit.replace(first, unary("y", "a")))).toThrow(
      /^The graph has a cycle through Relu "[ay]"\.$/,
    );
  });

  it("changes inputs and outputs", () => {
    const edited = editGraph(chain, (edit) => {
      edit.setOutputs([value("a", "float32")]);
      edit.setInputs([value("x", "float16")]);
    });
    expect(edited.outputs.map((v) => v.name)).toEqual(["a"]);
    expect(edited.inputs[0]?.type).toMatchObject({ type: "float16" });
  });
});

describe("removeDeadNodes", () => {
  it("removes chains that end nowhere, with their constants", () => {
    const dead = [node("Add", [["a", "spare"], ["d"]]), unary("d", "e")];
    const pruned = removeDeadNodes({ ...chain, nodes: [...chain.nodes, ...dead] });
    expect(pruned.nodes).toEqual([first, second]);
    expect(pruned.initializers).toEqual([]);
  });

  it("keeps what only a subgraph reads", () => {
    const pruned = removeDeadNodes(
      graph({
        inputs: [value("x", "float32"), value("condition", "bool")],
        outputs: [value("chosen", "float32")],
        nodes: [first, branching("a")],
      }),
    );
    expect(pruned.nodes.map((n) => n.op)).toEqual(["Relu", "If"]);
  });

  it("does not take two omitted slots for the same value", () => {
    const idle = node("Dropout", [["x"], ["d", ""]]);
    const clip = node("Clip", [["a", "", "limit"], ["y"]]);
    const pruned = removeDeadNodes({
      ...chain,
      nodes: [first, idle, clip],
      initializers: [floatTensor("limit", [], [6])],
    });
    expect(pruned.nodes.map((n) => n.op)).toEqual(["Relu", "Clip"]);
  });
});

describe("names and uses", () => {
  it("finds what a subgraph takes from outside, through any depth", () => {
    const inner = branching("deep");
    const body = graph({
      inputs: [value("own", "float32")],
      outputs: [value("given", "float32"), value("chosen", "float32")],
      nodes: [node("Greater", [["own", "zero"], ["condition"]]), inner],
      initializers: [floatTensor("zero", [], [0])],
    });
    expect([...capturesOf(body)].sort()).toEqual(["deep", "given", "x"]);
  });

  it("lists uses by slot, and captures as slot −1", () => {
    const add = node("Add", [["a", "a"], ["s"]]);
    const index = indexGraph({ ...chain, nodes: [first, add, branching("a")] });
    expect(index.usesOf("a").map((u) => [u.node.op, u.slot])).toEqual([
      ["Add", 0],
      ["Add", 1],
      ["If", -1],
    ]);
    expect(index.usesOf("nothing")).toEqual([]);
    expect([index.isOutput("y"), index.isOutput("a"), index.producer.get("a")]).toEqual([true, false, first]);
  });

  it("makes names that nothing bears, inside subgraphs neither", () => {
    const fresh = freshNames({ ...chain, nodes: [first, branching("a")], initializers: [intTensor("k", [1], [1])] });
    expect(["a", "k", "yes_out", "new", "new", "y"].map(fresh)).toEqual([
      "a_1",
      "k_1",
      "yes_out_1",
      "new",
      "new_1",
      "y_1",
    ]);
  });
});
