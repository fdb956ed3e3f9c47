import { describe, expect, it } from "vitest";
import type { NdArray } from "../../core/base/array.ts";
import type { ElementType } from "../../core/base/elementType.ts";
import { seededRandom } from "../../core/base/random.ts";
import { graph, model, node, tensor, tensorArray, value } from "../../core/graph/build.ts";
import type { Model, Tensor } from "../../core/graph/model.ts";
import { runBackward } from "./backward.ts";
import { loadGolden } from "./goldenNets.ts";

interface Quantizer {
  readonly type: ElementType;
  readonly scales: readonly number[];
  readonly zero?: readonly number[];
  readonly axis?: number;
  readonly domain?: string;
}

const ROWS = 4;
const COLUMNS = 6;

/** loss = Σ weights ⊙ DequantizeLinear(QuantizeLinear(x, scale)) */
function pairModel({ type, scales, zero, axis, domain = "" }: Quantizer, weights: NdArray): Model {
  const isScalar = axis === undefined;
  const dims = isScalar ? [] : [scales.length];
  const zeros = (type.startsWith("u") ? Uint8Array : type === "int16" ? Int16Array : Int8Array).from(
    zero ?? scales.map(() => 0),
  );
  const attributes: Record<string, number> = isScalar ? {} : { axis };
  return model(
    graph({
      inputs: [value("x", "float32", [ROWS, COLUMNS]), value("scale", "float32", dims)],
      outputs: [value("loss", "float32", [])],
      nodes: [
        node("QuantizeLinear", [["x", "scale", "zero"], ["q"]], { attributes, domain }),
        node("DequantizeLinear", [["q", "scale", "zero"], ["y"]], { attributes, domain }),
        node("Mul", [["y", "weights"], ["weighted"]]),
        node("ReduceSum", [["weighted"], ["loss"]], { attributes: { keepdims: 0 } }),
      ],
      initializers: [tensor("zero", { type, dims, data: zeros }), tensor("weights", weights)],
    }),
    { opsets: { "": 17, "com.microsoft": 1 } },
  );
}

/** Equation 3 of "Learned step size quantization", summed over each scale's elements. */
function learnedStep(x: NdArray, weights: NdArray, { type, scales, zero, axis }: Quantizer) {
  const bits = type.endsWith("16") ? 16 : 8;
  const [low, high] = type.startsWith("u") ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
  const ds = scales.map(() => 0);
  const dx = Array.from(x.data as Float32Array, (v, i) => {
    const of = axis === undefined ? 0 : axis === 0 ? Math.floor(i / COLUMNS) : i % COLUMNS;
    const [s, z, dy] = [scales[of]!, zero?.[of] ?? 0, Number(weights.data[i])];
    const level = v / s + z;
    const isInside = level >= low - 0.5 && level <= high + 0.5;
    const bound = level < low ? low : high;
    ds[of]! += dy * (isInside ? Math.round(v / s) - v / s : bound - z);
    return isInside ? dy : 0;
  });
  return { dx, ds };
}

describe("gradients of quantisers with a scale per block", () => {
  it("meet those of a scale per column that stands in blocks", async () => {
    const random = seededRandom(8, "blocks");
    const noise = (...dims: number[]): NdArray => {
      const data = Float32Array.from({ length: dims[0]! * dims[1]! }, () => random.normal());
      return { type: "float32", dims, data };
    };
    const [x, weights] = [noise(ROWS, COLUMNS), noise(ROWS, COLUMNS)];
    const blocks: NdArray = { type: "float32", dims: [2, COLUMNS], data: noise(2, COLUMNS).data };
    const scale = { ...blocks, data: (blocks.data as Float32Array).map((s) => 0.005 + 0.01 * Math.abs(s)) };
    const attributes = { axis: 0, block_size: 2 };
    const blocked = model(
      graph({
        inputs: [value("x", "float32", [ROWS, COLUMNS]), value("scale", "float32", [2, COLUMNS])],
        outputs: [value("loss", "float32", [])],
        nodes: [
          node("QuantizeLinear", [["x", "scale", "zero"], ["q"]], { attributes }),
          node("DequantizeLinear", [["q", "scale", "zero"], ["y"]], { attributes }),
          node("Mul", [["y", "weights"], ["weighted"]]),
          node("ReduceSum", [["weighted"], ["loss"]], { attributes: { keepdims: 0 } }),
        ],
        initializers: [
          tensor("zero", { type: "int8", dims: [2, COLUMNS], data: new Int8Array(2 * COLUMNS) }),
          tensor("weights", weights),
        ],
      }),
      { opsets: { "": 21 }, irVersion: 10 },
    );
    const request = { from: { loss: undefined }, to: ["x", "scale"] } as const;
    const { gradients } = await runBackward(blocked, { ...request, feeds: { x, scale } });
    expect(gradients["scale"]!.dims).toEqual([2, COLUMNS]);
    for (const block of [0, 1]) {
      const rows = (array: NdArray, of: number): Float32Array =>
        (array.data as Float32Array).slice(block * of * COLUMNS, (block + 1) * of * COLUMNS);
      const part = { type: "float32", dims: [2, COLUMNS] } as const;
      const scales = [...rows(scale, 1)];
      const expected = learnedStep(
        { ...part, data: rows(x, 2) },
        { ...part, data: rows(weights, 2) },
        { type: "int8", scales, axis: 1 },
      );
      expected.dx.forEach((d, i) => expect(rows(gradients["x"]!, 2)[i]).toBeCloseTo(d, 5));
      expected.ds.forEach((d, i) =>
        expect(rows(gradients["scale"]!, 1)[i]! / Math.max(1, Math.abs(d))).toBeCloseTo(
          d / Math.max(1, Math.abs(d)),
          4,
        ),
      );
    }
  });
});

