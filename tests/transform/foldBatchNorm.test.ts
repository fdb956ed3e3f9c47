import { describe, expect, it } from "vitest";
import { floatAttribute } from "../../core/graph/attributes.ts";
import { floatTensor } from "../../core/graph/build.ts";
import type { Model, Tensor } from "../../core/graph/model.ts";
import { foldBatchNorm } from "../../core/transform/foldBatchNorm.ts";
import { conv, largestGap, net, noise, op, outputOf, peakOf, weight, type Net } from "./fixtures.ts";

/** γ, β, μ, σ² of a batch normalisation. */
function statistics(channels: number, seed = 9): Tensor[] {
  const positive = noise([channels], seed + 3).data as Float32Array;
  return [
    floatTensor("gamma", [channels], noise([channels], seed).data as Float32Array),
    floatTensor("beta", [channels], noise([channels], seed + 1).data as Float32Array),
    floatTensor("mean", [channels], noise([channels], seed + 2).data as Float32Array),
    floatTensor(
      "variance",
      [channels],
      positive.map((v) => v * v + 0.1),
    ),
  ];
}

const norm = (input: string, output: string, attributes = {}): ReturnType<typeof op> =>
  op("BatchNormalization", [input, "gamma", "beta", "mean", "variance"], output, { attributes });

interface Case extends Omit<Net, "constants"> {
  readonly constants: readonly Tensor[];
  readonly channels: number;
  readonly shape: readonly number[];
}

const withNorm = ({ channels, constants, ...rest }: Case): Model =>
  net({ ...rest, constants: [...constants, ...statistics(channels)] });

describe("foldBatchNorm", () => {
  it.each<[string, Case]>([
    [
      "a Conv with bias",
      {
        shape: [2, 3, 8, 8],
        channels: 5,
        nodes: [conv(["x", "w", "b"], "c"), norm("c", "y")],
        constants: [weight("w", [5, 3, 3, 3]), weight("b", [5], 2)],
      },
    ],
    [
      "a Conv without bias, with another epsilon",
      {
        shape: [2, 3, 8, 8],
        channels: 5,
        nodes: [conv(["x", "w"], "c"), norm("c", "y", { epsilon: 0.3 })],
        constants: [weight("w", [5, 3, 3, 3])],
      },
    ],
    [
      "a grouped Conv",
      {
        input: ["N", 4, 8, 8],
        shape: [2, 4, 8, 8],
        channels: 6,
        nodes: [conv(["x", "w"], "c", { group: 2 }), norm("c", "y")],
        constants: [weight("w", [6, 2, 3, 3])],
      },
    ],
    [
      "a 1-D Conv",
      {
        input: ["N", 3, 16],
        shape: [2, 3, 16],
        channels: 4,
        nodes: [conv(["x", "w"], "c", { pads: [1, 1] }), norm("c", "y")],
        constants: [weight("w", [4, 3, 3])],
      },
    ],
    [
      "a ConvTranspose",
      {
        shape: [2, 3, 8, 8],
        channels: 4,
        nodes: [op("ConvTranspose", ["x", "w", "b"], "c", { attributes: { strides: [2, 2] } }), norm("c", "y")],
        constants: [weight("w", [3, 4, 2, 2]), weight("b", [4], 2)],
      },
    ],
    [
      "a Gemm",
      {
        input: ["N", 6],
        shape: [5, 6],
        channels: 4,
        nodes: [op("Gemm", ["x", "w", "b"], "c"), norm("c", "y")],
        constants: [weight("w", [6, 4]), weight("b", [4], 2)],
      },
    ],
    [
      "a Gemm with transposed weights and a factor",
      {
        input: ["N", 6],
        shape: [5, 6],
        channels: 4,
        nodes: [op("Gemm", ["x", "w"], "c", { attributes: { transB: 1, alpha: 0.5 } }), norm("c", "y")],
        constants: [weight("w", [4, 6])],
      },
    ],
    [
      "a Conv whose weights another one shares",
      {
        shape: [2, 3, 8, 8],
        channels: 3,
        nodes: [conv(["x", "w"], "c"), norm("c", "n"), conv(["n", "w"], "y")],
        constants: [weight("w", [3, 3, 3, 3])],
      },
    ],
  ])("gives what %s and the norm gave", async (_, { shape, ...given }) => {
    const source = withNorm({ shape, ...given });
    const { model, folded } = foldBatchNorm(source);
    expect(folded).toHaveLength(1);
    expect(model.graph.nodes.map((n) => n.op)).not.toContain("BatchNormalization");
    expect(model.graph.initializers.map((t) => t.name)).not.toContain("gamma");
    const x = noise(shape, 3);
    const [before, after] = [await outputOf(source, x, "none"), await outputOf(model, x, "none")];
    expect(largestGap(before, after)).toBeLessThan(1e-5 * Math.max(1, peakOf(before)));
  });

  const plain = { shape: [2, 3, 8, 8], channels: 3, constants: [weight("w", [3, 3, 3, 3])] } as const;
  it.each<[string, Case]>([
    [
      "something else reads the layer's output",
      { ...plain, nodes: [conv(["x", "w"], "c"), norm("c", "n"), op("Add", ["c", "n"], "y")] },
    ],
    [
      "the layer's output is an output of the graph",
      { ...plain, nodes: [conv(["x", "w"], "c"), norm("c", "y")], outputs: ["y", "c"] },
    ],
    ["no layer is before it", { ...plain, nodes: [norm("x", "y")] }],
    ["something lies between", { ...plain, nodes: [conv(["x", "w"], "c"), op("Relu", ["c"], "r"), norm("r", "y")] }],
    ["the weights are computed", { ...plain, nodes: [op("Neg", ["w"], "v"), conv(["x", "v"], "c"), norm("c", "y")] }],
    [
      "the Gemm scales its bias",
      {
        shape: [2, 6],
        input: ["N", 6],
        channels: 3,
        nodes: [op("Gemm", ["x", "w", "b"], "c", { attributes: { beta: 0.5 } }), norm("c", "y")],
        constants: [weight("w", [6, 3]), weight("b", [3])],
      },
    ],
    [
      "the Gemm's bias differs from row to row",
      {
        shape: [3, 6],
        input: [3, 6],
        channels: 3,
        nodes: [op("Gemm", ["x", "w", "b"], "c"), norm("c", "y")],
        constants: [weight("w", [6, 3]), weight("b", [3, 1])],
      },
    ],
  ])("leaves the norm where %s", (_, { shape: _shape, ...given }) => {
    const source = withNorm({ shape: _shape, ...given });
    expect(foldBatchNorm(source)).toEqual({ model: source, folded: [] });
  });

  it("leaves a norm in training form", () => {
    const training = op("BatchNormalization", ["c", "gamma", "beta", "mean", "variance"], "y", {
      attributes: { training_mode: 1 },
    });
    const source = withNorm({ ...plain, nodes: [conv(["x", "w"], "c"), { ...training, outputs: ["y", "m", "v"] }] });
    expect(foldBatchNorm(source).folded).toEqual([]);
    const silent = withNorm({ ...plain, nodes: [conv(["x", "w"], "c"), training] });
    expect(foldBatchNorm(silent).folded).toEqual([]);
  });

  it("takes a whole-valued epsilon as the float that it is", () => {
    const source = withNorm({
      ...plain,
      nodes: [conv(["x", "w"], "c"), norm("c", "y", { epsilon: floatAttribute(1) })],
    });
    expect(foldBatchNorm(source).folded).toEqual(["y"]);
  });
});
