import { describe, expect, it } from "vitest";
import { elementCount, type NdArray } from "../../core/base/array.ts";
import { seededRandom } from "../../core/base/random.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { differentiate } from "../../core/autodiff/differentiate.ts";
import { graph, intTensor, model, node, tensor, value } from "../../core/graph/build.ts";
import type { Model, Node } from "../../core/graph/model.ts";
import { findShapes } from "../../core/measure/shapes.ts";
import { run, type Arrays } from "./backward.ts";
import { outputsOf } from "./goldenNets.ts";

const FULL = 8;
const CLASSES = 3;
const random = seededRandom(4, "elastic");
const noise = (...dims: number[]): NdArray => ({
  type: "float32",
  dims,
  data: Float32Array.from({ length: elementCount(dims) }, () => random.normal() * 0.5),
});

/** Axes of each weight that follow the width. */
const AXES: Readonly<Record<string, readonly number[]>> = {
  stem: [0],
  stemBias: [0],
  scale: [0],
  shift: [0],
  mean: [0],
  variance: [0],
  point: [0, 1],
  gain: [0],
  offset: [0],
  head: [1],
};
const WEIGHTS: Readonly<Record<string, NdArray>> = {
  stem: noise(FULL, 2, 3, 3),
  stemBias: noise(FULL),
  scale: noise(FULL),
  shift: noise(FULL),
  mean: noise(FULL),
  variance: { type: "float32", dims: [FULL], data: Float32Array.from({ length: FULL }, () => 0.5 + random.next()) },
  point: noise(FULL, FULL, 1, 1),
  gain: noise(FULL),
  offset: noise(FULL),
  head: noise(CLASSES, FULL),
};

/** A residual net over weights named by `of`. No grouped convolution: its number of groups cannot be open. */
function body(of: (weight: string) => string): readonly Node[] {
  return [
    node("Conv", [["x", of("stem"), of("stemBias")], ["a"]], { attributes: { pads: [1, 1, 1, 1], strides: [2, 2] } }),
    node("BatchNormalization", [["a", of("scale"), of("shift"), of("mean"), of("variance")], ["b"]]),
    node("Sigmoid", [["b"], ["s"]]),
    node("Mul", [["b", "s"], ["c"]]),
    node("Conv", [["c", of("point")], ["d"]]),
    node("Add", [["c", "d"], ["e"]]),
    node("InstanceNormalization", [["e", of("gain"), of("offset")], ["f"]]),
    node("MaxPool", [["f"], ["g"]], { attributes: { kernel_shape: [2, 2] } }),
    node("GlobalAveragePool", [["g"], ["h"]]),
    node("Flatten", [["h"], ["i"]]),
    node("Gemm", [["i", of("head")], ["y"]], { attributes: { transB: 1 } }),
    node("LogSoftmax", [["y"], ["p"]]),
    node("ReduceSumSquare", [["p"], ["loss"]], { attributes: { keepdims: 0 } }),
  ];
}
const names = Object.keys(WEIGHTS);
const trained = names.filter((name) => name !== "mean" && name !== "variance");

/** The widest net, each weight sliced to a width that is an input. */
function elastic(): Model {
  const slices = names.flatMap((name) => {
    const axes = AXES[name]!;
    return axes.map((axis, i) =>
      node("Slice", [
        [i === 0 ? name : `${name}.${i}`, "zero", "width", `axis${axis}`],
        [i === axes.length - 1 ? `${name}.used` : `${name}.${i + 1}`],
      ]),
    );
  });
  return model(
    graph({
      inputs: [value("x", "float32", ["batch", 2, 8, 8]), value("width", "int64", [1])],
      outputs: [value("loss", "float32", [])],
      initializers: [
        ...names.map((name) => tensor(name, WEIGHTS[name]!)),
        intTensor("zero", [1], [0]),
        intTensor("axis0", [1], [0]),
        intTensor("axis1", [1], [1]),
      ],
      nodes: [...slices, ...body((name) => `${name}.used`)],
    }),
  );
}

/** The elements of an array that a width leaves, and where they stand. */
function corner(
  name: string,
  array: NdArray,
  width: number,
): { readonly array: NdArray; readonly at: readonly number[] } {
  const dims = array.dims.map((d, axis) => (AXES[name]!.includes(axis) ? width : d));
  const at: number[] = [];
  for (let i = 0; i < array.data.length; i++) {
    let rest = i;
    const place = array.dims.toReversed().map((d) => {
      const here = rest % d;
      rest = Math.floor(rest / d);
      return here;
    });
    if (place.toReversed().every((p, axis) => p < dims[axis]!)) at.push(i);
  }
  const data = Float32Array.from(at, (i) => (array.data as Float32Array)[i]!);
  return { array: { type: "float32", dims, data }, at };
}

function narrow(width: number): Model {
  const initializers = names.map((name) => tensor(name, corner(name, WEIGHTS[name]!, width).array));
  return model(
    graph({
      inputs: [value("x", "float32", ["batch", 2, 8, 8])],
      outputs: [value("loss", "float32", [])],
      initializers,
      nodes: body((name) => name),
    }),
  );
}

async function backward(made: Model, feeds: (batch: number) => Arrays) {
  const shapes = await findShapes(made, { host: nodeHost, feeds });
  const found = differentiate(made, {
    from: { loss: undefined },
    to: trained,
    facts: (name) => shapes.values.get(name),
  });
  return { model: outputsOf(found.model, found.gradients.values()), gradients: found.gradients };
}

describe("a net whose width is an input", () => {
  it("has at each width the gradients of the net of that width, and none for the rest of its weights", async () => {
    const x = (batch: number): NdArray => noise(batch, 2, 8, 8);
    const width = (size: number): NdArray => ({ type: "int64", dims: [1], data: BigInt64Array.of(BigInt(size)) });
    // Shapes are looked at for two widths, so that none of them is taken for fixed.
    const wide = await backward(elastic(), (batch) => ({ x: x(batch), width: width(batch === 1 ? 5 : FULL) }));
    for (const [size, batch] of [
      [FULL, 3],
      [5, 2],
      [3, 4],
      [1, 2],
    ] as const) {
      const input = x(batch);
      const of = await run(wide.model, { x: input, width: width(size) });
      const static_ = await backward(narrow(size), (b) => ({ x: x(b) }));
      const expected = await run(static_.model, { x: input });
      for (const name of trained) {
        const whole = of[wide.gradients.get(name)!]!;
        expect(whole.dims, name).toEqual(WEIGHTS[name]!.dims);
        const { array, at } = corner(name, whole, size);
        const there = expected[static_.gradients.get(name)!]!.data as Float32Array;
        const scale = Math.max(1, ...there.map(Math.abs));
        (array.data as Float32Array).forEach((g, i) => {
          expect(Math.abs(g - there[i]!) / scale, `${name} at width ${size}`).toBeLessThan(1e-5);
        });
        const outside = (whole.data as Float32Array).filter((_, i) => !at.includes(i));
        expect(
          outside.every((g) => g === 0),
          `${name} outside width ${size}`,
        ).toBe(true);
      }
    }
  });
});
