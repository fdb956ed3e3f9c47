import { describe, expect, it } from "vitest";
import { float32 } from "../../core/base/array.ts";
import { differentiate, type Differentiated } from "../../core/autodiff/differentiate.ts";
import { floatTensor, graph, model, node, value } from "../../core/graph/build.ts";
import type { Model, Node } from "../../core/graph/model.ts";
import type { ValueFacts } from "../../core/ops/gradient.ts";
import { run, runBackward } from "./backward.ts";

const x = float32([2, 2], [1, 2, 3, 4]);
const pair = floatTensor("w", [2, 2], [1, -1, 0.5, 2]);

function net(nodes: readonly Node[], outputs: readonly string[] = ["loss"]): Model {
  return model(
    graph({
      inputs: [value("x", "float32", [2, 2])],
      outputs: outputs.map((name) => ({ name })),
      initializers: [pair, floatTensor("v", [2, 2], [2, 0, 1, 1])],
      nodes,
    }),
  );
}

const sum = (from: string, to = "loss"): Node => node("ReduceSum", [[from], [to]], { attributes: { keepdims: 0 } });
const square: ValueFacts = { type: "float32", dims: [2, 2] };
const facts = (name: string): ValueFacts => (name.startsWith("loss") ? { type: "float32", dims: [] } : square);
const added = (before: Model, { model: after }: Differentiated): readonly string[] =>
  after.graph.nodes.filter((n) => !before.graph.nodes.includes(n)).map((n) => n.op);
const numbers = (array: { readonly data: unknown } | undefined): readonly number[] =>
  Array.from(array?.data as Float32Array);

