import { describe, expect, it } from "vitest";
import type { NdArray } from "../../core/base/array.ts";
import { seededRandom } from "../../core/base/random.ts";
import { graph, model, node, tensor, tensorArray, value } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import { isEightBitExact } from "../../core/runtime/saturation.ts";
import { quantizeDynamically } from "../../core/transform/dynamicQuantize.ts";
import { emulateSaturation } from "../../core/transform/emulateSaturation.ts";
import { pairOrder } from "../../core/transform/saturation.ts";
import { conv, net, noise, op, outputOf, runModel, sqnrOf, weight, type Net } from "./fixtures.ts";
import { quantize } from "./quantize.ts";

/** Inputs far from zero, so that sums of two products become large. */
function bright(dims: readonly number[], seed: number): NdArray {
  const x = noise(dims, seed);
  return { ...x, data: (x.data as Float32Array).map((v) => 3 + v / 2) };
}

/** Weights that lean to one sign, channel by channel. */
function leaning(name: string, dims: readonly number[], seed: number): ReturnType<typeof weight> {
  const w = weight(name, dims, seed);
  const data = (tensorArray(w).data as Float32Array).map((v, i) => v / 10 + (Math.floor(i / 27) % 3 === 0 ? -1 : 1));
  return { ...w, data: { kind: "bytes", bytes: new Uint8Array(data.buffer) } };
}

const square = { kernel_shape: [3, 3] };
const nets: Readonly<Record<string, Net & { readonly shape: readonly number[] }>> = {
  "a convolution of three channels": {
    input: ["N", 3, 9, 9],
    shape: [4, 3, 9, 9],
    nodes: [conv(["x", "w", "b"], "c"), op("Relu", ["c"], "r"), conv(["r", "v"], "y")],
    constants: [leaning("w", [16, 3, 3, 3], 1), weight("b", [16], 2), weight("v", [4, 16, 3, 3], 3)],
  },
  "a convolution in blocks of sixteen": {
    input: ["N", 16, 8, 8],
    shape: [4, 16, 8, 8],
    nodes: [conv(["x", "w"], "c"), op("Relu", ["c"], "r"), conv(["r", "v"], "y")],
    constants: [leaning("w", [32, 16, 3, 3], 1), weight("v", [4, 32, 3, 3], 3)],
  },
  "strides, dilations and uneven pads": {
    input: ["N", 3, 12, 12],
    shape: [4, 3, 12, 12],
    nodes: [
      conv(["x", "w"], "c", { ...square, strides: [2, 1], dilations: [1, 2], pads: [0, 2, 1, 0] }),
      op("Relu", ["c"], "r"),
      conv(["r", "v"], "y"),
    ],
    constants: [leaning("w", [8, 3, 3, 3], 1), weight("v", [4, 8, 3, 3], 3)],
  },
  groups: {
    input: ["N", 6, 8, 8],
    shape: [4, 6, 8, 8],
    nodes: [conv(["x", "w"], "c", { ...square, group: 2 }), op("Relu", ["c"], "r"), conv(["r", "v"], "y")],
    constants: [leaning("w", [8, 3, 3, 3], 1), weight("v", [4, 8, 3, 3], 3)],
  },
  "a signal": {
    input: ["N", 3, 32],
    shape: [4, 3, 32],
    nodes: [conv(["x", "w"], "c", { pads: [1, 1] }), op("Relu", ["c"], "r"), conv(["r", "v"], "y", { pads: [1, 1] })],
    constants: [leaning("w", [8, 3, 3], 1), weight("v", [4, 8, 3], 3)],
  },
  "a product": {
    input: ["N", 31],
    shape: [8, 31],
    nodes: [op("MatMul", ["x", "w"], "y")],
    constants: [leaning("w", [31, 8], 1)],
  },
  "a product with a vector": {
    input: ["N", 31],
    shape: [8, 31],
    nodes: [op("MatMul", ["x", "w"], "y")],
    constants: [leaning("w", [31], 1)],
  },
  "a Gemm with a factor": {
    input: ["N", 32],
    shape: [8, 32],
    nodes: [op("Gemm", ["x", "w"], "y", { attributes: { alpha: 0.5 } })],
    constants: [leaning("w", [32, 8], 1)],
  },
  "a transposed Gemm": {
    input: [32, 8],
    shape: [32, 8],
    nodes: [op("Gemm", ["x", "w", "b"], "y", { attributes: { transA: 1, transB: 1 } })],
    constants: [leaning("w", [8, 32], 1), weight("b", [8], 2)],
  },
};

