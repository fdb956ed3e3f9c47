import { expect, test } from "vitest";
import { graph, model, node } from "../../core/graph/build.ts";
import type { FunctionDefinition, Model, Node } from "../../core/graph/model.ts";
import { whyNotRunnable } from "../../core/graph/runnable.ts";

const withNodes = (nodes: readonly Node[], functions: readonly FunctionDefinition[] = []): Model =>
  model(graph({ inputs: [{ name: "x" }], outputs: [{ name: "y" }], nodes }), { functions });

const custom = (op: string, domain: string): Node => node(op, [["x"], ["y"]], { domain });

test("nothing speaks against operators of onnxruntime's own domains", () => {
  expect(whyNotRunnable(withNodes([custom("Relu", ""), custom("Gelu", "com.microsoft")]))).toBeUndefined();
});

test("names the operators that the runtime does not know, by domain, in bodies too", () => {
  const body = graph({
    inputs: [],
    outputs: [{ name: "y" }],
    nodes: [custom("Trunc", "qonnx"), custom("Quant", "qonnx")],
  });
  const choice = node("If", [["c"], ["z"]], { attributes: { then_branch: { kind: "graph", value: body } } });
  expect(whyNotRunnable(withNodes([choice, custom("Quant", "qonnx"), custom("Foo", "bar")]))).toBe(
    'onnxruntime does not know Quant, Trunc of domain "qonnx"; Foo of domain "bar" (4 nodes).',
  );
});

test("a function of the model defines its operator, unless it uses an unknown one itself", () => {
  const define = (inner: Node): FunctionDefinition => ({
    name: "F",
    domain: "my",
    inputs: ["x"],
    outputs: ["y"],
    attributes: [],
    defaults: {},
    opsets: { "": 17 },
    nodes: [inner],
    values: [],
  });
  expect(whyNotRunnable(withNodes([custom("F", "my")], [define(custom("Relu", ""))]))).toBeUndefined();
  expect(whyNotRunnable(withNodes([custom("F", "my")], [define(custom("G", "my"))]))).toBe(
    'onnxruntime does not know G of domain "my" (1 node).',
  );
});

test("functions that stand for more than can be run are counted, not walked through", () => {
  const functions = Array.from({ length: 60 }, (_, i): FunctionDefinition => {
    const inner = i === 59 ? "Relu" : `F${i + 1}`;
    const domain = i === 59 ? "" : "my";
    return {
      ...{ name: `F${i}`, domain: "my", attributes: [], defaults: {}, opsets: { "": 17, my: 1 }, values: [] },
      ...{ inputs: ["x"], outputs: ["y"] },
      nodes: [node(inner, [["x"], ["z"]], { domain }), node(inner, [["z"], ["y"]], { domain })],
    };
  });
  expect(whyNotRunnable(withNodes([custom("F0", "my")], functions))).toBe(
    'its functions call each other so often that they stand for "2.31e+18" ops; 100000 may be run.',
  );
  expect(whyNotRunnable(withNodes([custom("F45", "my")], functions))).toBeUndefined();
});
