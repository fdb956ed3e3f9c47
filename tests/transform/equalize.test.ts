import { describe, expect, it } from "vitest";
import { tensorArray } from "../../core/graph/build.ts";
import type { Model, Tensor } from "../../core/graph/model.ts";
import { axisLayout, peaksAlong } from "../../core/transform/constants.ts";
import { equalizeLayers } from "../../core/transform/equalize.ts";
import { conv, largestGap, net, noise, op, outputOf, peakOf, weight, type Net } from "./fixtures.ts";

/** Weights whose output channels differ in size by a factor of a hundred. */
function uneven(name: string, dims: readonly number[], axis = 0): Tensor {
  const made = weight(name, dims, 4);
  const { size, inner } = axisLayout(dims, axis);
  const data = (tensorArray(made).data as Float32Array).map(
    (v, i) => v * 100 ** ((Math.floor(i / inner) % size) / size),
  );
  return { ...made, data: { kind: "bytes", bytes: new Uint8Array(data.buffer) } };
}

const dataOf = ({ graph }: Model, name: string): Float32Array =>
  tensorArray(graph.initializers.find((t) => t.name === name)!).data as Float32Array;

interface Case extends Net {
  readonly shape?: readonly number[];
  readonly pairs: readonly (readonly [string, string])[];
}

