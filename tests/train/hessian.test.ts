import { describe, expect, it } from "vitest";
import { nodeHost as host } from "../../core/app/nodeHost.ts";
import { toFloat32, type NdArray } from "../../core/base/array.ts";
import { seededRandom } from "../../core/base/random.ts";
import type { SampleStream } from "../../core/data/batches.ts";
import { floatTensor, graph, model, node, tensorArray, value } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import { withSession } from "../../core/runtime/session.ts";
import { hessianTraces, type TraceOptions } from "../../core/train/hessian.ts";
import { noise, weight } from "../transform/fixtures.ts";
import { streamOf } from "../transform/quantize.ts";

const CLASSES = 4;

/** Samples with random labels. */
function labelled(samples: NdArray): SampleStream {
  const plain = streamOf(samples);
  const random = seededRandom(5, "labels");
  const labels = Int32Array.from({ length: plain.count }, () => random.integer(CLASSES));
  return {
    ...plain,
    classes: Array.from({ length: CLASSES }, (_, c) => String(c)),
    batches: async function* (size, signal) {
      for await (const batch of plain.batches(size, signal)) {
        yield { ...batch, labels: batch.indices.map((i) => labels[i]!) };
      }
    },
  };
}

const traces = (net: Model, options: Pick<TraceOptions, "weights" | "stream" | "probes"> & Partial<TraceOptions>) =>
  hessianTraces(net, {
    batch: 16,
    seed: 3,
    session: { threads: 1 },
    host,
    signal: new AbortController().signal,
    ...options,
  });

/** logits = x·W: the Hessian is known. */
const linear = model(
  graph({
    inputs: [value("x", "float32", ["n", 6])],
    outputs: [value("y", "float32", ["n", CLASSES])],
    initializers: [weight("w", [6, CLASSES], 2)],
    nodes: [node("MatMul", [["x", "w"], ["y"]])],
  }),
);

const twoLayers = model(
  graph({
    inputs: [value("x", "float32", ["n", 3, 5, 5])],
    outputs: [value("y", "float32", ["n", CLASSES])],
    initializers: [weight("k", [2, 3, 3, 3], 4), weight("w", [2, CLASSES], 5), floatTensor("b", [2], [0.1, -0.2])],
    nodes: [
      node("Conv", [["x", "k", "b"], ["c"]], { attributes: { pads: [1, 1, 1, 1] } }),
      node("Tanh", [["c"], ["t"]]),
      node("GlobalAveragePool", [["t"], ["g"]]),
      node("Flatten", [["g"], ["f"]]),
      node("MatMul", [["f", "w"], ["y"]]),
    ],
  }),
);

/** Mean cross-entropy in float64 from the net's logits. */
async function lossOf(net: Model, stream: SampleStream): Promise<number> {
  return withSession(net, { host, optimization: "none" }, async (session) => {
    let sum = 0;
    for await (const batch of stream.batches(64)) {
      const logits = toFloat32((await session.run({ x: batch.input }))["y"]!);
      batch.labels!.forEach((label, i) => {
        const row = Array.from(logits.subarray(i * CLASSES, (i + 1) * CLASSES));
        sum += Math.log(row.reduce((total, x) => total + Math.exp(x), 0)) - row[label]!;
      });
    }
    return sum / stream.count;
  });
}

/** Σᵢ ∂²L/∂wᵢ² by central differences. */
async function differenceTrace(net: Model, name: string, stream: SampleStream): Promise<number> {
  const at = async (index: number, step: number): Promise<number> => {
    const initializers = net.graph.initializers.map((t) => {
      if (t.name !== name) return t;
      const moved = Float32Array.from(tensorArray(t).data as Float32Array);
      moved[index] = moved[index]! + step;
      return floatTensor(name, t.dims, moved);
    });
    return lossOf({ ...net, graph: { ...net.graph, initializers } }, stream);
  };
  const middle = await lossOf(net, stream);
  const count = tensorArray(net.graph.initializers.find((t) => t.name === name)!).data.length;
  const step = 0.1;
  let sum = 0;
  for (let i = 0; i < count; i++) sum += ((await at(i, step)) - 2 * middle + (await at(i, -step))) / step ** 2;
  return sum;
}

describe("Hutchinson's estimate of the Hessian's trace", () => {
  it("meets the exact one of softmax regression: Σ over samples of Σ p(1 − p)·‖x‖²", async () => {
    const stream = labelled(noise([32, 6], 9));
    const found = (await traces(linear, { weights: ["w"], stream, probes: 600 })).get("w")!;
    const rows = await withSession(linear, { host }, async (session) => {
      const all: number[] = [];
      for await (const { input } of stream.batches(1)) {
        const logits = Array.from(toFloat32((await session.run({ x: input }))["y"]!));
        const total = logits.reduce((sum, x) => sum + Math.exp(x), 0);
        const spread = logits.reduce((sum, x) => sum + (Math.exp(x) / total) * (1 - Math.exp(x) / total), 0);
        all.push(spread * (input.data as Float32Array).reduce((sum, x) => sum + x * x, 0));
      }
      return all;
    });
    const exact = rows.reduce((sum, x) => sum + x, 0) / rows.length;
    expect(found.elements).toBe(24);
    expect(found.error / exact).toBeLessThan(0.03);
    expect(Math.abs(found.trace - exact)).toBeLessThan(4 * found.error);
  });

  it("meets differences of the loss for each layer of a net, from one product for all", async () => {
    const stream = labelled(noise([32, 3, 5, 5], 7));
    const found = await traces(twoLayers, { weights: ["k", "w"], stream, probes: 2000 });
    for (const name of ["k", "w"]) {
      const exact = await differenceTrace(twoLayers, name, stream);
      const { trace, error } = found.get(name)!;
      expect(error / Math.abs(exact), name).toBeLessThan(0.15);
      expect(Math.abs(trace - exact), `${name}: ${trace} ± ${error} against ${exact}`).toBeLessThan(4 * error);
    }
  });

  it("is the same for the same seed and another for another", async () => {
    const stream = labelled(noise([32, 6], 9));
    const trace = async (seed: number): Promise<number> =>
      (await traces(linear, { weights: ["w"], stream, probes: 2, seed })).get("w")!.trace;
    expect(await trace(1)).toBe(await trace(1));
    expect(await trace(1)).not.toBe(await trace(2));
  });

  it("wants labels, and stops when it is cancelled", async () => {
    await expect(traces(linear, { weights: ["w"], stream: streamOf(noise([8, 6])), probes: 1 })).rejects.toThrow(
      "The Hessian is that of the loss, and there are no labelled samples.",
    );
    const control = new AbortController();
    const stream = labelled(noise([32, 6], 9));
    const running = traces(linear, {
      weights: ["w"],
      stream,
      probes: 50,
      signal: control.signal,
      emit: () => control.abort(),
    });
    await expect(running).rejects.toMatchObject({ code: "cancelled" });
  });
});
