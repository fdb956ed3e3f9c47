import { describe, expect, it } from "vitest";
import { expandTraining } from "../../core/autodiff/expand.ts";
import type { Model } from "../../core/graph/model.ts";
import { checkGradient, type GradientCheck } from "./check.ts";

/** x, scale, bias, mean, variance */
const batchNormInputs = (x: readonly number[]): GradientCheck["inputs"] => [
  { shape: x },
  { shape: [x[1]!] },
  { shape: [x[1]!] },
  { shape: [x[1]!] },
  { shape: [x[1]!], low: 0.5, high: 2 },
];

/** Facts as the graph inputs declare them. */
const expand = (model: Model): Model =>
  expandTraining(model, (value) => {
    const type = model.graph.inputs.find((v) => v.name === value)?.type;
    if (type?.kind !== "tensor") return undefined;
    return { type: type.type, dims: type.dims?.map((d) => d.size ?? "?") ?? [] };
  });

describe("gradients of BatchNormalization with given statistics", () => {
  for (const x of [
    [2, 3, 2, 3],
    [4, 3],
    [2, 2, 2, 1, 3],
  ]) {
    it(`hold for data [${x.join()}]`, () =>
      checkGradient({ op: "BatchNormalization", attributes: { epsilon: 0.01 }, inputs: batchNormInputs(x) }));
  }
  it("leave out what is not asked for", async () => {
    for (const slot of [0, 1, 2, 3, 4])
      await checkGradient({ op: "BatchNormalization", inputs: batchNormInputs([2, 3, 4]), by: [slot] });
  });
  it("hold where batch, channels and image sizes are symbols", () =>
    checkGradient({
      op: "BatchNormalization",
      inputs: batchNormInputs([2, 3, 4, 5]),
      symbols: { 0: { 0: "batch", 1: "channels", 2: "height", 3: "width" } },
    }));
});

describe("gradients of BatchNormalization in training mode", () => {
  const training = { op: "BatchNormalization", attributes: { training_mode: 1, momentum: 0.7 }, prepare: expand };
  for (const x of [
    [2, 3, 2, 3],
    [4, 3],
    [2, 2, 2, 1, 3],
  ]) {
    it(`go through the statistics of the batch, data [${x.join()}]`, () =>
      checkGradient({ ...training, inputs: batchNormInputs(x), by: [0, 1, 2] }));
  }
  it("hold in every operator set", async () => {
    for (const opset of [13, 14, 15, 17, 18, 21])
      await checkGradient({ ...training, inputs: batchNormInputs([3, 2, 4]), by: [0, 1, 2], opset });
  });
  it("leave out what is not asked for", async () => {
    for (const slot of [0, 1, 2]) await checkGradient({ ...training, inputs: batchNormInputs([2, 3, 4]), by: [slot] });
  });
  it("hold beside the running statistics", () =>
    checkGradient({ ...training, inputs: batchNormInputs([3, 2, 4]), outputs: 3, by: [0, 1, 2] }));
  it("hold where batch, channels and image sizes are symbols", () =>
    checkGradient({
      ...training,
      inputs: batchNormInputs([2, 3, 4, 5]),
      by: [0, 1, 2],
      symbols: { 0: { 0: "batch", 1: "channels", 2: "height", 3: "width" } },
    }));
  it("are refused for a loss on the running statistics", async () => {
    const check = checkGradient({
      ...training,
      inputs: batchNormInputs([2, 3, 4]),
      outputs: 3,
      lossOn: [1],
      by: [0],
    });
    await expect(check).rejects.toThrow(
      'BatchNormalization "y0": no gradient for what depends on its running statistics.',
    );
  });
});

const symbols = { 0: { 0: "batch", 1: "channels", 2: "height", 3: "width" } };

describe("gradients of LayerNormalization", () => {
  const check = (x: readonly number[], scale: readonly number[], axis: number): GradientCheck => ({
    op: "LayerNormalization",
    inputs: [{ shape: x }, { shape: scale }, { shape: scale }],
    attributes: { axis, epsilon: 0.01 },
  });
  it("hold for the last axis, several axes, negative axes", async () => {
    await checkGradient(check([2, 3, 4], [4], -1));
    await checkGradient(check([2, 3, 4], [3, 4], 1));
    await checkGradient(check([2, 3, 4], [2, 3, 4], 0));
    await checkGradient(check([2, 3, 2, 2], [2, 2], -2));
  });
  it("hold in every form of the operator set and without a bias", async () => {
    for (const opset of [17, 18, 21]) await checkGradient({ ...check([2, 3, 4], [4], -1), opset });
    await checkGradient({ op: "LayerNormalization", inputs: [{ shape: [2, 3, 4] }, { shape: [4] }] });
  });
  it("leave out what is not asked for", async () => {
    for (const slot of [0, 1, 2]) await checkGradient({ ...check([2, 3, 4], [4], -1), by: [slot] });
  });
  it("hold where sizes are symbols, and beside the statistics", async () => {
    await checkGradient({ ...check([2, 3, 4], [4], -1), symbols });
    await checkGradient({ ...check([2, 3, 4], [4], -1), outputs: 3, type: "float32" });
  });
  it("are refused for a loss on the statistics", async () => {
    const onMean = { ...check([2, 3, 4], [4], -1), outputs: 3, lossOn: [1], type: "float32" as const };
    await expect(checkGradient(onMean)).rejects.toThrow(
      'LayerNormalization "y0": no gradient for what depends on its statistics.',
    );
  });
});

