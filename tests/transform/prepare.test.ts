import { describe, expect, it } from "vitest";
import { floatAttribute } from "../../core/graph/attributes.ts";
import { floatTensor, graph, intTensor, value } from "../../core/graph/build.ts";
import { foldPads } from "../../core/transform/foldPads.ts";
import { prepareModel } from "../../core/transform/prepare.ts";
import { upgradeOpset } from "../../core/transform/upgradeOpset.ts";
import { conv, largestGap, net, noise, op, outputOf, weight, type Net } from "./fixtures.ts";

const kernel = weight("w", [4, 3, 3, 3]);
const pads = (amounts: readonly number[]): ReturnType<typeof intTensor> => intTensor("pads", [amounts.length], amounts);

describe("foldPads", () => {
  it.each<[string, Net]>([
    [
      "uneven padding",
      {
        nodes: [op("Pad", ["x", "pads"], "p"), conv(["p", "w"], "y", { pads: [0, 1, 0, 0] })],
        constants: [kernel, pads([0, 0, 1, 2, 0, 0, 3, 0])],
      },
    ],
    [
      "padding before a VALID convolution",
      {
        nodes: [op("Pad", ["x", "pads"], "p"), op("Conv", ["p", "w"], "y", { attributes: { auto_pad: "VALID" } })],
        constants: [kernel, pads([0, 0, 1, 1, 0, 0, 1, 1])],
      },
    ],
    [
      "padding that two convolutions read",
      {
        nodes: [
          op("Pad", ["x", "pads"], "p"),
          conv(["p", "w"], "c"),
          conv(["p", "w"], "d"),
          op("Sub", ["c", "d"], "e"),
          op("Add", ["c", "e"], "y"),
        ],
        constants: [kernel, pads([0, 0, 1, 1, 0, 0, 1, 1])],
      },
    ],
  ])("moves %s into the convolution", async (_, given) => {
    const source = net(given);
    const folded = foldPads(source);
    expect(folded.graph.nodes.map((n) => n.op)).not.toContain("Pad");
    const x = noise([2, 3, 8, 8]);
    expect(largestGap(await outputOf(source, x, "none"), await outputOf(folded, x, "none"))).toBeLessThan(1e-5);
  });

  it.each<[string, Net]>([
    [
      "of another value",
      {
        nodes: [op("Pad", ["x", "pads", "v"], "p"), conv(["p", "w"], "y")],
        constants: [kernel, pads([0, 0, 1, 1, 0, 0, 1, 1]), floatTensor("v", [], [1])],
      },
    ],
    [
      "that mirrors",
      {
        nodes: [op("Pad", ["x", "pads"], "p", { attributes: { mode: "reflect" } }), conv(["p", "w"], "y")],
        constants: [kernel, pads([0, 0, 1, 1, 0, 0, 1, 1])],
      },
    ],
    [
      "of channels",
      {
        input: ["N", 2, 8, 8],
        nodes: [op("Pad", ["x", "pads"], "p"), conv(["p", "w"], "y")],
        constants: [kernel, pads([0, 1, 0, 0, 0, 0, 0, 0])],
      },
    ],
    [
      "that crops",
      {
        nodes: [op("Pad", ["x", "pads"], "p"), conv(["p", "w"], "y")],
        constants: [kernel, pads([0, 0, -1, 0, 0, 0, 0, 0])],
      },
    ],
    [
      "that something else reads",
      {
        nodes: [op("Pad", ["x", "pads"], "p"), conv(["p", "w"], "c"), op("Neg", ["p"], "y")],
        constants: [kernel, pads([0, 0, 1, 1, 0, 0, 1, 1])],
        outputs: ["y", "c"],
      },
    ],
    [
      "before a convolution that pads to the same size",
      {
        nodes: [op("Pad", ["x", "pads"], "p"), op("Conv", ["p", "w"], "y", { attributes: { auto_pad: "SAME_UPPER" } })],
        constants: [kernel, pads([0, 0, 1, 1, 0, 0, 1, 1])],
      },
    ],
  ])("leaves padding %s", (_, given) => {
    const source = net(given);
    expect(foldPads(source).graph.nodes).toEqual(source.graph.nodes);
  });
});

