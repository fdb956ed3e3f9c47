import { floatTensor, graph, model, node, value } from "../../core/graph/build.ts";
import type { FunctionDefinition, Model, Node } from "../../core/graph/model.ts";

/** A function of the domain "own". */
export const define = (
  name: string,
  more: Pick<FunctionDefinition, "inputs" | "outputs" | "nodes">,
): FunctionDefinition => ({
  ...{ name, domain: "own", attributes: [], defaults: {}, opsets: { "": 17, own: 1 }, values: [], ...more },
});
/** A call of one. */
export const own = (op: string, [inputs, outputs]: [string[], string[]], name: string): Node =>
  node(op, [inputs, outputs], { domain: "own", name });

/** A layer: y = Relu(x·w), with the slope of a leaky one as an attribute. */
export const layer: FunctionDefinition = {
  ...define("Layer", {
    inputs: ["a", "w"],
    outputs: ["out"],
    nodes: [
      node("MatMul", [["a", "w"], ["sum"]], { name: "product" }),
      {
        ...node("LeakyRelu", [["sum"], ["out"]], { name: "bend" }),
        attributes: { alpha: { kind: "reference", name: "slope", of: 1 } },
      },
    ],
  }),
  attributes: ["slope"],
};
/** Two layers with the same weights, by two calls. */
export const two = define("Two", {
  inputs: ["a", "w"],
  outputs: ["out"],
  nodes: [
    {
      ...own("Layer", [["a", "w"], ["between"]], "first"),
      attributes: { slope: { kind: "float", value: 0.5 } },
    },
    own("Layer", [["between", "w"], ["out"]], "second"),
  ],
});

/** A model that calls "Two" between two other ops. */
export function callingModel(functions: readonly FunctionDefinition[], extra: readonly Node[] = []): Model {
  return model(
    graph({
      inputs: [value("x", "float32", [1, 4])],
      outputs: [value("y", "float32", [1, 4])],
      initializers: [floatTensor("weights", [4, 4], new Float32Array(16))],
      nodes: [
        node("Relu", [["x"], ["h"]], { name: "before" }),
        own("Two", [["h", "weights"], ["m"]], "call"),
        node("Relu", [["m"], ["y"]], { name: "after" }),
        ...extra,
      ],
    }),
    { opsets: { "": 17, own: 1 }, functions },
  );
}
