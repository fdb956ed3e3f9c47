import { describe, expect, it } from "vitest";
import { float32 } from "../../core/base/array.ts";
import { hash } from "../../core/base/hash.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { withSession } from "../../core/runtime/session.ts";
import { findNet } from "../../core/zoo/catalogue.ts";
import { countNet } from "../../core/zoo/count.ts";

describe("residual nets for small pictures", () => {
  // He et al. 2016, table 6 (millions).
  it.each([
    [20, 0.27],
    [32, 0.46],
    [44, 0.66],
    [56, 0.85],
    [110, 1.7],
  ])("ResNet-%i has the published parameters", (layers, millions) => {
    const { parameters } = countNet(findNet(`resnet${layers}`).describe());
    expect(parameters / 1e6).toBeCloseTo(millions, millions < 1 ? 2 : 1);
  });
});

it("runs for any batch", async () => {
  const model = findNet("resnet20").build({ seed: 1 });
  await withSession(model, { host: nodeHost }, async (session) => {
    for (const batch of [1, 3]) {
      const input = float32([batch, 3, 32, 32], new Float32Array(batch * 3072).fill(0.5));
      const { logits } = await session.run({ input });
      expect(logits?.dims).toEqual([batch, 10]);
    }
  });
});

it("gives the same bytes for the same seed, and others for another", () => {
  const bytes = (seed: number): string => hash(encodeModel(findNet("resnet8").build({ seed })));
  expect(bytes(1)).toBe(bytes(1));
  expect(bytes(1)).not.toBe(bytes(2));
});
