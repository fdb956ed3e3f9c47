import { describe, expect, it } from "vitest";
import { floatTensor, graph, tensorArray, value } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import { insertQdq } from "../../core/transform/insertQdq.ts";
import { conv, executedOps, net, noise, op, outputOf, peakOf, runModel, sqnrOf, weight, type Net } from "./fixtures.ts";
import { place, quantize } from "./quantize.ts";

const kernels = [weight("w1", [8, 3, 3, 3]), weight("w2", [8, 8, 3, 3], 2), weight("w3", [8, 8, 3, 3], 3)];
const biases = [weight("b1", [8], 4), weight("b2", [8], 5), weight("b3", [8], 6)];
const constants = [...kernels, ...biases];

const nets: Readonly<Record<string, Net & { readonly shape?: readonly number[] }>> = {
  chain: {
    nodes: [
      conv(["x", "w1", "b1"], "c"),
      op("Relu", ["c"], "r"),
      op("MaxPool", ["r"], "p", { attributes: { kernel_shape: [2, 2], strides: [2, 2] } }),
      conv(["p", "w2"], "y"),
    ],
    constants,
  },
  residual: {
    nodes: [
      conv(["x", "w1", "b1"], "c1"),
      op("Relu", ["c1"], "r1"),
      conv(["r1", "w2", "b2"], "c2"),
      op("Add", ["c2", "r1"], "a"),
      op("Relu", ["a"], "r2"),
      conv(["r2", "w3", "b3"], "y"),
    ],
    constants,
  },
  classifier: {
    nodes: [
      conv(["x", "w1", "b1"], "c"),
      op("Relu", ["c"], "r"),
      op("GlobalAveragePool", ["r"], "g"),
      op("Flatten", ["g"], "f"),
      op("Gemm", ["f", "w", "b"], "h"),
      op("Relu", ["h"], "k"),
      op("Gemm", ["k", "v", "b"], "y", { attributes: { transB: 1 } }),
    ],
    constants: [...constants, weight("w", [8, 8], 7), weight("v", [8, 8], 8), weight("b", [8], 9)],
  },
  inception: {
    nodes: [
      conv(["x", "w1", "b1"], "c1"),
      op("Relu", ["c1"], "r1"),
      conv(["x", "w1", "b2"], "c2"),
      op("Relu", ["c2"], "r2"),
      op("Concat", ["r1", "r2"], "j", { attributes: { axis: 1 } }),
      conv(["j", "w"], "y"),
    ],
    constants: [...constants, weight("w", [4, 16, 3, 3], 7)],
  },
  gated: {
    nodes: [
      conv(["x", "w1", "b1"], "c"),
      op("GlobalAveragePool", ["c"], "g"),
      conv(["g", "s"], "k", { pads: [0, 0, 0, 0] }),
      op("Sigmoid", ["k"], "z"),
      op("Mul", ["c", "z"], "m"),
      op("Mul", ["m", "gain"], "n"),
      conv(["n", "w2"], "y"),
    ],
    constants: [...constants, weight("s", [8, 8, 1, 1], 7), weight("gain", [8, 1, 1], 8)],
  },
  depthwise: {
    nodes: [
      conv(["x", "w1", "b1"], "c"),
      op("Clip", ["c", "low", "high"], "r"),
      conv(["r", "d", "b2"], "e", { group: 8 }),
      op("Clip", ["e", "low", "high"], "s"),
      conv(["s", "w2"], "y"),
    ],
    constants: [...constants, weight("d", [8, 1, 3, 3], 7), floatTensor("low", [], [0]), floatTensor("high", [], [6])],
  },
  attention: {
    input: ["N", 6, 8],
    shape: [16, 6, 8],
    nodes: [
      op("MatMul", ["x", "wq"], "q"),
      op("MatMul", ["x", "wk"], "k"),
      op("Transpose", ["k"], "t", { attributes: { perm: [0, 2, 1] } }),
      op("MatMul", ["q", "t"], "scores"),
      op("Softmax", ["scores"], "p", { attributes: { axis: 2 } }),
      op("MatMul", ["p", "x"], "v"),
      op("Add", ["v", "offset"], "a"),
      op("MatMul", ["a", "wo"], "y"),
    ],
    constants: [weight("wq", [8, 8]), weight("wk", [8, 8], 2), weight("wo", [8, 8], 3), weight("offset", [8], 4)],
  },
  signal: {
    input: ["N", 3, 32],
    shape: [16, 3, 32],
    nodes: [
      conv(["x", "w", "b1"], "c", { pads: [1, 1] }),
      op("LeakyRelu", ["c"], "r"),
      conv(["r", "v"], "y", { pads: [1, 1] }),
    ],
    constants: [...constants, weight("w", [8, 3, 3]), weight("v", [4, 8, 3], 2)],
  },
  outputs: {
    nodes: [conv(["x", "w1", "b1"], "c"), op("Relu", ["c"], "r"), conv(["r", "w2"], "y"), op("Neg", ["r"], "z")],
    constants,
    outputs: ["y", "c", "r", "z"],
  },
  shared: {
    nodes: [conv(["x", "w"], "c"), op("Relu", ["c"], "r"), conv(["r", "w"], "y"), op("Mul", ["x", "x"], "z")],
    constants: [weight("w", [3, 3, 3, 3])],
    outputs: ["y", "z"],
  },
};

