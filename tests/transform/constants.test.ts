import { describe, expect, it } from "vitest";
import { float32 } from "../../core/base/array.ts";
import { floatTensor, graph, intTensor, model, node, value } from "../../core/graph/build.ts";
import { indexGraph } from "../../core/graph/uses.ts";
import { axisLayout, floatConstant, normalizeModel, peaksAlong, scaleAlong } from "../../core/transform/constants.ts";
import { net, noise, op, outputOf, runModel } from "./fixtures.ts";

const constant = (output: string, attributes: Parameters<typeof op>[3]): ReturnType<typeof op> =>
  op("Constant", [], output, attributes);

describe("normalizeModel", () => {
  it("turns constant nodes of every numeric kind into initialisers, and computes the same", async () => {
    const source = net({
      input: ["N", 2],
      nodes: [
        constant("t", { attributes: { value: floatTensor("", [2], [3, 4]) } }),
        constant("f", { attributes: { value_float: { kind: "float", value: 2 } } }),
        constant("fs", { attributes: { value_floats: { kind: "floats", value: [1, 0.5] } } }),
        constant("i", { attributes: { value_int: 1 } }),
        constant("is", { attributes: { value_ints: [0, -1] } }),
        op("Mul", ["x", "t"], "a"),
        op("Add", ["a", "f"], "b"),
        op("Mul", ["b", "fs"], "c"),
        op("Reshape", ["c", "is"], "d"),
        op("ReduceSum", ["d"], "y", { attributes: { keepdims: 1 } }),
      ],
      outputs: ["y", "i"],
    });
    // int64 scalar as a second output: a constant may be an output of the graph.
    const typed = {
      ...source,
      graph: { ...source.graph, outputs: [value("y", "float32"), value("i", "int64")] },
    };
    const normal = normalizeModel(typed);
    expect(normal.graph.nodes.map((n) => n.op)).toEqual(["Mul", "Add", "Mul", "Reshape", "ReduceSum"]);
    expect(new Map(normal.graph.initializers.map((t) => [t.name, t.dims]))).toEqual(
      new Map([
        ["t", [2]],
        ["f", []],
        ["fs", [2]],
        ["i", []],
        ["is", [2]],
      ]),
    );
    const x = noise([3, 2]);
    expect(await runModel(normal, { x })).toEqual(await runModel(typed, { x }));
  });

  it("makes initialisers of old models constants, not inputs", async () => {
    const old = model(
      graph({
        inputs: [value("x", "float32", [2]), value("w", "float32", [2])],
        outputs: [value("y", "float32", [2])],
        nodes: [node("Mul", [["x", "w"], ["y"]])],
        initializers: [floatTensor("w", [2], [2, 3])],
      }),
      { irVersion: 3, opsets: { "": 8 } },
    );
    const normal = normalizeModel(old);
    expect(normal.irVersion).toBe(4);
    expect(normal.graph.inputs.map((v) => v.name)).toEqual(["x"]);
    expect(await outputOf(normal, float32([2], [1, 1]))).toEqual(Float32Array.of(2, 3));
  });

  it("gives every node a name of its own and keeps names that are good", () => {
    const named = (name: string, input: string, output: string): ReturnType<typeof op> =>
      op("Relu", [input], output, { name });
    const source = net({
      nodes: [named("n", "x", "a"), named("n", "a", "b"), named("", "b", "c"), named("", "c", "y")],
    });
    expect(normalizeModel(source).graph.nodes.map((n) => n.name)).toEqual(["n", "n_1", "Relu_c", "Relu_y"]);
  });

  it("names forty thousand nodes of one name in their order", () => {
    const count = 40_000;
    const nodes = Array.from({ length: count }, (_, i) =>
      node("Relu", [[i === 0 ? "x" : `v${i - 1}`], [`v${i}`]], { name: "same" }),
    );
    const inputs = [value("x", "float32", [1])];
    const built = model(graph({ inputs, outputs: [value(`v${count - 1}`, "float32", [1])], nodes }));
    const names = normalizeModel(built).graph.nodes.map((n) => n.name);
    expect(names).toEqual(Array.from({ length: count }, (_, i) => (i === 0 ? "same" : `same_${i}`)));
  });

  it("folds nodes that only rename, reshape or transpose a constant", async () => {
    const source = net({
      input: ["N", 6],
      nodes: [
        op("Identity", ["w"], "i"),
        op("Transpose", ["i"], "t", { attributes: { perm: [2, 0, 1] } }),
        op("Reshape", ["t", "shape"], "m"),
        op("Transpose", ["m"], "back"),
        op("MatMul", ["x", "back"], "y"),
        op("Transpose", ["w"], "z"),
      ],
      constants: [floatTensor("w", [2, 3, 4], noise([24]).data as Float32Array), intTensor("shape", [2], [0, -1])],
      outputs: ["y", "z"],
    });
    const normal = normalizeModel(source);
    // What is an output of the graph stays as it is.
    expect(normal.graph.nodes.map((n) => n.name)).toEqual(["y", "z"]);
    expect(normal.graph.initializers.map((t) => [t.name, t.dims])).toEqual([
      ["w", [2, 3, 4]],
      ["back", [6, 4]],
    ]);
    const x = noise([3, 6], 2);
    expect(await runModel(normal, { x })).toEqual(await runModel(source, { x }));
  });

  it("leaves constants that hold text as nodes", () => {
    const source = net({
      nodes: [constant("s", { attributes: { value_string: "text" } }), op("Relu", ["x"], "y")],
      outputs: ["y", "s"],
    });
    expect(normalizeModel(source).graph.nodes.map((n) => n.op)).toEqual(["Constant", "Relu"]);
  });
});

describe("constants", () => {
  it("are found by name where they are float32", () => {
    const { graph: main } = net({
      nodes: [op("Relu", ["x"], "y")],
      constants: [floatTensor("w", [2], [1, 2]), intTensor("i", [1], [3])],
    });
    const index = indexGraph(main);
    expect(floatConstant(index, "w")).toMatchObject({ dims: [2], data: Float32Array.of(1, 2) });
    for (const other of ["i", "x", "y", "", undefined]) expect(floatConstant(index, other)).toBeUndefined();
  });

  it("are scaled and measured along one axis", () => {
    const data = Float32Array.of(1, -2, 3, 4, -5, 6);
    const layout = axisLayout([1, 3, 2], 1);
    expect(layout).toEqual({ outer: 1, size: 3, inner: 2 });
    expect([...scaleAlong(data, layout, [1, 10, 100])]).toEqual([1, -2, 30, 40, -500, 600]);
    expect([...peaksAlong(data, layout)]).toEqual([2, 4, 6]);
    expect([...peaksAlong(data, axisLayout([3, 2], 1))]).toEqual([5, 6]);
  });
});
