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