describe("equalizeLayers", () => {
  it.each<[string, Case]>([
    [
      "two convolutions with ReLU and pooling between",
      {
        nodes: [
          conv(["x", "w1", "b1"], "c1"),
          op("Relu", ["c1"], "r"),
          op("MaxPool", ["r"], "p", { attributes: { kernel_shape: [2, 2], strides: [2, 2] } }),
          conv(["p", "w2", "b2"], "y"),
        ],
        constants: [uneven("w1", [8, 3, 3, 3]), weight("b1", [8], 2), weight("w2", [4, 8, 3, 3], 3), weight("b2", [4])],
        pairs: [["c1", "y"]],
      },
    ],
    [
      "a depthwise convolution between two others",
      {
        nodes: [
          conv(["x", "w1"], "c1"),
          op("LeakyRelu", ["c1"], "r1"),
          conv(["r1", "w2", "b2"], "c2", { group: 8 }),
          op("Relu", ["c2"], "r2"),
          conv(["r2", "w3"], "y"),
        ],
        constants: [
          uneven("w1", [8, 3, 3, 3]),
          weight("w2", [8, 1, 3, 3], 3),
          weight("b2", [8]),
          weight("w3", [4, 8, 3, 3]),
        ],
        pairs: [
          ["c1", "c2"],
          ["c2", "y"],
        ],
      },
    ],
    [
      "Gemm and MatMul",
      {
        input: ["N", 6],
        shape: [4, 6],
        nodes: [
          op("Gemm", ["x", "w1", "b1"], "h", { attributes: { transB: 1 } }),
          op("Relu", ["h"], "r"),
          op("MatMul", ["r", "w2"], "y"),
        ],
        constants: [uneven("w1", [8, 6]), weight("b1", [8]), weight("w2", [8, 3])],
        pairs: [["h", "y"]],
      },
    ],
    [
      "a ConvTranspose before a Conv",
      {
        nodes: [op("ConvTranspose", ["x", "w1", "b1"], "h"), op("Relu", ["h"], "r"), conv(["r", "w2"], "y")],
        constants: [uneven("w1", [3, 8, 2, 2], 1), weight("b1", [8]), weight("w2", [3, 8, 3, 3])],
        pairs: [["h", "y"]],
      },
    ],
  ])("evens out %s and computes the same", async (_, { shape = [2, 3, 8, 8], pairs, ...given }) => {
    const source = net(given);
    const equal = equalizeLayers(source);
    expect(equal.pairs).toEqual(pairs);
    expect(equal.iterations).toBeGreaterThan(0);
    const x = noise(shape, 7);
    const [before, after] = [await outputOf(source, x, "none"), await outputOf(equal.model, x, "none")];
    expect(largestGap(before, after)).toBeLessThan(1e-5 * Math.max(1, peakOf(before)));
  });

  it("makes the ranges of matching channels equal", () => {
    const source = net({
      nodes: [conv(["x", "w1"], "c1"), op("Relu", ["c1"], "r"), conv(["r", "w2"], "y")],
      constants: [uneven("w1", [8, 3, 3, 3]), weight("w2", [4, 8, 3, 3], 3)],
    });
    const { model } = equalizeLayers(source);
    const first = peaksAlong(dataOf(model, "w1"), axisLayout([8, 3, 3, 3], 0));
    const second = peaksAlong(dataOf(model, "w2"), axisLayout([4, 8, 3, 3], 1));
    first.forEach((r, i) => expect(r / second[i]!).toBeCloseTo(1, 3));
    const spread = (peaks: Float64Array): number => Math.max(...peaks) / Math.min(...peaks);
    expect(spread(first)).toBeLessThan(spread(peaksAlong(dataOf(source, "w1"), axisLayout([8, 3, 3, 3], 0))) / 3);
  });

  it("leaves channels that are all zero", async () => {
    const dead = weight("w1", [8, 3, 3, 3]);
    const data = (tensorArray(dead).data as Float32Array).slice().fill(0, 0, 27);
    const source = net({
      nodes: [conv(["x", "w1"], "c1"), conv(["c1", "w2"], "y")],
      constants: [
        { ...dead, data: { kind: "bytes", bytes: new Uint8Array(data.buffer) } },
        weight("w2", [4, 8, 3, 3], 3),
      ],
    });
    const output = await outputOf(equalizeLayers(source).model, noise([1, 3, 8, 8]));
    expect(output.every(Number.isFinite)).toBe(true);
  });

  const layers = [weight("w1", [8, 3, 3, 3]), weight("w2", [8, 8, 3, 3], 3)];
  it.each<[string, Net]>([
    [
      "the value branches",
      { nodes: [conv(["x", "w1"], "c"), conv(["c", "w2"], "d"), op("Add", ["c", "d"], "y")], constants: layers },
    ],
    [
      "the value is an output of the graph",
      { nodes: [conv(["x", "w1"], "c"), conv(["c", "w2"], "y")], constants: layers, outputs: ["y", "c"] },
    ],
    [
      "a Clip does not let scales through",
      { nodes: [conv(["x", "w1"], "c"), op("Clip", ["c"], "r"), conv(["r", "w2"], "y")], constants: layers },
    ],
    [
      "a Sigmoid does not let scales through",
      { nodes: [conv(["x", "w1"], "c"), op("Sigmoid", ["c"], "r"), conv(["r", "w2"], "y")], constants: layers },
    ],
    [
      "a PRelu has slopes of its own",
      {
        nodes: [conv(["x", "w1"], "c"), op("PRelu", ["c", "slope"], "r"), conv(["r", "w2"], "y")],
        constants: [...layers, weight("slope", [8, 1, 1])],
      },
    ],
    [
      "two layers share the weights",
      {
        nodes: [conv(["x", "v"], "c"), conv(["c", "w"], "d"), conv(["d", "w"], "y")],
        constants: [weight("v", [3, 3, 3, 3]), weight("w", [3, 3, 3, 3])],
      },
    ],
    [
      "a MatMul sums over another axis than the channels",
      {
        nodes: [conv(["x", "w1"], "c"), op("Relu", ["c"], "r"), op("MatMul", ["r", "w2"], "y")],
        constants: [weight("w1", [8, 3, 3, 3]), weight("w2", [8, 5])],
      },
    ],
    [
      "a Gemm reads the value as its bias",
      {
        input: ["N", 8],
        nodes: [op("Gemm", ["x", "w1"], "h"), op("Gemm", ["x", "w2", "h"], "y")],
        constants: [weight("w1", [8, 8]), weight("w2", [8, 8])],
      },
    ],
    [
      "a Gemm transposes its data",
      {
        input: [8, 8],
        nodes: [op("Gemm", ["x", "w1"], "h"), op("Gemm", ["h", "w2"], "y", { attributes: { transA: 1 } })],
        constants: [weight("w1", [8, 8]), weight("w2", [8, 8])],
      },
    ],
    [
      "a grouped convolution has no one axis of inputs",
      {
        nodes: [conv(["x", "w1"], "c"), conv(["c", "w2"], "y", { group: 2 })],
        constants: [weight("w1", [8, 3, 3, 3]), weight("w2", [8, 4, 3, 3])],
      },
    ],
  ])("leaves layers alone where %s", (_, given) => {
    const source = net(given);
    const found = equalizeLayers(source);
    expect(found.pairs).toEqual([]);
    expect(found.model.graph.initializers).toEqual(source.graph.initializers);
  });
});
