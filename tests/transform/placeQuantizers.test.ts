import { describe, expect, it } from "vitest";
import { floatTensor, graph, value } from "../../core/graph/build.ts";
import type { Model, Node } from "../../core/graph/model.ts";
import { conv, net, op, weight, type Net } from "./fixtures.ts";
import { place, type QuantizeOptions } from "./quantize.ts";

/** What a placement decided, as plain data: names of quantised nodes, value → owner of its scale, node → reason. */
function decide(
  given: Net,
  options: QuantizeOptions = {},
): { nodes: string[]; values: Record<string, string>; kept: Record<string, string> } {
  const { nodes, values, kept } = place(net(given), options);
  return {
    nodes: [...nodes].map((n) => n.name),
    values: Object.fromEntries(values),
    kept: Object.fromEntries(kept),
  };
}

const kernels = [weight("w1", [8, 3, 3, 3]), weight("w2", [8, 8, 3, 3], 2), weight("w3", [8, 8, 3, 3], 3)];
const own = (...names: readonly string[]): Record<string, string> => Object.fromEntries(names.map((n) => [n, n]));
const excluding =
  (...names: readonly string[]) =>
  (n: Node): boolean =>
    names.includes(n.name);
const TAIL = "it follows the last multiplication, where eight bits cost accuracy and save no time";

