import { describe, expect, it } from "vitest";
import { graph, intTensor, model, node, value } from "../../core/graph/build.ts";
import { describeType } from "../../core/graph/describe.ts";
import type { Model } from "../../core/graph/model.ts";
import { decodeModel } from "../../core/onnx/decode.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { calledInputs, nameLeading, renameValues, replaceSizes } from "../../core/transform/edges.ts";
import { tidyTexts } from "../../core/transform/tidyTexts.ts";
import { net, noise, op, runModel } from "./fixtures.ts";

const types = ({ graph: { inputs, outputs, values } }: Model): string[] =>
  [...inputs, ...outputs, ...values].map((v) => `${v.name} ${describeType(v.type)}`);

describe("renameValues", () => {
  const body = (name: string) =>
    graph({
      name,
      inputs: [],
      outputs: [value(`${name}.out`, "float32")],
      nodes: [op(name === "yes" ? "Relu" : "Neg", ["x"], `${name}.out`)],
    });
  const branching = model(
    graph({
      inputs: [value("x", "float32", ["N", 3]), value("flag", "bool", [])],
      outputs: [value("y", "float32", ["N", 3])],
      values: [value("inner", "float32", ["N", 3])],
      nodes: [
        op("If", ["flag"], "inner", {
          attributes: {
            then_branch: { kind: "graph", value: body("yes") },
            else_branch: { kind: "graph", value: body("no") },
          },
        }),
        op("Add", ["inner", "x"], "y"),
      ],
      annotations: [{ tensor: "x", parameters: { SCALE_TENSOR: "y" } }],
    }),
  );

  it("renames in subgraphs, recorded types and annotations too, and moves inner values out of the way", async () => {
    const renamed = renameValues(
      branching,
      new Map([
        ["x", "inner"],
        ["y", "yes.out"],
      ]),
    );
    expect(renamed.graph.inputs.map((v) => v.name)).toEqual(["inner", "flag"]);
    expect(renamed.graph.outputs.map((v) => v.name)).toEqual(["yes.out"]);
    expect(renamed.graph.annotations).toEqual([{ tensor: "inner", parameters: { SCALE_TENSOR: "yes.out" } }]);
    expect(types(renamed)).toContain("inner_1 float32[N,3]");
    const x = noise([2, 3]);
    for (const bit of [0, 1]) {
      const flag = { type: "bool", dims: [], data: Uint8Array.of(bit) } as const;
      const { y } = await runModel(branching, { x, flag });
      expect((await runModel(renamed, { inner: x, flag }))["yes.out"]).toEqual(y);
    }
  });

  it("lets two swap their names, and leaves the model alone where nothing is named so", () => {
    const swapped = renameValues(
      branching,
      new Map([
        ["x", "y"],
        ["y", "x"],
      ]),
    );
    expect(swapped.graph.nodes.at(-1)).toMatchObject({ inputs: ["inner", "y"], outputs: ["x"] });
    expect(renameValues(branching, new Map([["z", "q"]])).graph).toEqual(branching.graph);
  });
});

describe("sizes", () => {
  const source = model(
    graph({
      inputs: [value("x", "float32", ["N", "T", 3]), { name: "m", type: { kind: "tensor", type: "bool", dims: [{}] } }],
      outputs: [value("y", "float32", ["N", "T", 3])],
      values: [value("h", "float32", ["T", 3])],
      initializers: [intTensor("c", [1], [1])],
      nodes: [],
    }),
  );

  it("are put in place of names wherever types say them", () => {
    const fixed = replaceSizes(
      source,
      new Map<string, number | string>([
        ["N", "batch"],
        ["T", 16],
      ]),
    );
    expect(types(fixed)).toEqual(["x float32[batch,16,3]", "m bool[?]", "y float32[batch,16,3]", "h float32[16,3]"]);
  });

  it("name a leading dimension that says nothing, and no other", () => {
    expect(types(nameLeading(source, 4))).toEqual([
      "x float32[N,T,3]",
      "m bool[4]",
      "y float32[N,T,3]",
      "h float32[T,3]",
    ]);
  });

  it("inputs that constants stand for are none that a caller passes", () => {
    const withDefault = { ...source.graph, inputs: [...source.graph.inputs, value("c", "int64", [1])] };
    expect(calledInputs(withDefault).map((v) => v.name)).toEqual(["x", "m"]);
  });
});

describe("tidyTexts", () => {
  it("leaves out documentation, metadata and names of nodes, and computes the same", async () => {
    const plain = net({
      nodes: [op("Relu", ["x"], "r"), op("Neg", ["r"], "y")],
      parts: { doc: "made by hand", metadata: { author: "somebody" } },
    });
    const told: Model = {
      ...plain,
      graph: {
        ...plain.graph,
        doc: "the graph",
        inputs: plain.graph.inputs.map((v) => ({ ...v, doc: "a picture" })),
        nodes: plain.graph.nodes.map((n) => ({ ...n, doc: "secret/path.py:3" })),
      },
    };
    const tidy = tidyTexts(told);
    const text = Buffer.from(encodeModel(tidy)).toString("latin1");
    for (const word of ["made by hand", "somebody", "the graph", "a picture", "secret"])
      expect(text).not.toContain(word);
    expect(tidy.graph.nodes.map((n) => n.name)).toEqual(["", ""]);
    expect(await decodeModel(encodeModel(tidy))).toMatchObject({ graph: { nodes: [{ op: "Relu" }, { op: "Neg" }] } });
    const x = noise([1, 3, 8, 8]);
    expect(await runModel(tidy, { x })).toEqual(await runModel(told, { x }));
  });

  it("keeps the names of tensors in subgraphs", () => {
    const inner = graph({
      inputs: [],
      outputs: [value("b", "float32")],
      nodes: [node("Relu", [["x"], ["b"]])],
      doc: "in",
    });
    const source = net({
      nodes: [
        op("If", ["flag"], "y", {
          attributes: { then_branch: { kind: "graph", value: inner }, else_branch: { kind: "graph", value: inner } },
        }),
      ],
    });
    const [branch] = Object.values(tidyTexts(source).graph.nodes[0]?.attributes ?? {});
    expect(branch).toMatchObject({ kind: "graph", value: { nodes: [{ name: "", inputs: ["x"], outputs: ["b"] }] } });
    expect(branch).not.toHaveProperty("value.doc");
  });
});
