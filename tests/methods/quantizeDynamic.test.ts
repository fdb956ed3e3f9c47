import { describe, expect, it } from "vitest";
import { nodeHost as host } from "../../core/app/nodeHost.ts";
import type { Json } from "../../core/base/json.ts";
import { floatTensor } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import { completeRecipe } from "../../core/app/recipe.ts";
import { findMethod } from "../../core/methods/catalogue.ts";
import { thisProcessor } from "../../core/runtime/machine.ts";
import { emulateSaturation } from "../../core/transform/emulateSaturation.ts";
import { net, noise, op, outputOf, sqnrOf, weight } from "../transform/fixtures.ts";

const source = net({
  input: ["N", 32],
  nodes: [op("MatMul", ["x", "w"], "h"), op("Relu", ["h"], "r"), op("Gemm", ["r", "v", "b"], "y")],
  constants: [
    floatTensor(
      "w",
      [32, 16],
      Float32Array.from({ length: 512 }, (_, i) => 0.5 + (i % 7) / 20),
    ),
    weight("v", [16, 4], 2),
    weight("b", [4], 3),
  ],
});
const samples = noise([16, 32], 5);
const bright = { ...samples, data: (samples.data as Float32Array).map((v) => 3 + v / 2) };

async function run(params: Record<string, Json>): Promise<Model> {
  const method = await findMethod("quantize-dynamic");
  const { model } = await method.run({
    model: source,
    params,
    seed: 1,
    calibration: undefined,
    session: { threads: 1 },
    host,
    signal: new AbortController().signal,
    emit: () => undefined,
  });
  return model;
}

describe("quantize-dynamic", () => {
  it("gives by default what no processor can saturate", async () => {
    const made = await run({});
    expect(emulateSaturation(made)).toMatchObject({ layers: [], integerLayers: 2 });
    expect(sqnrOf(await outputOf(source, bright), await outputOf(made, bright))).toBeGreaterThan(36);
  });

  it.each<[string, Record<string, Json>]>([
    ["VNNI", { target: "x86-vnni" }],
    ["ARM", { target: "arm" }],
    ["eight bits in any case", { reduceRange: "off" }],
  ])("uses all eight bits for %s", async (_, params) => {
    expect(emulateSaturation(await run(params)).layers.map((l) => l.node)).toContain("h.sum");
  });

  it("keeps in its recipe what this machine is", async () => {
    const request = { method: "quantize-dynamic", params: { target: "here" }, seed: 1, threads: 1 };
    const { recipe } = await completeRecipe(request);
    expect(recipe.params["target"]).toBe(await thisProcessor());
    expect((await completeRecipe({ recipe })).recipe).toEqual(recipe);
  });

  it.each([
    [true, "on"],
    [false, "off"],
  ])("reads recipes from before there were targets: reduced range %s", async (reduceRange, expected) => {
    const old = {
      lathe: 1,
      method: "quantize-dynamic",
      version: 1,
      params: { reduceRange },
      seed: 1,
      threads: 1,
    } as const;
    const { recipe } = await completeRecipe({ recipe: old });
    expect(recipe).toMatchObject({ version: 2, params: { target: "every", reduceRange: expected } });
  });

  it("keeps seven bits everywhere on request", async () => {
    expect(emulateSaturation(await run({ reduceRange: "on" })).layers).toEqual([]);
  });
});
