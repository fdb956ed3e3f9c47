import { describe, expect, it } from "vitest";
import { floatAttribute, floatsAttribute, type PlainAttribute } from "../../core/graph/attributes.ts";
import { checkGradient } from "./check.ts";

const own = { domain: "com.microsoft", opsets: { "com.microsoft": 1 } };

const activations: Readonly<Record<string, readonly number[]>> = {
  Relu: [],
  Sigmoid: [],
  Tanh: [],
  LeakyRelu: [0.25],
  Clip: [-0.5, 1.5],
  HardSigmoid: [0.25, 0.5],
};

describe("gradients of what the runtime's optimiser fused", () => {
  for (const [activation, params] of Object.entries(activations)) {
    it(`FusedConv with ${activation}`, async () => {
      const attributes: Record<string, PlainAttribute> = { activation, strides: [1, 2] };
      if (params.length > 0) attributes["activation_params"] = floatsAttribute(params);
      // Few elements, of which none is near a kink.
      const inputs = [{ shape: [1, 1, 2, 3] }, { shape: [2, 1, 2, 2], low: 0.2, high: 0.6 }, { shape: [2] }];
      await checkGradient({ op: "FusedConv", inputs, attributes, ...own });
    });
  }

  it("FusedConv with something to add before the activation", async () => {
    const inputs = [{ shape: [1, 2, 3, 3] }, { shape: [3, 2, 1, 1] }, { shape: [3] }, { shape: [1, 3, 3, 3] }];
    await checkGradient({ op: "FusedConv", inputs, attributes: { activation: "Tanh" }, ...own });
    const noBias = inputs.map((input, slot) => (slot === 2 ? undefined : input));
    await checkGradient({ op: "FusedConv", inputs: noBias, attributes: { activation: "Tanh" }, ...own });
  });

  it("FusedGemm", async () => {
    const inputs = [{ shape: [3, 4] }, { shape: [2, 4] }, { shape: [2] }];
    const attributes = { transB: 1, alpha: floatAttribute(0.5) };
    await checkGradient({ op: "FusedGemm", inputs, attributes: { ...attributes, activation: "Sigmoid" }, ...own });
    const leaky = { activation: "LeakyRelu", activation_alpha: floatAttribute(0.25) };
    await checkGradient({ op: "FusedGemm", inputs, attributes: { ...attributes, ...leaky }, ...own });
  });

  it("refuses activations that it does not know", async () => {
    const inputs = [{ shape: [3, 4] }, { shape: [4, 2] }];
    await expect(
      checkGradient({ op: "FusedGemm", inputs, attributes: { activation: "Softplus" }, ...own }),
    ).rejects.toThrow('FusedGemm "y0": no gradient for activation "Softplus".');
  });
});