describe("the walk", () => {
  const layers = net([
    node("MatMul", [["x", "w"], ["a"]]),
    node("Relu", [["a"], ["b"]]),
    node("MatMul", [["b", "v"], ["c"]]),
    sum("c"),
  ]);

  it("writes nothing for what is not asked for", () => {
    const last = differentiate(layers, { from: { loss: undefined }, to: ["v"], facts });
    expect(added(layers, last).filter((op) => op === "Gemm")).toHaveLength(1);
    expect(added(layers, last)).not.toContain("Greater");
    const both = differentiate(layers, { from: { loss: undefined }, to: ["v", "w"], facts });
    expect(added(layers, both).filter((op) => op === "Gemm")).toHaveLength(3);
    expect(added(layers, differentiate(layers, { from: { loss: undefined }, to: [], facts }))).toEqual([]);
  });

  it("leaves the forward nodes, the outputs and the constants as they are", () => {
    const { model: after } = differentiate(layers, { from: { loss: undefined }, to: ["w"], facts });
    expect(after.graph.nodes.filter((n) => layers.graph.nodes.includes(n))).toEqual(layers.graph.nodes);
    expect(after.graph.outputs).toBe(layers.graph.outputs);
    expect(after.graph.initializers.slice(0, 2)).toEqual(layers.graph.initializers);
  });

  it("adds up what comes back from several uses", async () => {
    const many = net([
      node("Mul", [["x", "w"], ["a"]]),
      node("Add", [["a", "w"], ["b"]]),
      node("Mul", [["b", "w"], ["c"]]),
      sum("c"),
    ]);
    const { gradients } = await runBackward(many, { from: { loss: undefined }, to: ["w"], feeds: { x } });
    // (x·w + w)·w has the slope 2·w·(x + 1).
    expect(numbers(gradients["w"])).toEqual([4, -6, 4, 20]);
  });

  it("starts from several values, each with the gradient that is given for it", async () => {
    const two = net(
      [node("Mul", [["x", "w"], ["p"]]), node("Sub", [["x", "w"], ["q"]]), sum("p", "loss")],
      ["loss", "q"],
    );
    const { gradients } = await runBackward(two, {
      from: { loss: undefined, q: "v" },
      to: ["w", "x"],
      feeds: { x },
    });
    expect(numbers(gradients["w"])).toEqual([1 - 2, 2 - 0, 3 - 1, 4 - 1]);
    expect(numbers(gradients["x"])).toEqual([1 + 2, -1 + 0, 0.5 + 1, 2 + 1]);
  });

  it("gives the gradient of inner values, and of a value with respect to itself", async () => {
    const { gradients } = await runBackward(layers, { from: { loss: undefined }, to: ["b", "loss"], feeds: { x } });
    expect(numbers(gradients["b"])).toEqual([2, 2, 2, 2]);
    expect(numbers(gradients["loss"])).toEqual([1]);
  });

  it("goes back through an op with several outputs of which some lead nowhere", async () => {
    const halves = net([
      node("Split", [["w"], ["left", "right"]], { attributes: { axis: 1 } }),
      node("Mul", [["right", "right"], ["a"]]),
      sum("a"),
    ]);
    const { gradients } = await runBackward(halves, { from: { loss: undefined }, to: ["w"], feeds: { x } });
    expect(numbers(gradients["w"])).toEqual([0, -2, 0, 4]);
  });

  it("knows no gradient where nothing depends on the value, or only through steps", () => {
    const steps = net([node("Floor", [["w"], ["a"]]), node("Mul", [["a", "x"], ["b"]]), sum("b")]);
    const { gradients, model: after } = differentiate(steps, { from: { loss: undefined }, to: ["w", "v"], facts });
    expect([...gradients]).toEqual([]);
    expect(after.graph.nodes).toEqual(steps.graph.nodes);
  });

  it("differentiates its own result", async () => {
    const cube = net([node("Mul", [["w", "w"], ["a"]]), node("Mul", [["a", "w"], ["b"]]), sum("b")]);
    const first = differentiate(cube, { from: { loss: undefined }, to: ["w"], facts });
    const slope = first.gradients.get("w")!;
    const second = differentiate(first.model, { from: { [slope]: undefined }, to: ["w"], facts });
    const third = differentiate(second.model, { from: { [second.gradients.get("w")!]: undefined }, to: ["w"], facts });
    const wanted = [slope, second.gradients.get("w")!, third.gradients.get("w")!];
    const shown = {
      ...third.model,
      graph: { ...third.model.graph, outputs: wanted.map((name) => ({ name })), inputs: [] },
    };
    const found = await run(shown, {});
    expect(wanted.map((name) => numbers(found[name]))).toEqual([
      [3, 3, 0.75, 12],
      [6, -6, 3, 12],
      [6, 6, 6, 6],
    ]);
  });
});

describe("what cannot be differentiated", () => {
  const refusal = (op: string, parts: Parameters<typeof node>[2] = {}): string => {
    const made = net([node(op, [["w"], ["a"]], { name: "here", ...parts }), sum("a")]);
    try {
      differentiate(made, { from: { loss: undefined }, to: ["w"], facts });
      return "";
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };

  it("is named with the reason", () => {
    expect(refusal("Mystery")).toBe('Mystery "here": no gradient, because Lathe does not know this op.');
    expect(refusal("Relu", { domain: "own" })).toBe('Relu "here": no gradient, because Lathe does not know this op.');
    expect(refusal("Loop")).toBe(
      'Loop "here": no gradient, because its body runs a number of times that is known only when it runs.',
    );
  });

  it("does not matter beside the way", () => {
    const beside = net([node("Mystery", [["x"], ["a"]]), node("Mul", [["a", "w"], ["b"]]), sum("b")]);
    expect(differentiate(beside, { from: { loss: undefined }, to: ["w"], facts }).gradients.has("w")).toBe(true);
  });

  it("is a start of which nothing is known", () => {
    expect(() =>
      differentiate(net([sum("w")]), { from: { loss: undefined }, to: ["w"], facts: () => undefined }),
    ).toThrow('Nothing is known of "loss", where the gradient starts.');
  });
});
