import { describe, expect, it } from "vitest";
import { nodeHost as host } from "../../core/app/nodeHost.ts";
import { float32 } from "../../core/base/array.ts";
import { countCosts } from "../../core/measure/costs.ts";
import { adaptFeeds, randomChoices, randomFeeds, sizesOf } from "../../core/measure/feeds.ts";
import { feedsLike, findShapes } from "../../core/measure/shapes.ts";
import { floatTensor, graph, intTensor, model, node, tensor, value } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import { openTimedModel } from "../../core/runtime/timedRun.ts";

/** Conv 3→4, 3×3 on 8×8, batch norm, Relu, global pool, Gemm 4→5. */
function small(batch: number | string = "N"): Model {
  const vector = (name: string): ReturnType<typeof floatTensor> => floatTensor(name, [4], [1, 1, 1, 1]);
  return model(
    graph({
      inputs: [value("x", "float32", [batch, 3, 8, 8])],
      outputs: [value("y", "float32", [batch, 5])],
      nodes: [
        node("Conv", [["x", "w", "b"], ["c"]], { attributes: { pads: [1, 1, 1, 1] } }),
        node("BatchNormalization", [["c", "scale", "shift", "mean", "var"], ["n"]]),
        node("Relu", [["n"], ["r"]]),
        node("GlobalAveragePool", [["r"], ["p"]]),
        node("Flatten", [["p"], ["f"]]),
        node("Gemm", [["f", "v"], ["y"]]),
      ],
      initializers: [
        floatTensor("w", [4, 3, 3, 3], new Float32Array(108).fill(0.1)),
        ...["b", "scale", "shift", "mean", "var"].map(vector),
        floatTensor("v", [4, 5], new Float32Array(20)),
      ],
    }),
  );
}

/** Cuts a sequence of unknown length into windows of 32. */
function windows(): Model {
  return model(
    graph({
      inputs: [value("x", "float32", ["N", "time"])],
      outputs: [value("y", "float32")],
      nodes: [node("Reshape", [["x", "to"], ["y"]])],
      initializers: [intTensor("to", [3], [0, -1, 32])],
    }),
  );
}

describe("findShapes", () => {
  it("finds every value with the batch as a symbol", async () => {
    const { values, samples } = await findShapes(small(), { host });
    expect(samples).toBe(1);
    expect(values.get("c")).toEqual({ type: "float32", dims: ["batch", 4, 8, 8], sizes: [1, 4, 8, 8] });
    expect(values.get("y")?.dims).toEqual(["batch", 5]);
    expect(values.get("x")?.dims).toEqual(["batch", 3, 8, 8]);
    expect(values.get("w")?.dims).toEqual([4, 3, 3, 3]);
  });

  it("keeps a batch that the model fixes", async () => {
    const { values, samples } = await findShapes(small(6), { host });
    expect(samples).toBe(6);
    expect(values.get("c")?.dims).toEqual([6, 4, 8, 8]);
  });

  it("tells multiples of the batch and dimensions that depend on the data", async () => {
    const odd = model(
      graph({
        inputs: [value("x", "float32", ["N", 2, 3])],
        outputs: [value("flat", "float32", ["M"]), value("where", "int64")],
        nodes: [node("Reshape", [["x", "to"], ["flat"]]), node("NonZero", [["x"], ["where"]])],
        initializers: [intTensor("to", [1], [-1])],
      }),
    );
    const feeds = (n: number): Record<string, ReturnType<typeof float32>> => ({
      x: float32(
        [n, 2, 3],
        new Float32Array(6 * n).map((_, i) => (i < 5 ? 1 : 0)),
      ),
    });
    const { values } = await findShapes(odd, { host, feeds });
    expect(values.get("flat")?.dims).toEqual(["6*batch"]);
    expect(values.get("where")?.dims).toEqual([3, 5]);
    const growing = await findShapes(odd, {
      host,
      feeds: (n) => ({ x: float32([n, 2, 3], new Float32Array(6 * n).fill(n)) }),
    });
    expect(growing.values.get("where")?.dims).toEqual([3, "6*batch"]);
  });

  it("leaves out what the runtime cannot hand over and finds the rest", async () => {
    const sequence = model(
      graph({
        inputs: [value("x", "float32", ["N", 2])],
        outputs: [value("y", "float32")],
        nodes: [
          node("Relu", [["x"], ["r"]]),
          node("SequenceConstruct", [["r", "r"], ["s"]]),
          node("ConcatFromSequence", [["s"], ["y"]], { attributes: { axis: 0 } }),
        ],
      }),
    );
    const { values } = await findShapes(sequence, { host });
    expect(values.get("r")?.dims).toEqual(["batch", 2]);
    expect(values.get("y")?.dims).toEqual(["2*batch", 2]);
    expect(values.has("s")).toBe(false);
  });

  it("tries longer sequences where short ones do not run", async () => {
    const { values } = await findShapes(windows(), { host });
    expect(values.get("y")?.dims).toEqual(["batch", 16, 32]);
  });

  it("passes on why a model does not run", async () => {
    const bad = model(
      graph({
        inputs: [value("x", "float32", ["N", 2])],
        outputs: [value("y", "float32")],
        nodes: [node("NoSuchOp", [["x"], ["y"]])],
      }),
    );
    await expect(findShapes(bad, { host })).rejects.toThrow("ONNX Runtime cannot load the model: ");
  });

  it("can be cancelled", async () => {
    await expect(findShapes(small(), { host, signal: AbortSignal.abort() })).rejects.toThrow("Cancelled.");
  });
});

