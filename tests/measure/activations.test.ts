import { describe, expect, it } from "vitest";
import { nodeHost as host } from "../../core/app/nodeHost.ts";
import { float32, toFloat32, type NdArray } from "../../core/base/array.ts";
import { Histogram } from "../../core/base/histogram.ts";
import type { ProgressEvent } from "../../core/contract/event.ts";
import { value } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import {
  observeActivations,
  type Activation,
  type ActivationOptions,
  type Watch,
} from "../../core/measure/activations.ts";
import { conv, net, noise, op, runModel, weight } from "../transform/fixtures.ts";
import { streamOf } from "../transform/quantize.ts";

const inner = (batch: number | string, opset: number): Model =>
  net({
    input: [batch, 3, 6, 6],
    nodes: [
      conv(["x", "w", "b"], "c"),
      op("Relu", ["c"], "r"),
      op("GlobalAveragePool", ["r"], "g"),
      op("Flatten", ["g"], "y"),
    ],
    constants: [weight("w", [4, 3, 3, 3]), weight("b", [4], 2)],
    opset,
  });

const samples = noise([22, 3, 6, 6], 5);
const VALUES = ["x", "c", "r", "y"];

function observe(
  model: Model,
  watches: readonly Watch[],
  options: Partial<ActivationOptions> & { readonly data?: NdArray } = {},
): Promise<ReadonlyMap<string, Activation>> {
  const { data = samples, ...rest } = options;
  return observeActivations(model, watches, { stream: streamOf(data), batch: 8, session: {}, host, ...rest });
}

/** All elements of some values, by running the model with them as outputs. */
async function elementsOf(model: Model, data: NdArray): Promise<Map<string, NdArray>> {
  const shown: Model = {
    ...model,
    graph: { ...model.graph, outputs: VALUES.slice(1).map((v) => value(v, "float32")) },
  };
  const found = await runModel(shown, { x: data });
  return new Map([["x", data], ...Object.entries(found)]);
}

