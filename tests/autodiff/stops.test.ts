import { describe, expect, it } from "vitest";
import { graph, intTensor, model, node, value } from "../../core/graph/build.ts";
import type { Graph, Model } from "../../core/graph/model.ts";
import { runBackward } from "./backward.ts";

const x = { type: "float32", dims: [2, 2], data: Float32Array.of(1, -2, 3, 0.5) } as const;

const modelOf = (parts: Pick<Graph, "nodes"> & Partial<Graph>, opsets: Model["opsets"] = { "": 17 }): Model =>
  model(graph({ inputs: [value("x", "float32", [2, 2])], outputs: [{ name: "y" }], ...parts }), { opsets });

async function gradientOfX(made: Model): Promise<number[]> {
  const { gradients } = await runBackward(made, { from: { y: undefined }, to: ["x"], feeds: { x } });
  return Array.from((gradients["x"]?.data ?? []) as Float32Array);
}

describe("where gradients stop", () => {
  it("a comparison scales its product, and has no gradient of its own", async () => {
    const nodes = [
      node("Sign", [["x"], ["sign"]]),
      node("Greater", [["x", "sign"], ["above"]]),
      node("Cast", [["above"], ["mask"]], { attributes: { to: 1 } }),
      node("Mul", [["x", "mask"], ["y"]]),
    ];
    expect(await gradientOfX(modelOf({ nodes }))).toEqual([0, 0, 1, 0]);
  });

  it("what is made of the shape does not depend on the elements", async () => {
    const nodes = [
      node("Shape", [["x"], ["shape"]]),
      node("ReduceProd", [["shape"], ["count"]], { attributes: { keepdims: 0 } }),
      node("Cast", [["count"], ["divisor"]], { attributes: { to: 1 } }),
      node("ConstantOfShape", [["shape"], ["zeros"]]),
      node("Add", [["x", "zeros"], ["same"]]),
      node("Div", [["same", "divisor"], ["y"]]),
    ];
    expect(await gradientOfX(modelOf({ nodes }))).toEqual([0.25, 0.25, 0.25, 0.25]);
  });

  it("positions found by a search take part in a gather, and have none", async () => {
    const nodes = [
      node("ArgMax", [["x"], ["best"]], { attributes: { axis: 1, keepdims: 1 } }),
      node("GatherElements", [["x", "best"], ["y"]], { attributes: { axis: 1 } }),
    ];
    expect(await gradientOfX(modelOf({ nodes }))).toEqual([1, 0, 1, 0]);
  });

  it("nothing is left of a result that was rounded", async () => {
    expect(await gradientOfX(modelOf({ nodes: [node("Round", [["x"], ["y"]])] }))).toEqual([]);
  });

  it("an op without a rule is refused with the reason", async () => {
    const nodes = [
      node("Cast", [["x"], ["whole"]], { attributes: { to: 3 } }),
      node("MatMulInteger", [["whole", "whole"], ["product"]], { name: "head" }),
      node("Cast", [["product"], ["y"]], { attributes: { to: 1 } }),
    ];
    // Whole numbers have no gradient to hand on, so that nothing reaches the op.
    expect(await gradientOfX(modelOf({ nodes }))).toEqual([]);
    const unique = [node("Flatten", [["x"], ["flat"]]), node("Unique", [["flat"], ["y"]], { name: "distinct" })];
    await expect(gradientOfX(modelOf({ nodes: unique }))).rejects.toThrow(
      'Unique "distinct": no gradient, because how many elements it gives depends on what they are.',
    );
    const sequence = [
      node("SplitToSequence", [["x"], ["parts"]], { name: "parts", attributes: { axis: 0 } }),
      node("SequenceAt", [["parts", "first"], ["y"]], { name: "pick" }),
    ];
    const initializers = [intTensor("first", [], [0])];
    await expect(gradientOfX(modelOf({ nodes: sequence, initializers }))).rejects.toThrow(
      'SequenceAt "pick": no gradient, because gradients do not flow through sequences and optionals.',
    );
  });
});