describe("upgradeOpset", () => {
  const old: Net = {
    opset: 8,
    input: ["N", 3, 8, 8],
    nodes: [
      conv(["x", "w"], "c"),
      op("Clip", ["c"], "k", { attributes: { min: floatAttribute(0), max: floatAttribute(6) } }),
      op("Pad", ["k"], "p", { attributes: { pads: [0, 0, 1, 1, 0, 0, 0, 0], value: floatAttribute(0.5) } }),
      op("Slice", ["p"], "s", { attributes: { starts: [1, 0], ends: [9, 5], axes: [2, 3] } }),
      op("Dropout", ["s"], "d", { attributes: { ratio: 0.3 } }),
      op("ReduceMean", ["d"], "m", { attributes: { axes: [3], keepdims: 1 } }),
      op("Squeeze", ["m"], "q", { attributes: { axes: [3] } }),
      op("ReduceSum", ["q"], "r", { attributes: { axes: [2], keepdims: 0 } }),
      op("Unsqueeze", ["r"], "u", { attributes: { axes: [0] } }),
      op("Softmax", ["u"], "y", { attributes: { axis: -1 } }),
    ],
    constants: [kernel],
  };

  it.each([8, 9])("brings opset %s to 13 without changing what is computed", async (opset) => {
    const source = net({ ...old, opset });
    const found = upgradeOpset(source);
    if (!("model" in found)) throw new Error(found.reason);
    expect(found.model.opsets[""]).toBe(13);
    const x = noise([2, 3, 8, 8]);
    expect(largestGap(await outputOf(source, x), await outputOf(found.model, x))).toBeLessThan(1e-6);
  });

  it("leaves newer models as they are", () => {
    const source = net({ nodes: [op("Relu", ["x"], "y")] });
    expect(upgradeOpset(source)).toEqual({ model: source });
  });

  it.each([
    ["Softmax", 1],
    ["Softmax", 2],
    ["LogSoftmax", 0],
    ["LogSoftmax", 3],
  ])("keeps %s from axis %s on what it was", async (name, axis) => {
    const source = net({ opset: 11, input: [2, 3, 4, 4], nodes: [op(name, ["x"], "y", { attributes: { axis } })] });
    const found = upgradeOpset(source);
    if (!("model" in found)) throw new Error(found.reason);
    const x = noise([2, 3, 4, 4]);
    expect(largestGap(await outputOf(source, x), await outputOf(found.model, x))).toBeLessThan(1e-6);
  });

  const body = graph({
    inputs: [],
    outputs: [value("b", "float32")],
    nodes: [op("Squeeze", ["x"], "b", { attributes: { axes: [0] } })],
  });
  it.each<[string, Net, string]>([
    [
      "the largest over several axes",
      { opset: 11, nodes: [op("Hardmax", ["x"], "y")] },
      'Hardmax "y": opset 13 changed what its axis means',
    ],
    [
      "an op that it does not know",
      { opset: 11, nodes: [op("Unheard", ["x"], "y")] },
      'Unheard "y" may have changed since opset 11',
    ],
    [
      "a very old model",
      { opset: 6, nodes: [op("Relu", ["x"], "y")] },
      "opset 6 is too old; 7 is the oldest that can be brought to 13",
    ],
    [
      "nodes in subgraphs",
      {
        opset: 11,
        nodes: [
          op("If", ["flag"], "y", {
            attributes: { then_branch: { kind: "graph", value: body }, else_branch: { kind: "graph", value: body } },
          }),
        ],
      },
      'If "y": the nodes in its subgraphs would have to be adapted too',
    ],
  ])("says why it leaves %s", (_, given, reason) => {
    expect(upgradeOpset(net(given))).toEqual({ reason });
  });
});

describe("prepareModel", () => {
  it("normalises, upgrades and folds in one go, and computes the same", async () => {
    const source = net({
      opset: 9,
      nodes: [
        op("Pad", ["x"], "p", { attributes: { pads: [0, 0, 1, 1, 0, 0, 1, 1] } }),
        conv(["p", "w"], "c", { pads: [0, 0, 0, 0] }),
        op("BatchNormalization", ["c", "g", "b", "m", "v"], "n"),
        op("Constant", [], "two", { attributes: { value: floatTensor("", [], [2]) } }),
        op("Mul", ["n", "two"], "y"),
      ],
      constants: [
        kernel,
        weight("g", [4]),
        weight("b", [4], 2),
        weight("m", [4], 3),
        floatTensor("v", [4], [1, 2, 3, 4]),
      ],
    });
    const { model, folded, upgradedFrom } = prepareModel(source);
    expect(model.graph.nodes.map((n) => n.op)).toEqual(["Conv", "Mul"]);
    expect([folded, upgradedFrom, model.opsets[""]]).toEqual([["n"], 9, 13]);
    const x = noise([2, 3, 8, 8]);
    expect(largestGap(await outputOf(source, x), await outputOf(model, x))).toBeLessThan(1e-5);
    expect(prepareModel(source, { keepBatchNorm: true }).folded).toEqual([]);
  });
});
