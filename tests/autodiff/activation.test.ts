import { describe, expect, it } from "vitest";
import { floatAttribute } from "../../core/graph/attributes.ts";
import { checkGradient, type GradientCheck } from "./check.ts";
import { floats } from "./operands.ts";
import { gradientsOf } from "./single.ts";

/** Both sides of every kink, none on it. */
const x = floats([2, 6], [-4.2, -2.6, -1.3, -0.7, -0.55, -0.2, 0.15, 0.4, 0.8, 1.7, 2.9, 3.6]);

const activations: Readonly<Record<string, readonly Partial<GradientCheck>[]>> = {
  Relu: [{}],
  LeakyRelu: [{}, { attributes: { alpha: floatAttribute(0.25) } }],
  Elu: [{}, { attributes: { alpha: floatAttribute(0.5) } }],
  Selu: [{}, { attributes: { alpha: floatAttribute(1.5), gamma: floatAttribute(2) } }],
  Celu: [{}, { attributes: { alpha: floatAttribute(0.5) } }],
  ThresholdedRelu: [{}, { attributes: { alpha: floatAttribute(0.25) } }],
  // The runtime's kernel rounds float64 to float32.
  Shrink: [
    { type: "float32" },
    { type: "float32", attributes: { lambd: floatAttribute(0.25), bias: floatAttribute(0.5) } },
  ],
  Sigmoid: [{}],
  Tanh: [{}],
  Softplus: [{}],
  Softsign: [{}],
  HardSigmoid: [{}, { attributes: { alpha: floatAttribute(0.25), beta: floatAttribute(0.25) } }],
  HardSwish: [{}],
  Mish: [{ opset: 18 }],
  Gelu: [{ opset: 20 }, { opset: 20, attributes: { approximate: "tanh" } }],
  Swish: [{ opset: 24 }, { opset: 24, attributes: { alpha: floatAttribute(0.5) } }],
};

describe("gradients of activations", () => {
  for (const [op, settings] of Object.entries(activations)) {
    it(op, async () => {
      for (const setting of settings) await checkGradient({ op, inputs: [x], ...setting });
    });
  }

  it("the runtime's own Gelus, with a bias and without", async () => {
    const own = { domain: "com.microsoft", opsets: { "com.microsoft": 1 } };
    await checkGradient({ op: "Gelu", inputs: [x], ...own });
    await checkGradient({ op: "QuickGelu", inputs: [x], ...own });
    await checkGradient({ op: "QuickGelu", inputs: [x], ...own, attributes: { alpha: floatAttribute(1) } });
    await checkGradient({ op: "FastGelu", inputs: [x], ...own });
    await checkGradient({ op: "FastGelu", inputs: [x, { shape: [6] }], ...own });
    await checkGradient({ op: "BiasGelu", inputs: [x, { shape: [6] }], ...own });
  });

  it("PRelu with a slope for all, for each channel and for each element", async () => {
    for (const slope of [[1], [2, 1], [6], [2, 6]]) await checkGradient({ op: "PRelu", inputs: [x, { shape: slope }] });
    await checkGradient({ op: "PRelu", inputs: [x, { shape: [2, 1] }], symbols: { 0: { 1: "width" } } });
  });

  for (const op of ["Softmax", "LogSoftmax"]) {
    it(`${op} along every axis`, async () => {
      for (const axis of [0, 1, -1]) await checkGradient({ op, inputs: [{ shape: [2, 3, 4] }], attributes: { axis } });
      await checkGradient({ op, inputs: [{ shape: [5, 3] }], symbols: { 0: { 0: "batch" } } });
    });
  }

  it("is 0 at the kink of Relu, and the slope below at that of LeakyRelu", async () => {
    const kink = floats([3], [-1, 0, 1]);
    expect(await gradientsOf("Relu", { inputs: [kink] })).toEqual([[0, 0, 1]]);
    const leaky = await gradientsOf("LeakyRelu", { inputs: [kink], attributes: { alpha: floatAttribute(0.25) } });
    expect(leaky).toEqual([[0.25, 0.25, 1]]);
  });
});

describe("gradient of Clip", () => {
  const [low, high] = [floats([], [-1]), floats([], [1.5])];

  it("reaches the bounds too", async () => {
    await checkGradient({ op: "Clip", inputs: [x, low, high] });
    await checkGradient({ op: "Clip", inputs: [x, low] });
    await checkGradient({ op: "Clip", inputs: [x, undefined, high] });
    await checkGradient({ op: "Clip", inputs: [x] });
    await checkGradient({ op: "Clip", inputs: [x, low, high], constants: [1, 2] });
  });

  it("belongs to the upper bound where the bounds have crossed", async () => {
    await checkGradient({ op: "Clip", inputs: [x, high, low] });
  });

  it("passes what lies on a bound", async () => {
    const gradients = await gradientsOf("Clip", { inputs: [floats([4], [-2, -1, 1.5, 2]), low, high] });
    expect(gradients).toEqual([[0, 1, 1, 0], [1], [1]]);
  });
});
