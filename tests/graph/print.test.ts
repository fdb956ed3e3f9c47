import { expect, test } from "vitest";
import { floatTensor, graph, intTensor, model, node, tensor, value } from "../../core/graph/build.ts";
import type { FunctionDefinition, Graph } from "../../core/graph/model.ts";
import { printModel } from "../../core/graph/print.ts";

const body = (name: string, op: string): Graph =>
  graph({ name, inputs: [], outputs: [value(`${name}_y`, "float32")], nodes: [node(op, [["x"], [`${name}_y`]])] });

const main = graph({
  inputs: [value("x", "float32", ["N", 3]), { name: "flag", type: { kind: "tensor", type: "bool", dims: [] } }],
  outputs: [value("y", "float32", ["N", 2])],
  initializers: [
    floatTensor("w", [3, 2], [0.1, -0.25, 3, 1e-7, NaN, Infinity]),
    intTensor("shape", [], [-1]),
    tensor("names", { type: "string", dims: [2], data: ["cat", 'a "dog"'] }),
    tensor("mask", { type: "bool", dims: [2], data: Uint8Array.of(1, 0) }),
    tensor("packed", { type: "int4", dims: [3], data: Uint8Array.of(0x21, 0x03) }),
  ],
  values: [value("h", "float32", ["N", 2])],
  nodes: [
    node("MatMul", [["x", "w"], ["h"]], { name: "fc" }),
    node("If", [["flag"], ["c"]], {
      attributes: {
        then_branch: { kind: "graph", value: body("then", "Relu") },
        else_branch: { kind: "graph", value: body("else", "Neg") },
      },
    }),
    node("Gelu", [["h"], ["g"]], { domain: "com.microsoft" }),
    node("Clip", [["g", "", "c"], ["y"]], { attributes: { note: "text", axes: [0, 1], beta: 0.5 } }),
  ],
});

const double: FunctionDefinition = {
  name: "Double",
  domain: "my",
  inputs: ["a"],
  outputs: ["b"],
  attributes: ["axis"],
  defaults: { alpha: { kind: "float", value: 2 } },
  opsets: { "": 17 },
  nodes: [node("Add", [["a", "a"], ["b"]], { attributes: { axis: { kind: "reference", name: "axis", of: 2 } } })],
  values: [],
};

test("prints inputs, constants, nodes, bodies and functions, a line each", () => {
  const text = printModel(model(main, { functions: [double], metadata: { task: "toy" }, opsets: { "": 17, my: 1 } }), {
    values: true,
  });
  expect(text).toBe(`model: IR version 8, by lathe
opsets: ai.onnx 17, my 1
metadata: task = "toy"
graph "main"
  input  x: float32[N,3]
  input  flag: bool[]
  const  w: float32[3,2] = [0.1, -0.25, 3, 1e-7, NaN, Infinity]
  const  shape: int64[] = -1
  const  names: string[2] = ["cat", "a \\"dog\\""]
  const  mask: bool[2] = [true, false]
  const  packed: int4[3] = [0x21, 0x03]
  h: float32[N,2] = MatMul "fc"(x, w)
  c = If(flag) {then_branch = graph "then", else_branch = graph "else"}
    then_branch: graph "then"
      then_y = Relu(x)
      output then_y: float32[…]
    else_branch: graph "else"
      else_y = Neg(x)
      output else_y: float32[…]
  g = com.microsoft.Gelu(h)
  y = Clip(g, _, c) {note = "text", axes = [0, 1], beta = 0.5}
  output y: float32[N,2]
function my.Double(a) -> (b) {axis, alpha = 2.0}
  opsets: ai.onnx 17
  b = Add(a, a) {axis = @axis}
`);
});

test("counts the nodes beyond the maximum", () => {
  const text = printModel(model(main), { maximumNodes: 1 });
  expect(text).toContain('  h = MatMul "fc"(x, w)\n  … 3 more nodes\n  output y');
});

test("shows the head of a long constant and where an external one is", () => {
  const long = floatTensor(
    "long",
    [20],
    Array.from({ length: 20 }, (_, i) => i),
  );
  const far = {
    ...floatTensor("far", [1], [0]),
    data: { kind: "external", file: "/m/w.bin", location: "w.bin", offset: 64, length: 4 },
  } as const;
  const text = printModel(model({ ...main, initializers: [long, far] }));
  expect(text).toContain("const  long: float32[20] = [0, 1, 2, 3, 4, 5, 6, 7, …]\n");
  expect(text).toContain('const  far: float32[1] = 4 bytes at 64 of "w.bin"\n');
});