describe("placeQuantizers", () => {
  it("quantises behind an absorbed ReLU, not before it", () => {
    const found = decide({
      nodes: [conv(["x", "w1"], "c"), op("Relu", ["c"], "r"), conv(["r", "w2"], "y")],
      constants: kernels,
    });
    expect(found).toEqual({ nodes: ["c", "y"], values: own("x", "r", "y"), kept: {} });
  });

  it("absorbs a Clip too", () => {
    const found = decide({
      nodes: [conv(["x", "w1"], "c"), op("Clip", ["c", "low", "high"], "r"), conv(["r", "w2"], "y")],
      constants: [...kernels, floatTensor("low", [], [0]), floatTensor("high", [], [6])],
    });
    expect(found.values).toEqual(own("x", "r", "y"));
  });

  it("keeps the quantiser before a ReLU whose input something else reads", () => {
    const found = decide({
      nodes: [conv(["x", "w1"], "c"), op("Relu", ["c"], "r"), op("Add", ["c", "r"], "a"), conv(["a", "w2"], "y")],
      constants: kernels,
    });
    // The ReLU stays in float, so the addition has one float operand and stays too.
    expect(found.nodes).toEqual(["c", "y"]);
    expect(found.values).toEqual(own("x", "c", "a", "y"));
  });

  it("absorbs a ReLU that two layers read", () => {
    const found = decide({
      nodes: [
        conv(["x", "w1"], "c"),
        op("Relu", ["c"], "r"),
        conv(["r", "w2"], "d"),
        op("Add", ["r", "d"], "a"),
        conv(["a", "w3"], "y"),
      ],
      constants: kernels,
    });
    expect(found.nodes).toEqual(["c", "d", "a", "y"]);
    expect(found.values).toEqual(own("x", "r", "d", "a", "y"));
  });

  it("absorbs the ReLU behind the last convolution", () => {
    const found = decide({ nodes: [conv(["x", "w1"], "c"), op("Relu", ["c"], "y")], constants: kernels });
    expect(found.values).toEqual(own("x", "y"));
  });

  it("puts an integer addition into a residual block", () => {
    const found = decide({
      nodes: [
        conv(["x", "w1"], "c1"),
        op("Relu", ["c1"], "r1"),
        conv(["r1", "w2"], "c2"),
        op("Add", ["c2", "r1"], "a"),
        op("Relu", ["a"], "r2"),
        conv(["r2", "w3"], "y"),
      ],
      constants: kernels,
    });
    expect(found.nodes).toEqual(["c1", "c2", "a", "y"]);
    expect(found.values).toEqual(own("x", "r1", "c2", "r2", "y"));
  });

  it("gives every operand of a Concat a scale of its own", () => {
    const found = decide({
      nodes: [
        conv(["x", "w1"], "c1"),
        conv(["x", "w1"], "c2"),
        op("Concat", ["c1", "c2"], "j", { attributes: { axis: 1 } }),
        conv(["j", "w"], "y"),
      ],
      constants: [...kernels, weight("w", [4, 16, 3, 3])],
    });
    expect(found.nodes).toEqual(["c1", "c2", "j", "y"]);
    expect(found.values).toEqual(own("x", "c1", "c2", "j", "y"));
  });

  it("lets moved values share one scale", () => {
    const found = decide({
      nodes: [
        conv(["x", "w1"], "c"),
        op("MaxPool", ["c"], "p", { attributes: { kernel_shape: [2, 2], strides: [2, 2] } }),
        op("Transpose", ["p"], "t", { attributes: { perm: [0, 1, 3, 2] } }),
        conv(["t", "w2"], "y"),
      ],
      constants: kernels,
    });
    expect(found.nodes).toEqual(["c", "p", "t", "y"]);
    expect(found.values).toEqual({ x: "x", c: "c", p: "c", t: "c", y: "y" });
  });

  it("leaves a pooling with indices in float", () => {
    const pool = op("MaxPool", ["c"], "p", { attributes: { kernel_shape: [2, 2] } });
    const found = decide({
      nodes: [conv(["x", "w1"], "c"), { ...pool, outputs: ["p", "where"] }, conv(["p", "w2"], "y")],
      constants: kernels,
    });
    expect(found.nodes).toEqual(["c", "y"]);
    expect(found.values["p"]).toBe("p");
  });

  const head: Net = {
    nodes: [
      conv(["x", "w1"], "c"),
      op("Relu", ["c"], "r"),
      op("GlobalAveragePool", ["r"], "g"),
      op("Flatten", ["g"], "f"),
      op("Gemm", ["f", "w", "b"], "h"),
      op("Softmax", ["h"], "y"),
    ],
    constants: [...kernels, weight("w", [8, 4]), weight("b", [4])],
  };

  it("leaves the last Gemm's output and all behind it in float", () => {
    const found = decide(head);
    expect(found.nodes).toEqual(["c", "g", "f", "h"]);
    expect(found.values).toEqual({ x: "x", r: "r", g: "g", f: "g" });
    expect(found.kept).toEqual({ y: TAIL });
  });

  it("quantises the tail where that is asked for", () => {
    const found = decide(head, { tail: true });
    expect(found.nodes).toEqual(["c", "g", "f", "h", "y"]);
    expect(found.values).toEqual({ x: "x", r: "r", g: "g", f: "g", h: "h", y: "y" });
    expect(found.kept).toEqual({});
  });

  it("leaves boxes and scores that are joined at the end in float", () => {
    const found = decide({
      nodes: [
        conv(["x", "w1"], "c"),
        op("Relu", ["c"], "r"),
        conv(["r", "w2"], "boxes"),
        conv(["r", "w3"], "logits"),
        op("Sigmoid", ["logits"], "scores"),
        op("Concat", ["boxes", "scores"], "y", { attributes: { axis: 1 } }),
      ],
      constants: kernels,
    });
    expect(found.nodes).toEqual(["c", "boxes", "logits"]);
    expect(found.values).toEqual(own("x", "r", "boxes", "logits"));
    expect(found.kept).toEqual({ scores: TAIL, y: TAIL });
  });

  it("keeps an excluded layer in float, and its neighbours apart from it", () => {
    const found = decide(
      {
        nodes: [
          conv(["x", "w1"], "c1"),
          op("Relu", ["c1"], "r1"),
          conv(["r1", "w2"], "c2"),
          op("Relu", ["c2"], "r2"),
          conv(["r2", "w3"], "y"),
        ],
        constants: kernels,
      },
      { exclude: excluding("c2") },
    );
    expect(found.nodes).toEqual(["c1", "y"]);
    expect(found.values).toEqual(own("x", "r1", "r2", "y"));
    expect(found.kept).toEqual({ c2: "it is excluded" });
  });

  it("takes what follows the last layer that is not excluded for the tail", () => {
    const found = decide(head, { exclude: excluding("h") });
    expect(found.nodes).toEqual(["c"]);
    expect(found.values).toEqual(own("x", "r"));
    expect(found.kept).toEqual({ g: TAIL, h: "it is excluded", y: TAIL });
  });

  it("quantises a convolution that is an output of the graph and feeds another layer", () => {
    const found = decide({
      nodes: [conv(["x", "w1"], "c"), conv(["c", "w2"], "y")],
      constants: kernels,
      outputs: ["y", "c"],
    });
    expect(found.values).toEqual(own("x", "c", "y"));
  });

  it("does not absorb a ReLU behind a value that is an output of the graph", () => {
    const found = decide({
      nodes: [conv(["x", "w1"], "c"), op("Relu", ["c"], "r"), conv(["r", "w2"], "y")],
      constants: kernels,
      outputs: ["y", "c"],
    });
    expect(found.values).toEqual(own("x", "c", "r", "y"));
  });

  it("quantises both sides of a MatMul of activations", () => {
    const found = decide({
      input: ["N", 4, 6],
      nodes: [
        op("MatMul", ["x", "wq"], "q"),
        op("MatMul", ["x", "wk"], "k"),
        op("Transpose", ["k"], "t", { attributes: { perm: [0, 2, 1] } }),
        op("MatMul", ["q", "t"], "scores"),
      ],
      constants: [weight("wq", [6, 6]), weight("wk", [6, 6], 2)],
    });
    expect(found.nodes).toEqual(["q", "k", "t", "scores"]);
    expect(found.values).toEqual({ x: "x", q: "q", k: "k", t: "k" });
  });

  it("takes constants on one side of an addition or multiplication", () => {
    const found = decide({
      nodes: [
        conv(["x", "w1"], "c"),
        op("Mul", ["c", "gain"], "m"),
        op("Add", ["offset", "m"], "a"),
        conv(["a", "w2"], "y"),
      ],
      constants: [...kernels, weight("gain", [8, 1, 1]), weight("offset", [8, 1, 1], 2)],
    });
    expect(found.nodes).toEqual(["c", "m", "a", "y"]);
  });

  it("leaves integer arithmetic on shapes alone", () => {
    const found = decide({
      nodes: [
        conv(["x", "w1"], "c"),
        op("Shape", ["c"], "s"),
        op("Add", ["s", "s"], "twice"),
        op("Reshape", ["c", "s"], "v"),
        conv(["v", "w2"], "y"),
      ],
      constants: kernels,
    });
    expect(found.nodes).toEqual(["c", "v", "y"]);
    expect(found.values).toEqual({ x: "x", c: "c", v: "c", y: "y" });
  });

  it.each<[string, Partial<Net> & { nodes: Net["nodes"] }, Record<string, string>]>([
    [
      "computed weights",
      { nodes: [op("Neg", ["w1"], "v"), conv(["x", "v"], "y")] },
      { v: "onnxruntime has no eight-bit kernel for this arithmetic", y: "its weights are computed or not float32" },
    ],
    [
      "a computed bias",
      { nodes: [op("Neg", ["b"], "n"), conv(["x", "w1", "n"], "y")], constants: [...kernels, weight("b", [8])] },
      { n: "onnxruntime has no eight-bit kernel for this arithmetic", y: "its bias is computed or not float32" },
    ],
    [
      "a scaled bias",
      {
        input: ["N", 8],
        nodes: [op("Gemm", ["x", "w", "b"], "y", { attributes: { beta: 0.5 } })],
        constants: [weight("w", [8, 4]), weight("b", [4])],
      },
      { y: "its bias is scaled by beta" },
    ],
    [
      "a bias per row",
      {
        input: [4, 8],
        nodes: [op("Gemm", ["x", "w", "b"], "y")],
        constants: [weight("w", [8, 4]), weight("b", [4, 1])],
      },
      { y: "its bias is not one number per output channel" },
    ],
    [
      "a transposed convolution",
      { nodes: [op("ConvTranspose", ["x", "w"], "y")], constants: [weight("w", [3, 4, 2, 2])] },
      { y: "onnxruntime has no eight-bit ConvTranspose on the CPU" },
    ],
    [
      "weights in double precision",
      {
        input: ["N", 8],
        nodes: [op("MatMul", ["x", "w"], "y")],
        constants: [{ ...weight("w", [4, 4]), dims: [8, 1], type: "float64" }],
      },
      { y: "its weights are computed or not float32" },
    ],
    [
      "a batch norm that could not be folded",
      {
        nodes: [op("BatchNormalization", ["x", "s", "s", "s", "s"], "n"), conv(["n", "w1"], "y")],
        constants: [...kernels, weight("s", [3])],
      },
      { n: "it has to be folded into the layer before it" },
    ],
  ])("says why %s stays in float", (_, given, kept) => {
    const found = decide({ constants: kernels, ...given });
    expect(found.kept).toEqual(kept);
  });

  it("sees a value that a subgraph captures as used", () => {
    const branch = graph({
      inputs: [],
      outputs: [value("b", "float32")],
      nodes: [op("Neg", ["c"], "b")],
    });
    const found = decide({
      nodes: [
        conv(["x", "w1"], "c"),
        op("Relu", ["c"], "r"),
        conv(["r", "w2"], "d"),
        op("If", ["flag"], "y", {
          attributes: { then_branch: { kind: "graph", value: branch }, else_branch: { kind: "graph", value: branch } },
        }),
      ],
      constants: [
        ...kernels,
        { ...floatTensor("flag", [], [1]), type: "bool", data: { kind: "bytes", bytes: Uint8Array.of(1) } },
      ],
      outputs: ["y", "d"],
    });
    // Not absorbed: the branch reads what is before the ReLU.
    expect(found.values).toEqual(own("x", "c", "r", "d"));
  });

  it("keeps what follows an excluded join in step", () => {
    const residual: Model = net({
      nodes: [
        conv(["x", "w1"], "c1"),
        op("Relu", ["c1"], "r1"),
        conv(["r1", "w2"], "c2"),
        op("Add", ["c2", "r1"], "a"),
        op("Relu", ["a"], "r2"),
        conv(["r2", "w3"], "y"),
      ],
      constants: kernels,
    });
    const { nodes, values } = place(residual, { exclude: excluding("a") });
    expect([...nodes].map((n) => n.name)).toEqual(["c1", "c2", "y"]);
    expect([...values.keys()]).toEqual(["x", "r1", "c2", "r2", "y"]);
  });
});
