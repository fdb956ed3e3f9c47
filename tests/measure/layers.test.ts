import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { nodeHost as host } from "../../core/app/nodeHost.ts";
import { floatTensor, graph, model, node, value } from "../../core/graph/build.ts";
import type { Model, Node } from "../../core/graph/model.ts";
import { attribute } from "../../core/measure/attribute.ts";
import { countCosts, measureSize } from "../../core/measure/costs.ts";
import { profileLayers } from "../../core/measure/layers.ts";
import { findShapes } from "../../core/measure/shapes.ts";
import { readModel } from "../../core/onnx/read.ts";
import { readEvents } from "../../core/runtime/profile.ts";
import { sharedData, sharedNote } from "../shared.ts";

const plain = (nodes: readonly Node[]): Model["graph"] =>
  graph({ inputs: [value("x", "float32")], outputs: [value("y", "float32")], nodes });

const byOp = (n: Node): number => (n.op === "Conv" ? 10 : 0);

function traced(original: Model["graph"], optimized: Model["graph"]): Record<string, string[]> {
  const found = attribute(original, optimized, byOp);
  return Object.fromEntries(
    optimized.nodes.map((n) => {
      const { node: to, covers } = found.get(n) ?? { node: undefined, covers: [] };
      return [n.name, [to?.name ?? "nothing", ...covers.map((c) => c.name).sort()]];
    }),
  );
}

describe("attribute", () => {
  const conv = node("Conv", [["x", "w"], ["c"]]);
  const norm = node("BatchNormalization", [["c", "s", "b", "m", "v"], ["n"]]);
  const relu = node("Relu", [["n"], ["r"]]);
  const last = node("Conv", [["r", "u"], ["y"]]);
  const original = plain([conv, norm, relu, last]);

  it("gives a fused node to the convolution among what it covers", () => {
    const fused = node("FusedConv", [["x", "w2"], ["r"]], { name: "whatever", domain: "com.microsoft" });
    expect(traced(original, plain([fused, last]))).toEqual({ whatever: ["c", "c", "n", "r"], y: ["y", "y"] });
  });

  it("follows names through a changed layout, and reorders to their neighbours", () => {
    const optimized = plain([
      node("ReorderInput", [["x"], ["t1"]], { name: "ReorderInput" }),
      node("Conv", [["t1", "w2"], ["t2"]], { name: "r_nchwc" }),
      node("Conv", [["t2", "u2"], ["t3"]], { name: "y_nchwc_token_4" }),
      node("ReorderOutput", [["t3"], ["y"]], { name: "ReorderOutput" }),
    ]);
    expect(traced(original, optimized)).toEqual({
      ReorderInput: ["c", "c", "n", "r"],
      r_nchwc: ["c", "c", "n", "r"],
      y_nchwc_token_4: ["y", "y"],
      ReorderOutput: ["y", "y"],
    });
  });

  it("gives nothing where nothing is known", () => {
    const stranger = node("Foo", [["q"], ["z"]], { name: "stranger" });
    expect(traced(original, plain([stranger]))).toEqual({ stranger: ["nothing"] });
  });
});

describe("readEvents", () => {
  const event = (name: string, dur: number): object => ({ cat: "Node", name, dur, args: { op_name: "Loop" } });

  it("adds up what repeats within a run and drops the warm-up", () => {
    const events = [1000, 2000, 3000, 4000, 5000, 6000].map((dur) => event("a_kernel_time", dur));
    expect(readEvents([...events, event("a_fence_before", 1), { cat: "Session" }], 3, 1)).toEqual([
      { name: "a", op: "Loop", times: [7, 11] },
    ]);
  });
});

describe("profileLayers", () => {
  it("times every node of a small model, whatever its nodes are called", async () => {
    const size = 64;
    const weight = floatTensor("w", [size, size], new Float32Array(size * size).fill(0.01));
    const nameless = (n: Node): Node => ({ ...n, name: "" });
    const whole = model(
      graph({
        inputs: [value("x", "float32", ["N", size])],
        outputs: [value("y", "float32", ["N", size])],
        nodes: [
          node("MatMul", [["x", "w"], ["a"]]),
          node("Sigmoid", [["a"], ["b"]]),
          node("MatMul", [["b", "w"], ["y"]]),
        ].map(nameless),
        initializers: [weight],
      }),
    );
    const shapes = await findShapes(whole, { host });
    const found = await profileLayers(whole, {
      session: { threads: 1 },
      batch: 32,
      runs: 5,
      warmup: 1,
      seed: 0,
      shapes,
      host,
    });
    expect([...found.times.keys()].map((n) => n.outputs[0])).toEqual(["a", "b", "y"]);
    for (const time of found.times.values()) expect(time).toBeGreaterThanOrEqual(0);
    expect(found.unattributed).toBe(0);
    const { layers } = countCosts(whole, shapes, found.times);
    expect(layers.map((l) => [l.node, l.time !== undefined])).toEqual([
      ["a", true],
      ["b", true],
      ["y", true],
    ]);
  });
});

describe.skipIf(sharedData === undefined)(`a trained network${sharedNote}`, () => {
  const path = join(sharedData ?? "", "models/cifar10-resnets/resnet20.onnx");

  it("has the arithmetic and parameters that its paper gives", async () => {
    const whole = await readModel(path, host);
    const costs = countCosts(whole, await findShapes(whole, { host }));
    // K. He et al., 2016, table 6: 0.27 M parameters; convolutions and classifier: 40.8 M.
    const linear = costs.layers.filter((l) => l.op === "Conv" || l.op === "Gemm");
    expect(linear.reduce((sum, l) => sum + l.macs, 0)).toBe(40_551_040);
    expect(costs.parameters).toBe(269_722);
    const size = await measureSize(whole, path, { costs, host });
    expect(size.file).toBe(1_112_219);
    expect(size.weights).toBeLessThan(size.file);
  });

  it("has all its kernels traced back, with a time for every convolution", async () => {
    const whole = await readModel(path, host);
    const shapes = await findShapes(whole, { host });
    const found = await profileLayers(whole, {
      session: { threads: 1 },
      batch: 1,
      runs: 3,
      warmup: 1,
      seed: 0,
      shapes,
      host,
    });
    expect(found.unknown).toEqual([]);
    const timed = countCosts(whole, shapes, found.times).layers.filter((l) => l.time !== undefined);
    expect(timed.filter((l) => l.op === "Conv")).toHaveLength(whole.graph.nodes.filter((n) => n.op === "Conv").length);
    expect(timed.filter((l) => l.op === "BatchNormalization")).toEqual([]);
  });
});