describe("gradients of quantisers", () => {
  const random = seededRandom(3, "quantisers");
  const numbers = (spread: number): NdArray => ({
    type: "float32",
    dims: [ROWS, COLUMNS],
    data: Float32Array.from({ length: ROWS * COLUMNS }, () => random.normal() * spread),
  });
  const cases: readonly (readonly [string, Quantizer])[] = [
    ["signed, one scale", { type: "int8", scales: [0.02] }],
    ["unsigned with a zero point", { type: "uint8", scales: [0.015], zero: [100] }],
    ["a scale per row", { type: "int8", scales: [0.01, 0.02, 0.03, 0.05], axis: 0 }],
    [
      "a scale and a zero point per column",
      { type: "uint8", scales: [1, 2, 3, 4, 5, 6].map((n) => n / 100), zero: [9, 80, 128, 3, 200, 255], axis: 1 },
    ],
    ["16 bits of onnxruntime's own op", { type: "int16", scales: [0.00005], domain: "com.microsoft" }],
  ];
  it.each(cases)("pass straight through inside the range and learn their step: %s", async (_, quantizer) => {
    const [x, weights] = [numbers(2), numbers(1)];
    const scale: NdArray = {
      type: "float32",
      dims: quantizer.axis === undefined ? [] : [quantizer.scales.length],
      data: Float32Array.from(quantizer.scales),
    };
    const { gradients } = await runBackward(pairModel(quantizer, weights), {
      from: { loss: undefined },
      to: ["x", "scale"],
      feeds: { x, scale },
    });
    const { dx, ds } = learnedStep(x, weights, { ...quantizer, scales: [...(scale.data as Float32Array)] });
    expect(gradients["x"]!.dims).toEqual([ROWS, COLUMNS]);
    expect(gradients["scale"]!.dims).toEqual(scale.dims);
    dx.forEach((expected, i) => expect(Number(gradients["x"]!.data[i])).toBeCloseTo(expected, 5));
    ds.forEach((expected, i) => {
      const actual = Number(gradients["scale"]!.data[i]);
      expect(Math.abs(actual - expected) / Math.max(1, Math.abs(expected))).toBeLessThan(1e-4);
    });
    // Both sides of the clipping were met.
    expect(dx.some((d) => d === 0)).toBe(true);
    expect(dx.some((d) => d !== 0)).toBe(true);
  });
});

describe("a net with quantised weights", () => {
  it("has nearly the gradients of the float net, and gradients for its scales", async () => {
    const { model: float, x, dy, gradients: known } = await loadGolden("residual");
    const { graph: plain } = float;
    const kernels = plain.initializers.filter((t) => t.dims.length === 4);
    const scaleOf = (t: Tensor): NdArray => {
      const data = tensorArray(t).data as Float32Array;
      const width = data.length / t.dims[0]!;
      const peaks = Array.from({ length: t.dims[0]! }, (_, o) =>
        Math.max(...data.slice(o * width, (o + 1) * width).map(Math.abs)),
      );
      return { type: "float32", dims: [t.dims[0]!], data: Float32Array.from(peaks, (peak) => peak / 127) };
    };
    const attributes = { axis: 0 };
    const pairs = kernels.flatMap(({ name }) => [
      node("QuantizeLinear", [[name, `${name}.scale`, `${name}.zero`], [`${name}.q`]], { attributes }),
      node("DequantizeLinear", [[`${name}.q`, `${name}.scale`, `${name}.zero`], [`${name}.dq`]], { attributes }),
    ]);
    const names = new Set(kernels.map((t) => t.name));
    const quantized: Model = {
      ...float,
      graph: {
        ...plain,
        nodes: [
          ...pairs,
          ...plain.nodes.map((n) => ({ ...n, inputs: n.inputs.map((i) => (names.has(i) ? `${i}.dq` : i)) })),
        ],
        initializers: [
          ...plain.initializers,
          ...kernels.map((t) => tensor(`${t.name}.scale`, scaleOf(t))),
          ...kernels.map((t) =>
            tensor(`${t.name}.zero`, { type: "int8", dims: [t.dims[0]!], data: new Int8Array(t.dims[0]!) }),
          ),
          tensor("dy", dy),
        ],
      },
    };
    const to = kernels.flatMap(({ name }) => [name, `${name}.scale`]);
    const { gradients } = await runBackward(quantized, { from: { y: "dy" }, to, feeds: { x } });
    for (const { name } of kernels) {
      const [a, b] = [gradients[name]!.data as Float32Array, known.get(name)!.data as Float32Array];
      const dot = (u: Float32Array, v: Float32Array): number => u.reduce((total, value, i) => total + value * v[i]!, 0);
      expect(dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)), name).toBeGreaterThan(0.99);
      const steps = gradients[`${name}.scale`]!.data as Float32Array;
      expect(steps.every(Number.isFinite) && steps.some((g) => g !== 0)).toBe(true);
    }
  });
});