describe("countCosts", () => {
  const convolution = 4 * 8 * 8 * 27;

  it("counts arithmetic, parameters and bytes for one sample", async () => {
    const whole = small();
    const costs = countCosts(whole, await findShapes(whole, { host }));
    const layer = Object.fromEntries(costs.layers.map((l) => [l.node, l]));
    expect(layer["c"]).toEqual({
      node: "c",
      op: "Conv",
      macs: convolution,
      parameters: 112,
      weightBytes: 448,
      weightType: "float32",
      outputShape: ["batch", 4, 8, 8],
    });
    expect(layer["y"]?.macs).toBe(20);
    // Running mean and variance are no parameters.
    expect(layer["n"]?.parameters).toBe(8);
    expect(costs.parameters).toBe(108 + 4 + 8 + 20);
    expect(costs.weights).toBe((108 + 5 * 4 + 20) * 4);
    expect(costs.macs).toBe(costs.layers.reduce((sum, l) => sum + l.macs, 0));
  });

  it("divides by the batch that the model fixes", async () => {
    const whole = small(6);
    const costs = countCosts(whole, await findShapes(whole, { host }));
    expect(costs.layers.find((l) => l.op === "Conv")?.macs).toBe(convolution);
  });

  it("gives a quantised weight to the layer behind its DequantizeLinear", async () => {
    const quantized = model(
      graph({
        inputs: [value("x", "float32", ["N", 2])],
        outputs: [value("y", "float32", ["N", 3])],
        nodes: [
          node("DequantizeLinear", [["q", "s", "z"], ["w"]], { attributes: { axis: 1 } }),
          node("MatMul", [["x", "w"], ["y"]]),
        ],
        initializers: [
          tensor("q", { type: "int8", dims: [2, 3], data: Int8Array.of(1, 2, 3, 4, 5, 6) }),
          floatTensor("s", [3], [1, 1, 1]),
          tensor("z", { type: "int8", dims: [3], data: new Int8Array(3) }),
        ],
      }),
    );
    const costs = countCosts(quantized, await findShapes(quantized, { host }));
    expect(costs.layers.map((l) => [l.op, l.parameters, l.weightBytes, l.weightType, l.macs])).toEqual([
      ["MatMul", 6, 6, "int8", 6],
    ]);
    expect(costs.weights).toBe(6 + 12 + 3);
  });

  it("counts a shared weight once and no shapes or scalars", async () => {
    const shared = model(
      graph({
        inputs: [value("x", "float32", ["N", 2])],
        outputs: [value("y", "float32")],
        nodes: [
          node("MatMul", [["x", "w"], ["a"]]),
          node("MatMul", [["a", "w"], ["b"]]),
          node("Mul", [["b", "two"], ["c"]]),
          node("Reshape", [["c", "to"], ["y"]]),
        ],
        initializers: [
          floatTensor("w", [2, 2], [1, 0, 0, 1]),
          floatTensor("two", [], [2]),
          intTensor("to", [2], [-1, 1]),
        ],
      }),
    );
    expect(countCosts(shared, await findShapes(shared, { host })).parameters).toBe(4);
  });
});

describe("feeds", () => {
  const image = { name: "x", type: "float32", dims: ["N", 3, "h", "w"] } as const;

  it("replace symbols by sensible sizes", () => {
    expect(sizesOf(image, { batch: 2, seed: 0 })).toEqual([2, 3, 224, 224]);
    expect(sizesOf(image, { batch: 2, seed: 0, sizes: { h: 8, w: 9 } })).toEqual([2, 3, 8, 9]);
    expect(sizesOf({ ...image, dims: [2, "batch", "t"] }, { batch: 3, seed: 0 })).toEqual([2, 3, 16]);
  });

  it("are the same for the same seed", () => {
    const options = { batch: 1, seed: 3, sizes: { h: 2, w: 2 } };
    expect(randomFeeds([image], options)).toEqual(randomFeeds([image], options));
    expect(randomFeeds([image], options)).not.toEqual(randomFeeds([image], { ...options, seed: 4 }));
  });

  it("suit every type that the runtime takes", () => {
    const types = [
      "float16",
      "float64",
      "int64",
      "uint64",
      "int32",
      "uint32",
      "int16",
      "uint16",
      "int8",
      "uint8",
      "bool",
      "string",
    ] as const;
    for (const type of types) {
      const feed = randomFeeds([{ name: "x", type, dims: [3] }], { batch: 1, seed: 0 })["x"];
      expect(feed?.type).toBe(type);
      expect(feed?.data.length).toBe(3);
    }
    expect(() => randomFeeds([{ name: "x", type: "bfloat16", dims: [3] }], { batch: 1, seed: 0 })).toThrow(
      'There are no random inputs of type "bfloat16".',
    );
  });

  it("let a timed run take the first that the model runs on", async () => {
    const timed = await openTimedModel(windows(), {
      host,
      feeds: (inputs) => randomChoices(inputs, { batch: 3, seed: 0 }),
    });
    expect(timed.run()).toBeGreaterThan(0);
    expect(timed.batch).toBe(3);
    timed.close();
    const short = openTimedModel(windows(), {
      host,
      feeds: () => [1, 2].map((n) => ({ x: float32([1, n], [1, 2].slice(0, n)) })),
    });
    await expect(short).rejects.toThrow(/^ONNX Runtime failed in the model: .*Reshape/);
  });

  it("become half precision where the model wants it", () => {
    const found = adaptFeeds([{ name: "a", type: "float16", dims: [2] }], { b: float32([2], [1, 2.5]) });
    expect(found["a"]).toEqual({ type: "float16", dims: [2], data: Float16Array.of(1, 2.5) });
  });

  it("follow the shapes that were found", async () => {
    const shapes = await findShapes(small(), { host });
    expect(feedsLike(shapes, ["x"], { batch: 4, seed: 0 })["x"]?.dims).toEqual([4, 3, 8, 8]);
  });
});
