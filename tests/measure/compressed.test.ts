import { describe, expect, it } from "vitest";
import { nodeHost as host } from "../../core/app/nodeHost.ts";
import { floatTensor } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import { channelNorms } from "../../core/measure/channelSums.ts";
import { storedSizes } from "../../core/measure/compressed.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { applyMasks } from "../../core/transform/applyMasks.ts";
import { conv, net, noise, op, runModel, weight } from "../transform/fixtures.ts";
import { streamOf } from "../transform/quantize.ts";

const model: Model = net({
  nodes: [
    conv(["x", "w"], "a"),
    op("Relu", ["a"], "b"),
    op("GlobalAveragePool", ["b"], "c"),
    op("Flatten", ["c"], "d"),
    op("MatMul", ["d", "m"], "y"),
  ],
  constants: [weight("w", [16, 3, 3, 3]), weight("m", [16, 4])],
});

describe("the sizes of a stored model", () => {
  it("count a bit for every weight and four bytes for those that are not zero", async () => {
    const mask = Float32Array.from({ length: 432 }, (_, i) => (i % 10 === 0 ? 1 : 0));
    const sparse = applyMasks(model, new Map([["w", mask]]));
    const [before, after] = [await storedSizes(model), await storedSizes(sparse)];
    expect(before.file).toBe(encodeModel(model).byteLength);
    expect(after.file).toBe(before.file);
    // 432 weights, 44 of them kept; a field's length is written in fewer bytes when it is small.
    const saved = 432 * 4 - (432 / 8 + 44 * 4);
    expect(before.file - after.bitmap - saved).toBeGreaterThanOrEqual(0);
    expect(before.file - after.bitmap - saved).toBeLessThan(16);
    // A dense model stays as it is.
    expect(before.bitmap).toBe(before.file);
    expect(after.deflated).toBeLessThan(0.5 * before.deflated);
    expect(after.bitmapDeflated).toBeLessThan(after.deflated);
  });

  it("do not grow where a bitmap would not pay", async () => {
    const constant = floatTensor("w", [16, 3, 3, 3], noise([432]).data as Float32Array);
    const initializers = model.graph.initializers.map((t) => (t.name === "w" ? constant : t));
    const sizes = await storedSizes({ ...model, graph: { ...model.graph, initializers } });
    expect(sizes.bitmap).toBe(sizes.file);
  });
});

describe("the lengths of channels", () => {
  it("are √Σx² over samples and places", async () => {
    const samples = noise([10, 3, 8, 8], 5);
    const watches = [
      { value: "x", axis: () => 1 },
      { value: "b", axis: () => 1 },
      { value: "d", axis: (rank: number) => rank - 1 },
    ];
    const options = { batch: 4, session: { threads: 1 }, host, signal: new AbortController().signal };
    const found = await channelNorms(model, watches, { stream: streamOf(samples), ...options });
    const shown = {
      ...model,
      graph: { ...model.graph, outputs: [...model.graph.outputs, { name: "b" }, { name: "d" }] },
    };
    const values = { x: samples, ...(await runModel(shown, { x: samples })) } as Record<string, typeof samples>;
    for (const [name, channels, places] of [
      ["x", 3, 64],
      ["b", 16, 64],
      ["d", 16, 1],
    ] as const) {
      const data = values[name]!.data as Float32Array;
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let i = 0; i < data.length; i++) if (Math.floor(i / places) % channels === c) sum += data[i]! ** 2;
        expect(found.get(name)![c]! / Math.sqrt(sum)).toBeCloseTo(1, 4);
      }
    }
    const none = channelNorms(model, watches, { stream: streamOf(noise([0, 3, 8, 8])), ...options });
    await expect(none).rejects.toThrow('There are "0" samples, fewer than the model takes at once.');
  });
});
