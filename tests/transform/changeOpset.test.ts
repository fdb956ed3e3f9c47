import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { nodeHost as host } from "../../core/app/nodeHost.ts";
import { largestDifference } from "../../core/app/bundle.ts";
import { floatTensor, graph, intTensor, node, value } from "../../core/graph/build.ts";
import type { Model, Node } from "../../core/graph/model.ts";
import { randomFeeds } from "../../core/measure/feeds.ts";
import { loadTensors, readModel } from "../../core/onnx/read.ts";
import { withSession } from "../../core/runtime/session.ts";
import { changeOpset } from "../../core/transform/changeOpset.ts";
import { sharedData, sharedNote } from "../shared.ts";
import { conv, net, noise, op, outputOf, runModel, weight, type Net } from "./fixtures.ts";

const kernel = weight("w", [4, 3, 3, 3]);

function brought(source: Model, to: number): Model {
  const found = changeOpset(source, to);
  if (!("model" in found)) throw new Error(found.reason);
  return found.model;
}

const modern: Net = {
  opset: 13,
  input: ["N", 3, 8, 8],
  nodes: [
    conv(["x", "w"], "c"),
    node("Split", [["c"], ["s", "t"]], { attributes: { axis: 1 } }),
    op("Add", ["s", "t"], "a"),
    op("ReduceMean", ["a"], "m", { attributes: { axes: [3], keepdims: 1 } }),
    op("ReduceMax", ["m"], "r", { attributes: { axes: [2], keepdims: 0 } }),
    op("Squeeze", ["r", "axes"], "y"),
  ],
  constants: [kernel, intTensor("axes", [1], [2])],
};

describe("changeOpset", () => {
  it.each([14, 17, 18, 21, 24, 26])("brings opset 13 to %s and back, computing the same to the bit", async (to) => {
    const source = net(modern);
    const up = brought(source, to);
    expect(up.opsets).toEqual({ "": to });
    const x = noise([2, 3, 8, 8]);
    const expected = await outputOf(source, x);
    expect(await outputOf(up, x)).toEqual(expected);
    const back = brought(up, 13);
    expect(back.graph.nodes).toEqual(source.graph.nodes);
    expect(await outputOf(back, x)).toEqual(expected);
  });

  it("goes below 13 where inputs are constants, and lowers the IR version with it", async () => {
    const source = net({
      ...modern,
      nodes: modern.nodes.filter((n) => n.op !== "Split" && n.op !== "Add").map(readingC),
    });
    const down = brought(source, 11);
    expect([down.opsets[""], down.irVersion]).toEqual([11, 6]);
    expect(down.graph.nodes.at(-1)?.inputs).toEqual(["r"]);
    const x = noise([2, 3, 8, 8]);
    expect(await outputOf(down, x)).toEqual(await outputOf(source, x));
  });

  it("raises the IR version to that of the release", () => {
    expect([15, 19, 21, 24].map((to) => brought(net({ ...modern, parts: { irVersion: 7 } }), to).irVersion)).toEqual([
      8, 9, 10, 12,
    ]);
  });

  it("takes nodes in subgraphs and functions along", async () => {
    const body = (kind: string) =>
      graph({
        name: kind,
        inputs: [],
        outputs: [value(`${kind}.out`, "float32")],
        nodes: [op(kind, ["x"], `${kind}.out`, { attributes: { axes: [1], keepdims: 0 } })],
      });
    const branches = net({
      opset: 13,
      input: [2, 3],
      nodes: [
        op("Constant", [], "flag", {
          attributes: {
            value: { ...intTensor("", [], []), type: "bool", data: { kind: "bytes", bytes: Uint8Array.of(1) } },
          },
        }),
        op("If", ["flag"], "i", {
          attributes: {
            then_branch: { kind: "graph", value: body("ReduceMean") },
            else_branch: { kind: "graph", value: body("ReduceMax") },
          },
        }),
        node("Own", [["i"], ["y"]], { domain: "own" }),
      ],
      parts: {
        opsets: { "": 13, own: 1 },
        functions: [
          {
            name: "Own",
            domain: "own",
            inputs: ["a"],
            outputs: ["b"],
            attributes: [],
            defaults: {},
            opsets: { "": 13 },
            nodes: [op("ReduceSumSquare", ["a"], "b", { attributes: { axes: [0] } })],
            values: [],
          },
        ],
      },
    });
    const up = brought(branches, 21);
    expect(up.functions[0]?.opsets).toEqual({ "": 21 });
    expect(up.functions[0]?.nodes.map((n) => n.op)).toEqual(["Constant", "ReduceSumSquare"]);
    const x = noise([2, 3]);
    expect(await outputOf(up, x)).toEqual(await outputOf(branches, x));
  });

  it.each<[string, Net, number, string]>([
    [
      "a pooling whose windows are counted anew",
      {
        opset: 13,
        nodes: [op("AveragePool", ["x"], "y", { attributes: { kernel_shape: [2, 2], ceil_mode: 1 } })],
      },
      21,
      'AveragePool "y": opset 19 changed which windows count where ceil_mode is set',
    ],
    [
      "an op that is younger",
      { opset: 18, nodes: [op("Mish", ["x"], "y")] },
      17,
      'Mish "y": opset 17 has no Mish, which opset 18 brought',
    ],
    [
      "an attribute that is younger",
      { opset: 18, nodes: [op("Shape", ["x"], "y", { attributes: { start: 1 } })] },
      13,
      'Shape "y": opset 15 brought its attribute start',
    ],
    [
      "axes that are computed",
      { opset: 18, nodes: [op("Shape", ["x"], "s"), op("ReduceMean", ["x", "s"], "y")] },
      13,
      'ReduceMean "y": its input "s" would have to be a constant before opset 18',
    ],
    [
      "an op that nobody knows",
      { nodes: [op("Unheard", ["x"], "y")] },
      21,
      'Unheard "y" may have changed since opset 17',
    ],
    ["a version that is no longer known", { nodes: [op("Relu", ["x"], "y")] }, 27, "opset 27 is not between 7 and 26"],
    [
      "a newer model",
      { opset: 27, nodes: [op("Relu", ["x"], "y")] },
      21,
      "opset 27 is newer than 26, the newest that is known",
    ],
  ])("refuses %s and says where", (...[, given, to, reason]) => {
    expect(changeOpset(net(given), to)).toEqual({ reason });
  });

  it("keeps what RoiAlign, DFT and GridSample did by default", async () => {
    const roi = net({
      opset: 13,
      input: [1, 1, 8, 8],
      nodes: [op("RoiAlign", ["x", "rois", "which"], "y", { attributes: { output_height: 2, output_width: 2 } })],
      constants: [floatTensor("rois", [1, 4], [1, 1, 5, 6]), intTensor("which", [1], [0])],
    });
    const x = noise([1, 1, 8, 8]);
    expect(await outputOf(brought(roi, 16), x)).toEqual(await outputOf(roi, x));
    const dft = net({ opset: 17, input: [1, 8, 1], nodes: [op("DFT", ["x"], "y")] });
    const wave = noise([1, 8, 1]);
    expect(await outputOf(brought(dft, 20), wave)).toEqual(await outputOf(dft, wave));
    expect(brought(brought(dft, 20), 17).graph.nodes[0]?.attributes["axis"]).toEqual({ kind: "int", value: 1n });
    const grid = net({
      opset: 16,
      input: [1, 1, 8, 8],
      nodes: [op("GridSample", ["x", "grid"], "y", { attributes: { mode: "bicubic" } })],
      constants: [floatTensor("grid", [1, 1, 2, 2], [0.1, 0.2, -0.3, 0.4])],
    });
    const sampled = await runModel(brought(grid, 22), { x });
    expect(sampled).toEqual(await runModel(grid, { x }));
  });
});