describe("observeActivations", () => {
  it.each([8, 11, 12, 13, 17, 18, 21])("agrees with plain arithmetic at opset %s", async (opset) => {
    const model = inner("N", opset);
    const watches = VALUES.map((v) => ({ value: v, histogram: true, channelMeans: true, nonNegative: v === "r" }));
    const found = await observe(model, watches, { sampled: 1e6 });
    for (const [name, array] of await elementsOf(model, samples)) {
      const seen = found.get(name)!;
      const data = toFloat32(array);
      expect(seen.low).toBeCloseTo(Math.min(0, ...data), 6);
      expect(seen.high).toBeCloseTo(Math.max(...data), 6);
      const [count = 1, channels = 1] = array.dims;
      const means = new Float64Array(channels);
      const size = data.length / count / channels;
      data.forEach((v, i) => (means[Math.floor(i / size) % channels]! += v / count / size));
      seen.channelMeans!.forEach((m, c) => expect(m).toBeCloseTo(means[c]!, 5));
      // The same batches give the same limits, so the bins are comparable.
      const direct = new Histogram();
      for (let start = 0; start < count; start += 8) {
        direct.add(data.subarray((start * data.length) / count, (Math.min(count, start + 8) * data.length) / count));
      }
      expect(seen.histogram!.total).toBe(data.length);
      expect(
        seen.histogram!.bins.reduce((gap, n, i) => gap + Math.abs(n - direct.bins[i]!), 0),
        name,
      ).toBeLessThanOrEqual(4);
    }
  });

  it.each([11, 17])("samples elements from all places of an image at opset %s", async (opset) => {
    // Ones in the last column alone: 1 of 16 elements, which an even step over even sizes would miss or see twice.
    const data = noise([4, 8, 16, 16], 1);
    const marked = { ...data, data: Float32Array.from({ length: 8192 }, (_, i) => (i % 16 === 15 ? 1 : -1)) };
    const model = net({ input: ["N", 8, 16, 16], nodes: [op("Identity", ["x"], "y")], opset });
    const found = await observe(model, [{ value: "y", histogram: true }], { data: marked, sampled: 1024 });
    const { bins, total } = found.get("y")!.histogram!;
    expect(total).toBeGreaterThan(4 * 256 * 0.6);
    expect(total).toBeLessThanOrEqual(4 * 256);
    expect(bins.at(-1)! / total).toBeCloseTo(1 / 16, 1.5);
  });

  it("collects only what is asked for", async () => {
    const found = await observe(inner("N", 17), [{ value: "r" }]);
    expect([...found.keys()]).toEqual(["r"]);
    expect(Object.keys(found.get("r")!)).toEqual(["low", "high"]);
  });

  it("gives the same whatever the batch", async () => {
    const watches = [{ value: "c", channelMeans: true }];
    const [one, many] = [
      (await observe(inner("N", 17), watches, { batch: 1 })).get("c")!,
      (await observe(inner("N", 17), watches, { batch: 22 })).get("c")!,
    ];
    expect(one.low).toBeCloseTo(many.low, 5);
    expect(one.high).toBeCloseTo(many.high, 5);
    one.channelMeans!.forEach((m, c) => expect(m).toBeCloseTo(many.channelMeans![c]!, 5));
  });

  it("takes whole batches of a model that fixes their size, and tells how far it is", async () => {
    const events: ProgressEvent[] = [];
    const found = await observe(inner(5, 17), [{ value: "x" }], { emit: (e) => events.push(e) });
    const fed = (samples.data as Float32Array).subarray(0, 20 * 108);
    expect(found.get("x")!.high).toBe(Math.max(...fed));
    expect(events.map((e) => (e.kind === "progress" ? e.done : -1))).toEqual([5, 10, 15, 20]);
  });

  it("refuses fewer samples than one fixed batch", async () => {
    await expect(observe(inner(32, 17), [{ value: "x" }])).rejects.toThrow(
      'The model takes batches of "32" and there are only 22 samples.',
    );
  });

  it("refuses an empty stream", async () => {
    await expect(observe(inner("N", 17), [{ value: "x" }], { data: float32([0, 3, 6, 6], []) })).rejects.toThrow(
      "There are no samples to observe activations on.",
    );
  });

  it.each([0, 1, 107, 2000])("finds NaN at place %s, which the runtime's maximum may pass over", async (place) => {
    const data = { ...samples, data: (samples.data as Float32Array).with(place, NaN) };
    await expect(observe(inner("N", 17), [{ value: "x" }], { data })).rejects.toMatchObject({
      code: "numeric",
      message: 'The value "x" became "NaN" during calibration.',
      hint: "Check the model and the preprocessing; a model that overflows cannot be calibrated.",
    });
  });

  it.each([Infinity, -Infinity])("names the inner value that became %s", async (bad) => {
    const model = inner("N", 17);
    const bias = weight("b", [4], 2);
    const bytes = new Uint8Array(Float32Array.of(0, bad, 0, 0).buffer);
    const broken: Model = {
      ...model,
      graph: {
        ...model.graph,
        initializers: [model.graph.initializers[0]!, { ...bias, data: { kind: "bytes", bytes } }],
      },
    };
    await expect(observe(broken, [{ value: "x" }, { value: "c" }])).rejects.toThrow(
      `The value "c" became "${bad}" during calibration.`,
    );
  });

  it("names the constant that holds NaN, and not the value that it is found in", async () => {
    const model = inner("N", 17);
    const bytes = new Uint8Array(Float32Array.of(0, NaN, 0, NaN).buffer);
    const bias = { ...weight("b", [4], 2), data: { kind: "bytes" as const, bytes } };
    const broken = { ...model, graph: { ...model.graph, initializers: [model.graph.initializers[0]!, bias] } };
    await expect(observe(broken, [{ value: "x" }, { value: "c" }])).rejects.toMatchObject({
      code: "numeric",
      message: 'Calibration cannot start: the constant "b" holds "NaN" (2 of 4 elements, the first at index 1).',
    });
  });

  it("names the first watched value that NaN was born in", async () => {
    // √ of negative numbers, watched only behind it and once more further on.
    const model = net({
      input: ["N", 4],
      nodes: [op("Sqrt", ["x"], "s"), op("Exp", ["s"], "e"), op("Neg", ["e"], "y")],
    });
    const running = observe(model, [{ value: "e" }, { value: "s" }], { data: noise([8, 4]) });
    await expect(running).rejects.toThrow('The value "s" became "NaN" during calibration.');
    const unwatched = observe(model, [{ value: "x" }], { data: noise([8, 4]) });
    await expect(unwatched).rejects.toThrow('The value "y" became "NaN" during calibration.');
  });

  it("refuses models with several inputs", async () => {
    const model = inner("N", 17);
    const two: Model = {
      ...model,
      graph: {
        ...model.graph,
        inputs: [...model.graph.inputs, value("z", "float32", ["N"])],
        nodes: [...model.graph.nodes, op("Neg", ["z"], "n")],
      },
    };
    await expect(observe(two, [{ value: "x" }])).rejects.toThrow('Calibration feeds one input; this model has "2".');
  });

  it("stops when it is cancelled", async () => {
    const stop = new AbortController();
    const running = observe(inner("N", 17), [{ value: "x" }], {
      signal: stop.signal,
      emit: () => stop.abort(),
    });
    await expect(running).rejects.toMatchObject({ code: "cancelled" });
  });
});
