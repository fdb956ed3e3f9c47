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
    for (const opset of [14, 15, 17, 18, 21])
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