describe("emulateSaturation", () => {
  it.each(Object.keys(nets))("computes what this processor does: %s", async (name) => {
    const x = bright(nets[name]!.shape, 11);
    for (const options of [{}, { activationType: "int8" }, { perChannel: false }] as const) {
      const { model: quantized } = await quantize(net({ ...nets[name]!, opset: 17 }), x, {
        ...options,
        isExact: false,
      });
      const emulated = emulateSaturation(quantized);
      expect(emulated.layers.length).toBeGreaterThan(0);
      const exact = await outputOf(quantized, x, "none");
      const saturating = await outputOf(emulated.model, x, "none");
      // What is emulated is there to be seen.
      expect(sqnrOf(exact, saturating)).toBeLessThan(25);
      const here = (await isEightBitExact()) ? exact : saturating;
      // Integer kernels may round a few values to the next step.
      expect(sqnrOf(here, await outputOf(quantized, x)), JSON.stringify(options)).toBeGreaterThan(36);
    }
  });

  it.each(Object.keys(nets))("has nothing to do where scales are exact: %s", async (name) => {
    const x = bright(nets[name]!.shape, 11);
    for (const options of [{}, { activationType: "int8" }, { perChannel: false }] as const) {
      const { model: quantized, layers } = await quantize(net({ ...nets[name]!, opset: 17 }), x, {
        ...options,
        isExact: true,
      });
      const emulated = emulateSaturation(quantized);
      expect(emulated.layers).toEqual([]);
      expect(emulated.model).toBe(quantized);
      expect(layers[0]!.reduced).toBeGreaterThan(0);
      const exact = await outputOf(quantized, x, "none");
      expect(sqnrOf(exact, await outputOf(quantized, x)), JSON.stringify(options)).toBeGreaterThan(36);
    }
  });

  it("equals sums of saturating pairs, one by one", async () => {
    const random = seededRandom(3);
    const [rows, depth, columns] = [6, 21, 10];
    const a = Uint8Array.from({ length: rows * depth }, () => 255 - random.integer(90));
    const w = Int8Array.from(
      { length: depth * columns },
      () => (random.integer(4) === 0 ? -1 : 1) * random.integer(128),
    );
    const product = model(
      graph({
        inputs: [value("a", "uint8", [rows, depth])],
        outputs: [value("y", "int32", [rows, columns])],
        nodes: [node("MatMulInteger", [["a", "w"], ["y"]])],
        initializers: [tensor("w", { type: "int8", dims: [depth, columns], data: w })],
      }),
    );
    const expected = new Int32Array(rows * columns);
    const order = pairOrder([depth, columns], 1);
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) {
        const weights = Int8Array.from({ length: depth }, (_, k) => w[order.at(c, k)]!);
        expected[r * columns + c] = saturatingDot(a.subarray(r * depth, (r + 1) * depth), weights);
      }
    }
    const emulated = emulateSaturation(product);
    expect(emulated.layers[0]!.pairs).toBeGreaterThan(5);
    const feeds = { a: { type: "uint8", dims: [rows, depth], data: a } } as const;
    const { y } = await runModel(emulated.model, feeds, "none");
    // Without rewriting the integer product is still the kernel's own, which on other processors saturates by itself.
    if (await isEightBitExact()) expect(y!.data).toEqual(expected);
    else expect((await runModel(product, feeds))["y"]!.data).toEqual(expected);
  });

  it.each([false, true])("knows layers that quantise at run time, with exact scales: %s", async (isExact) => {
    const source: Net = {
      input: ["N", 32],
      nodes: [op("MatMul", ["x", "w"], "y")],
      constants: [leaning("w", [32, 8], 1)],
    };
    const { model: dynamic } = quantizeDynamically(net(source), {
      perChannel: true,
      steps: 127,
      isExact,
      convolutions: true,
      isExcluded: () => false,
    });
    expect(emulateSaturation(dynamic).layers).toHaveLength(isExact ? 0 : 1);
  });

  it("computes convolutions that quantise at run time without saturation, on every processor", async () => {
    const x = bright([2, 3, 8, 8], 4);
    const source = net({ nodes: [conv(["x", "w"], "y")], constants: [leaning("w", [8, 3, 3, 3], 1)] });
    const how = { perChannel: true, steps: 127, convolutions: true, isExcluded: () => false } as const;
    const { model: dynamic } = quantizeDynamically(source, { ...how, isExact: false });
    expect(emulateSaturation(dynamic).layers).toEqual([]);
    expect(sqnrOf(await outputOf(source, x), await outputOf(dynamic, x))).toBeGreaterThan(36);
  });

  it("leaves alone what the runtime computes in float", async () => {
    const x = bright([4, 3, 8, 8], 4);
    const source = net({ nodes: [conv(["x", "w"], "y")], constants: [leaning("w", [8, 3, 3, 3], 1)] });
    const { model: whole } = await quantize(source, x, { isExact: false });
    expect(emulateSaturation(whole).layers).toHaveLength(1);
    // Without the quantiser behind it.
    const raw = whole.graph.nodes.find((n) => n.op === "Conv")!.outputs[0]!;
    const nodes = whole.graph.nodes.filter((n) => n.op === "Conv" || n.outputs.some((o) => isRead(whole, o, "Conv")));
    const quantized = { ...whole, graph: { ...whole.graph, nodes, outputs: [value(raw, "float32")] } };
    expect(emulateSaturation(quantized).layers).toEqual([]);
    expect(sqnrOf(await outputOf(quantized, x, "none"), await outputOf(quantized, x))).toBeGreaterThan(60);
  });
});

function isRead({ graph: { nodes } }: Model, value: string, op: string): boolean {
  return (
    nodes.some((n) => n.op === op && n.inputs.includes(value)) ||
    nodes.some(
      (n) =>
        n.inputs.includes(value) &&
        n.op === "DequantizeLinear" &&
        isRead({ graph: { nodes } } as Model, n.outputs[0]!, op),
    )
  );
}

function saturatingDot(unsigned: Uint8Array, weights: Int8Array): number {
  let sum = 0;
  for (let k = 0; k < unsigned.length; k += 2) {
    const pair = unsigned[k]! * weights[k]! + (unsigned[k + 1] ?? 0) * (weights[k + 1] ?? 0);
    sum += Math.max(-32768, Math.min(32767, pair));
  }
  return sum;
}