describe("gradients of the normalisations by root mean square", () => {
  const inputs = [{ shape: [2, 3, 4] }, { shape: [4] }];
  it("RMSNormalization", async () => {
    await checkGradient({ op: "RMSNormalization", inputs, opset: 23, attributes: { epsilon: 0.01 } });
    const two = [{ shape: [2, 3, 4] }, { shape: [3, 4] }];
    await checkGradient({ op: "RMSNormalization", inputs: two, opset: 23, attributes: { axis: 1 }, symbols });
  });
  it("SimplifiedLayerNormalization", () => checkGradient({ op: "SimplifiedLayerNormalization", inputs }));
});

describe("gradients of the fused residual normalisations", () => {
  const contributed = { domain: "com.microsoft", opsets: { "com.microsoft": 1 } };
  const [x, vector] = [{ shape: [2, 3, 4] }, { shape: [4] }];
  it("SkipLayerNormalization with and without shift and bias", async () => {
    const op = "SkipLayerNormalization";
    await checkGradient({ op, ...contributed, inputs: [x, x, vector] });
    await checkGradient({ op, ...contributed, inputs: [x, x, vector, vector, vector] });
    await checkGradient({ op, ...contributed, inputs: [x, { shape: [3, 4] }, vector, vector] });
  });
  it("SkipLayerNormalization where the sum is used too", async () => {
    const check = { op: "SkipLayerNormalization", ...contributed, inputs: [x, x, vector, vector, vector], outputs: 4 };
    await checkGradient({ ...check, lossOn: [0, 3] });
    await checkGradient({ ...check, lossOn: [3] });
  });
  it("SkipSimplifiedLayerNormalization", () =>
    checkGradient({ op: "SkipSimplifiedLayerNormalization", ...contributed, inputs: [x, x, vector] }));
});

describe("gradients of normalisations of images", () => {
  const image = (x: readonly number[], parameters: number): GradientCheck["inputs"] => [
    { shape: x },
    { shape: [parameters] },
    { shape: [parameters] },
  ];
  it("InstanceNormalization", async () => {
    await checkGradient({ op: "InstanceNormalization", inputs: image([2, 3, 5], 3), attributes: { epsilon: 0.1 } });
    await checkGradient({ op: "InstanceNormalization", inputs: image([2, 3, 2, 4], 3), symbols });
    for (const slot of [0, 1, 2])
      await checkGradient({ op: "InstanceNormalization", inputs: image([2, 3, 4], 3), by: [slot], opset: 22 });
  });
  it("GroupNormalization with parameters per group", async () => {
    const attributes = { num_groups: 2 };
    await checkGradient({ op: "GroupNormalization", inputs: image([2, 4, 3], 2), attributes, opset: 18 });
    await checkGradient({ op: "GroupNormalization", inputs: image([3, 6, 2, 4], 2), attributes, opset: 18, symbols });
  });
  it("GroupNormalization with parameters per channel", async () => {
    // Its statistics are float32 whatever the data are.
    const check = { op: "GroupNormalization", attributes: { num_groups: 2 }, opset: 21, type: "float32" as const };
    await checkGradient({ ...check, inputs: image([2, 4, 3], 4) });
    await checkGradient({ ...check, inputs: image([3, 6, 2, 4], 6), symbols });
  });
  it("LRN", async () => {
    for (const size of [1, 3, 5]) {
      const attributes = { size, alpha: 0.7, beta: 0.6, bias: 1.5 };
      await checkGradient({ op: "LRN", inputs: [{ shape: [2, 5, 2, 3] }], attributes });
    }
    await checkGradient({ op: "LRN", inputs: [{ shape: [2, 5, 6, 3] }], attributes: { size: 3, alpha: 0.5 }, symbols });
  });
  it("MeanVarianceNormalization", async () => {
    await checkGradient({ op: "MeanVarianceNormalization", inputs: [{ shape: [2, 3, 2, 3] }] });
    await checkGradient({ op: "MeanVarianceNormalization", inputs: [{ shape: [3, 4] }], attributes: { axes: [1] } });
  });
});

describe("gradients of LpNormalization", () => {
  it("hold for both norms and all axes", async () => {
    for (const p of [1, 2]) {
      for (const axis of [0, 1, -1])
        await checkGradient({ op: "LpNormalization", inputs: [{ shape: [3, 2, 4] }], attributes: { p, axis } });
    }
  });
});