const samplesOf = (name: string): ReturnType<typeof noise> => noise(nets[name]!.shape ?? [16, 3, 8, 8], 11);
const netOf = (name: string, opset = 17): Model => net({ ...nets[name]!, opset });

describe("insertQdq", () => {
  it.each(Object.keys(nets))("keeps the outputs of the %s net within eight bits", async (name) => {
    const x = samplesOf(name);
    for (const options of [{}, { activationType: "int8" }, { perChannel: false }, { tail: true }] as const) {
      const { model, float } = await quantize(netOf(name), x, options);
      const [before, after] = [await runModel(float, { x }, "none"), await runModel(model, { x })];
      expect(Object.keys(after)).toEqual(Object.keys(before));
      for (const output of Object.keys(before)) {
        const [a, b] = [before[output]!, after[output]!];
        expect(b.dims).toEqual(a.dims);
        expect(b.type).toBe("float32");
        expect(sqnrOf(a.data as Float32Array, b.data as Float32Array), `${name}/${output}`).toBeGreaterThan(26);
      }
    }
  });

  it.each(Object.keys(nets))(
    "means the same to the runtime with and without its rewriting, in the %s net",
    async (name) => {
      const x = samplesOf(name);
      const { model } = await quantize(netOf(name), x);
      const [plain, fused] = [await outputOf(model, x, "none"), await outputOf(model, x)];
      // Integer kernels may round a few values to the next step.
      expect(sqnrOf(plain, fused)).toBeGreaterThan(36);
    },
  );

  it.each<[string, Record<string, number>]>([
    ["chain", { QuantizeLinear: 1, QLinearConv: 2, MaxPool: 1, DequantizeLinear: 1 }],
    ["residual", { QuantizeLinear: 1, QLinearConv: 3, QLinearAdd: 1, DequantizeLinear: 1 }],
    ["classifier", { QuantizeLinear: 1, QLinearConv: 1, QLinearGlobalAveragePool: 1, Flatten: 1, QGemm: 2 }],
    ["inception", { QuantizeLinear: 1, QLinearConv: 3, QLinearConcat: 1, DequantizeLinear: 1 }],
    [
      "gated",
      {
        QuantizeLinear: 1,
        QLinearConv: 3,
        QLinearGlobalAveragePool: 1,
        QLinearSigmoid: 1,
        QLinearMul: 2,
        DequantizeLinear: 1,
      },
    ],
    ["depthwise", { QuantizeLinear: 1, QLinearConv: 3, DequantizeLinear: 1 }],
    ["signal", { QuantizeLinear: 1, QLinearConv: 2, QLinearLeakyRelu: 1, DequantizeLinear: 1 }],
  ])("leaves the runtime nothing but integer kernels in the %s net", async (name, expected) => {
    const { model } = await quantize(netOf(name), samplesOf(name));
    expect(await executedOps(model)).toEqual(expected);
  });

  it.each([10, 11, 12])("uses the runtime's own pairs at opset %s, which fuse as well", async (opset) => {
    const x = samplesOf("residual");
    const { model, float } = await quantize(netOf("residual", opset), x);
    const pairs = model.graph.nodes.filter((n) => n.op === "QuantizeLinear" || n.op === "DequantizeLinear");
    expect(new Set(pairs.map((n) => n.domain))).toEqual(new Set(["com.microsoft"]));
    expect(model.opsets).toEqual({ "": opset, "com.microsoft": 1 });
    expect(await executedOps(model)).toMatchObject({ QLinearConv: 3, QLinearAdd: 1 });
    expect(sqnrOf(await outputOf(float, x), await outputOf(model, x))).toBeGreaterThan(26);
  });

  it("stores weights as int8, biases as int32, and no float copy of either", async () => {
    const { model } = await quantize(netOf("residual"), samplesOf("residual"));
    const stored = new Map(model.graph.initializers.map((t) => [t.name, t]));
    for (const name of ["w1", "w2", "w3"]) expect(stored.get(name)?.type).toBe("int8");
    for (const name of ["b1", "b2", "b3"]) expect(stored.get(name)?.type).toBe("int32");
    const floats = [...stored.values()].filter((t) => t.type === "float32");
    expect(Math.max(...floats.map((t) => t.dims[0] ?? 1))).toBe(8);
  });

  it("keeps weights that two layers share, once for each scale of their biases", async () => {
    const { model } = await quantize(netOf("shared"), samplesOf("shared"));
    const types = model.graph.initializers.filter((t) => t.dims.length === 4).map((t) => t.type);
    expect(types).toEqual(["int8", "int8"]);
  });

  it("lets float nodes read what they read before", async () => {
    const { model } = await quantize(netOf("shared"), samplesOf("shared"));
    expect(model.graph.nodes.find((n) => n.op === "Mul")?.inputs).toEqual(["x", "x"]);
  });

  it("serves a subgraph that captures a quantised value", async () => {
    const branch = (kind: string): ReturnType<typeof graph> =>
      graph({
        name: kind,
        inputs: [],
        outputs: [value(`${kind}_b`, "float32")],
        nodes: [op(kind, ["r"], `${kind}_b`)],
      });
    const source = net({
      nodes: [
        conv(["x", "w1", "b1"], "c"),
        op("Relu", ["c"], "r"),
        conv(["r", "w2"], "d"),
        op("If", ["flag"], "y", {
          attributes: {
            then_branch: { kind: "graph", value: branch("Neg") },
            else_branch: { kind: "graph", value: branch("Abs") },
          },
        }),
      ],
      constants: [
        ...constants,
        { name: "flag", type: "bool", dims: [], data: { kind: "bytes", bytes: Uint8Array.of(1) } },
      ],
      outputs: ["y", "d"],
    });
    const x = samplesOf("chain");
    const { model, float } = await quantize(source, x);
    expect(sqnrOf(await outputOf(float, x), await outputOf(model, x))).toBeGreaterThan(35);
  });

  it.each<[string, readonly number[]]>([
    ["one matrix", [8, 5]],
    ["a stack of matrices", [1, 8, 5]],
    ["a matrix for each sample of the stack", [6, 8, 5]],
    ["a vector", [8]],
  ])("multiplies by %s", async (_, dims) => {
    const x = noise([6, 4, 8], 3);
    const source = net({ input: [6, 4, 8], nodes: [op("MatMul", ["x", "w"], "y")], constants: [weight("w", dims)] });
    const { model, layers } = await quantize(source, x);
    expect(layers).toHaveLength(1);
    expect(await executedOps(model)).toEqual({ QuantizeLinear: 1, MatMulIntegerToFloat: 1 });
    expect(sqnrOf(await outputOf(source, x), await outputOf(model, x))).toBeGreaterThan(30);
  });

  it.each<[string, Record<string, number>, readonly number[] | undefined]>([
    ["no bias", {}, undefined],
    ["a bias per channel", {}, [5]],
    ["a bias as a row", {}, [1, 5]],
    ["one bias for all", {}, []],
    ["transposed weights", { transB: 1 }, [5]],
    ["a factor", { alpha: 0.5 }, [5]],
    ["transposed data", { transA: 1 }, [5]],
  ])("quantises a Gemm with %s", async (_, attributes, bias) => {
    const depth = attributes["transA"] === 1 ? [8, 16] : [16, 8];
    const x = noise(depth, 3);
    const source = net({
      input: depth,
      nodes: [op("Gemm", bias === undefined ? ["x", "w"] : ["x", "w", "b"], "y", { attributes })],
      constants: [
        weight("w", attributes["transB"] === 1 ? [5, 8] : [8, 5]),
        ...(bias === undefined ? [] : [weight("b", bias, 2)]),
      ],
    });
    const fixed: Model = { ...source };
    for (const perChannel of [true, false]) {
      const { model } = await quantize(fixed, x, { perChannel });
      expect(sqnrOf(await outputOf(source, x), await outputOf(model, x))).toBeGreaterThan(30);
      // The runtime's integer Gemm does not take a factor and a bias together.
      if (attributes["alpha"] === undefined) expect(await executedOps(model)).toEqual({ QuantizeLinear: 1, QGemm: 1 });
    }
  });

  it("keeps a constant that is also an output of the graph", async () => {
    const base = net({ input: ["N", 8], nodes: [op("MatMul", ["x", "w"], "y")], constants: [weight("w", [8, 5])] });
    const source = {
      ...base,
      graph: { ...base.graph, outputs: [...base.graph.outputs, value("w", "float32", [8, 5])] },
    };
    const x = noise([4, 8]);
    const { model } = await quantize(source, x);
    expect((await runModel(model, { x }))["w"]).toEqual((await runModel(source, { x }))["w"]);
  });

  it("raises the scale of tiny weights so that a large bias still fits into 32 bits", async () => {
    const tiny = weight("w", [4, 3, 3, 3]);
    const data = (tensorArray(tiny).data as Float32Array).map((v, i) => (i < 27 ? v * 1e-9 : v));
    const source = net({
      nodes: [conv(["x", "w", "b"], "y")],
      constants: [floatTensor("w", [4, 3, 3, 3], data), floatTensor("b", [4], [50, 1, -1, 0])],
    });
    const x = samplesOf("chain");
    for (const perChannel of [true, false]) {
      const { model } = await quantize(source, x, { perChannel });
      const [before, after] = [await outputOf(source, x), await outputOf(model, x)];
      const gap = before.reduce((most, v, i) => Math.max(most, Math.abs(v - after[i]!)), 0);
      expect(gap).toBeLessThan(peakOf(before) / 255);
    }
  });

  it("takes back by bias correction the mean shift that rounding the weights causes", async () => {
    // Seven steps round coarsely; inputs with a mean make the shift visible.
    const x = noise([64, 3, 8, 8], 3);
    const shifted = { ...x, data: (x.data as Float32Array).map((v) => Math.abs(v) + 1) };
    const weights = { steps: 7, range: "min-max" } as const;
    // Padding would enter the sums without having entered the means.
    const source = net({
      nodes: [
        conv(["x", "w1", "b1"], "c", { pads: [0, 0, 0, 0] }),
        op("Relu", ["c"], "r"),
        conv(["r", "w2"], "d", { pads: [0, 0, 0, 0] }),
        op("Relu", ["d"], "s"),
        op("Flatten", ["s"], "f"),
        op("Gemm", ["f", "w"], "y"),
      ],
      constants: [...constants, weight("w", [128, 8], 7)],
    });
    const before = await outputOf(source, shifted);
    const shiftOf = async (biasCorrection: boolean): Promise<number> => {
      const { model } = await quantize(source, shifted, { weights, biasCorrection });
      const after = await outputOf(model, shifted);
      const means = new Float64Array(8);
      before.forEach((v, i) => (means[i % 8]! += (after[i]! - v) / 64));
      return Math.hypot(...means);
    };
    expect(await shiftOf(true)).toBeLessThan((await shiftOf(false)) * 0.2);
  });

  it("reports the noise of the weights, layer by layer", async () => {
    const { layers } = await quantize(netOf("residual"), samplesOf("residual"));
    expect(layers.map((l) => [l.node, l.op, l.channels])).toEqual([
      ["c1", "Conv", 8],
      ["c2", "Conv", 8],
      ["y", "Conv", 8],
    ]);
    for (const { weightSqnr } of layers) expect(weightSqnr).toBeGreaterThan(38);
  });

  it("writes the same model every time", async () => {
    const [a, b] = [
      await quantize(netOf("gated"), samplesOf("gated")),
      await quantize(netOf("gated"), samplesOf("gated")),
    ];
    expect(a.model).toEqual(b.model);
  });

  it("refuses a value without a range", () => {
    const source = netOf("chain");
    const options = {
      placement: place(source),
      activations: new Map(),
      activationType: "uint8",
      perChannel: true,
      weights: { steps: 127, range: "min-max" },
      isExact: true,
    } as const;
    expect(() => insertQdq(source, options)).toThrow('No range was collected for "x".');
  });

  it("leaves a layer in float that is excluded between quantised ones, which the runtime would quantise by itself", async () => {
    const chain = net({
      nodes: [
        conv(["x", "w1", "b1"], "c1"),
        op("Relu", ["c1"], "r1"),
        conv(["r1", "w2", "b2"], "c2"),
        op("Relu", ["c2"], "r2"),
        conv(["r2", "w3", "b3"], "y"),
      ],
      constants,
    });
    const { model } = await quantize(chain, noise([16, 3, 8, 8], 4), { exclude: (n) => n.name === "c2" });
    const ops = await executedOps(model);
    expect([ops["QLinearConv"], ops["FusedConv"], ops["Conv"], ops["LeakyRelu"]]).toEqual([2, 1, undefined, undefined]);
    const x = noise([8, 3, 8, 8], 5);
    // One scale for all channels of that layer would cost 25 dB of this.
    expect(sqnrOf(await outputOf(model, x, "none"), await outputOf(model, x))).toBeGreaterThan(45);
  });
});
