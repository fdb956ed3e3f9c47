import { describe, expect, it } from "vitest";
import { float32 } from "../../core/base/array.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { floatTensor, graph, model, node, tensor, value } from "../../core/graph/build.ts";
import type { FunctionDefinition, Graph, Model, Node } from "../../core/graph/model.ts";
import { withSession } from "../../core/runtime/session.ts";
import { inlineBranches } from "../../core/transform/inlineBranches.ts";
import { inlineFunctions } from "../../core/transform/inlineFunctions.ts";

const x = float32([2, 3], [1, -2, 3, -4, 5, -6]);

async function outputOf(made: Model): Promise<readonly number[]> {
  const { y } = await withSession(made, { host: nodeHost }, (session) => session.run({ x }));
  return Array.from(y!.data as Float32Array);
}

const around = (nodes: readonly Node[], parts: Partial<Graph> = {}): Graph =>
  graph({ inputs: [value("x", "float32", [2, 3])], outputs: [value("y", "float32", [2, 3])], nodes, ...parts });

const bool = (name: string, is: boolean) => tensor(name, { type: "bool", dims: [], data: Uint8Array.of(is ? 1 : 0) });

describe("functions of a model", () => {
  const leaky: FunctionDefinition = {
    name: "Leaky",
    domain: "own",
    inputs: ["a", "b"],
    outputs: ["out"],
    attributes: ["slope"],
    defaults: {},
    opsets: { "": 17 },
    nodes: [
      {
        ...node("LeakyRelu", [["a"], ["inner"]]),
        attributes: { alpha: { kind: "reference", name: "slope", of: 1 } },
      },
      node("Add", [["inner", "b"], ["out"]]),
    ],
    values: [],
  };
  const twice: FunctionDefinition = {
    ...leaky,
    name: "Twice",
    inputs: ["a"],
    attributes: [],
    defaults: { slope: { kind: "float", value: 0.5 } },
    opsets: { "": 17, own: 1 },
    nodes: [
      {
        ...node("Leaky", [["a", "a"], ["inner"]], { domain: "own", name: "first" }),
        attributes: { slope: { kind: "reference", name: "slope", of: 1 } },
      },
      node("Leaky", [["inner", "a"], ["out"]], { domain: "own", name: "second", attributes: { slope: 0.25 } }),
    ],
  };
  const calling = (functions: readonly FunctionDefinition[]): Model =>
    model(
      around([
        node("Twice", [["x"], ["inner"]], { domain: "own", name: "call" }),
        node("Twice", [["inner"], ["y"]], { domain: "own", name: "again" }),
      ]),
      { opsets: { "": 17, own: 1 }, functions },
    );

  it("take the place of their calls, nested ones too, with the caller's attributes and the defaults", async () => {
    const made = inlineFunctions(calling([leaky, twice]));
    expect(made.functions).toEqual([]);
    expect(made.opsets).toEqual({ "": 17 });
    expect(made.graph.nodes.map((n) => n.op)).toEqual([
      "LeakyRelu",
      "Add",
      "LeakyRelu",
      "Add",
      "LeakyRelu",
      "Add",
      "LeakyRelu",
      "Add",
    ]);
    expect(new Set(made.graph.nodes.flatMap((n) => [n.name, ...n.outputs])).size).toBe(16);
    expect(await outputOf(made)).toEqual(await outputOf(calling([leaky, twice])));
  });

  it("are refused when written for another operator set", () => {
    expect(() => inlineFunctions(calling([{ ...leaky, opsets: { "": 13 } }, twice]))).toThrow(
      'Function "Leaky" is written for version "13" of the operator set "ai.onnx", the model for "17".',
    );
  });

  it("are refused when they call themselves", () => {
    const endless = { ...leaky, nodes: [node("Leaky", [["a", "b"], ["out"]], { domain: "own" })] };
    expect(() => inlineFunctions(calling([endless, twice]))).toThrow('Function "Leaky" of domain "own" calls itself.');
  });

  it("hand out an input or one result twice", async () => {
    const pass: FunctionDefinition = {
      ...leaky,
      name: "Pass",
      inputs: ["a"],
      outputs: ["a", "out", "out"],
      attributes: [],
      nodes: [node("Neg", [["a"], ["out"]])],
    };
    const made = inlineFunctions(
      model(
        around([
          node("Pass", [["x"], ["same", "negative", "again"]], { domain: "own" }),
          node("Sub", [["same", "negative"], ["sum"]]),
          node("Sub", [["sum", "again"], ["y"]]),
        ]),
        { opsets: { "": 17, own: 1 }, functions: [pass] },
      ),
    );
    expect(await outputOf(made)).toEqual([3, -6, 9, -12, 15, -18]);
  });
});

describe("branches with a constant condition", () => {
  const branch = (op: string, output: string): Graph =>
    graph({
      inputs: [],
      outputs: [{ name: output }],
      initializers: [floatTensor("k", [], [2])],
      nodes: [node(op, [["x", "k"], ["inner"]]), node("Neg", [["inner"], [output]])],
    });
  const choose = (
    condition: string,
    output: string,
    bodies: readonly [Graph, Graph] = [branch("Mul", "t"), branch("Add", "e")],
  ): Node => ({
    ...node("If", [[condition], [output]], { name: `choose.${output}` }),
    attributes: {
      then_branch: { kind: "graph", value: bodies[0] },
      else_branch: { kind: "graph", value: bodies[1] },
    },
  });

  it("take the place of the If", async () => {
    for (const is of [true, false]) {
      const whole = around([choose("c", "y")], { initializers: [bool("c", is)] });
      const made = inlineBranches(whole);
      expect(made.nodes.map((n) => n.op)).toEqual([is ? "Mul" : "Add", "Neg"]);
      expect(await outputOf(model(made))).toEqual(await outputOf(model(whole)));
    }
  });

  it("nest, and may hand out a value from outside", async () => {
    const outside = graph({ inputs: [], outputs: [{ name: "x" }], nodes: [] });
    const inner = graph({
      inputs: [],
      outputs: [{ name: "found" }],
      initializers: [bool("d", false)],
      nodes: [choose("d", "found", [branch("Mul", "t"), outside])],
    });
    const whole = around([
      node("Constant", [[], ["c"]], { attributes: { value: bool("", true) } }),
      choose("c", "y", [inner, branch("Add", "e")]),
    ]);
    const made = inlineBranches(whole);
    expect(made.nodes.map((n) => n.op)).toEqual(["Identity"]);
    expect(await outputOf(model(made))).toEqual([...(x.data as Float32Array)]);
  });

  it("stay where the condition is computed", () => {
    const whole = around([choose("c", "y")], {
      inputs: [value("x", "float32", [2, 3]), value("c", "bool", [])],
    });
    expect(inlineBranches(whole)).toBe(whole);
  });
});