/** The same node, reading the convolution where it read the sum. */
function readingC(n: Node): Node {
  return { ...n, inputs: n.inputs.map((i) => (i === "a" ? "c" : i)) };
}

const MODELS = [
  ["cifar10-resnets/resnet20.onnx", [11, 18, 21, 26]],
  ["ort-examples/mnist.onnx", [13, 18, 26]],
  ["stm32/mobilenet_v2_0.35_128_tfs_channel_first.onnx", [17, 21, 26]],
  ["hwacc-garage/ic_quantized_int8.onnx", [18, 21, 26]],
  ["fastestdet/FastestDet.onnx", [13, 18, 21]],
  ["dtln/model_1.onnx", [17, 21]],
  ["silero-vad/silero_vad_16k_op15.onnx", [18, 21]],
] as const;

describe.skipIf(sharedData === undefined)(`real models${sharedNote}`, () => {
  it.each(MODELS)("%s computes the same at opsets %j", async (name, targets) => {
    const source = await loadTensors(await readModel(join(sharedData ?? "", "models", name), host), host);
    const run = (model: Model) =>
      withSession(model, { host }, (session) =>
        session.run(randomFeeds(session.inputs, { batch: 2, seed: 0, sizes: { sequence: 512 }, otherwise: 512 })),
      );
    const expected = await run(source);
    for (const to of targets) {
      const found = await run(brought(source, to));
      const gaps = Object.entries(expected)
        .filter(([, array]) => ArrayBuffer.isView(array.data))
        .map(([output, array]) => largestDifference(array, found[output]!));
      expect(Math.max(...gaps), `opset ${to}`).toBeLessThan(1e-5);
    }
  });
});
