import { describe, expect, it } from "vitest";
import { nodeHost as host } from "../../core/app/nodeHost.ts";
import type { NdArray } from "../../core/base/array.ts";
import { floatTensor, tensorArray } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import { observeActivations } from "../../core/measure/activations.ts";
import { affineWithin } from "../../core/transform/affine.ts";
import type { Bits } from "../../core/transform/bits.ts";
import { normalizeModel } from "../../core/transform/constants.ts";
import { fakeQuantize, gridKey, trainedGrids, type FakeQuantized } from "../../core/transform/fakeQuantize.ts";
import type { FormatName } from "../../core/transform/formats.ts";
import { chooseRange } from "../../core/transform/ranges.ts";
import { planFormats, writeFormats } from "../../core/transform/writeFormats.ts";
import { runBackward } from "../autodiff/backward.ts";
import { conv, net, noise, op, outputOf, sqnrOf, weight } from "./fixtures.ts";
import { streamOf } from "./quantize.ts";

const residual = normalizeModel(
  net({
    input: ["N", 3, 6, 6],
    opset: 13,
    constants: [weight("w1", [8, 3, 3, 3], 1), weight("w2", [8, 8, 3, 3], 2), weight("w3", [8, 5], 3)],
    nodes: [
      conv(["x", "w1"], "c1"),
      op("Relu", ["c1"], "r1"),
      conv(["r1", "w2"], "c2"),
      op("Add", ["c2", "r1"], "s"),
      op("GlobalAveragePool", ["s"], "p"),
      op("Flatten", ["p"], "f"),
      op("MatMul", ["f", "w3"], "y"),
    ],
  }),
);
const NODES = ["c1", "c2", "y"];
const samples = noise([16, 3, 6, 6], 4);

const eightBits = { steps: 127, isExact: true } as const;

async function prepare(name: FormatName): Promise<{ readonly fake: FakeQuantized; readonly written: Model }> {
  const assignment = new Map(NODES.map((node) => [node, name]));
  const formats = planFormats(residual, assignment);
  const seen = await observeActivations(
    residual,
    [...formats.values.keys()].map((value) => ({ value, histogram: true })),
    { stream: streamOf(samples), batch: 8, session: {}, host },
  );
  const gridOf = (value: string, bits: Bits) => {
    const choice = { method: bits === 8 ? "min-max" : "mse", percentile: 100, levels: 2 ** bits } as const;
    return affineWithin(chooseRange(seen.get(value)!, choice), "uint8", 2 ** bits);
  };
  const bits = Number(name.slice(1, 2)) as Bits;
  const weights = new Map(NODES.map((node) => [node, bits]));
  const fake = fakeQuantize(residual, { formats, folded: residual, weights, gridOf, eightBits, elements: () => 64 });
  const grids = trainedGrids(fake, fake.model);
  const written = writeFormats(residual, {
    assignment,
    gridOf: (value, width) => grids.activations.get(gridKey(value, width))!,
    eightBits,
    learned: { weights: grids.weights },
  });
  return { fake, written };
}

describe("quantisers written in float", () => {
  it.each(["w8a8", "w6a8", "w4a8", "w3a8", "w2a8", "w4a4", "w8a6", "w2a2"] as const)(
    "compute what the written model does: %s",
    async (name) => {
      const { fake, written } = await prepare(name);
      const simulated = await outputOf(fake.model, samples);
      // The same grids; the pairs round biases and the sums of the addition's sides as well.
      expect(sqnrOf(simulated, await outputOf(written, samples, "none"))).toBeGreaterThan(35);
      const float = await outputOf(residual, samples);
      const quality = sqnrOf(float, simulated);
      expect(quality).toBeGreaterThan(Number(name.slice(1, 2)) >= 4 ? 8 : -3);
      expect(quality).toBeLessThan(60);
    },
  );

  it("pass gradients as learned step size quantisation says, with its factor", async () => {
    const { fake } = await prepare("w4a8");
    const { constant, factor } = fake.weights.get("y")!;
    const w = tensorArray(residual.graph.initializers.find((t) => t.name === "w3")!);
    const steps = trainedGrids(fake, fake.model).weights.get("y")!;
    // 8 inputs share a step, the highest level is 7.
    expect(factor).toBeCloseTo((8 * 7) ** -0.25, 12);
    const data = tensorArray(fake.model.graph.initializers.find((t) => t.name === constant)!).data as Float32Array;
    data.forEach((p, c) => expect(p * factor).toBeCloseTo(steps[c]!, 6));
    const feeds: Record<string, NdArray> = { x: samples, dy: noise([16, 5], 6) };
    const whole: Model = {
      ...fake.model,
      graph: {
        ...fake.model.graph,
        initializers: [...fake.model.graph.initializers, floatTensor("dy", [16, 5], feeds["dy"]!.data as Float32Array)],
      },
    };
    const { gradients } = await runBackward(whole, { from: { y: "dy" }, to: [constant, "w3"], feeds: { x: samples } });
    const dw = gradients["w3"]!.data as Float32Array;
    const ds = gradients[constant]!.data as Float32Array;
    const weights = w.data as Float32Array;
    let inside = 0;
    for (let c = 0; c < 5; c++) {
      const s = steps[c]!;
      let sum = 0;
      let known = true;
      for (let k = 0; k < 8; k++) {
        const i = k * 5 + c;
        const ratio = weights[i]! / s;
        const isInside = ratio >= -8 && ratio <= 7;
        if (isInside) inside++;
        // Outside the gradient of the weight is zero, and that of the step needs what would have arrived.
        if (!isInside) known = false;
        sum += dw[i]! * (Math.round(ratio) - ratio);
      }
      if (known) expect(ds[c]! / factor).toBeCloseTo(sum, 3);
    }
    expect(inside).toBeGreaterThan(30);
    expect(dw.some((d) => d !== 0)).toBe(true);
  });

  it("mirror the levels of channels that a batch norm turns over", async () => {
    const formats = planFormats(residual, new Map([["c1", "w2a8" as const]]));
    const gridOf = () => affineWithin([-4, 4], "uint8", 256);
    const made = (isMirrored: boolean) =>
      fakeQuantize(residual, {
        formats,
        folded: residual,
        weights: new Map([["c1", 2 as const]]),
        gridOf,
        eightBits,
        elements: () => 64,
        mirrored: () => Array<boolean>(8).fill(isMirrored),
      });
    expect(made(false).fixed).toEqual([]);
    expect(made(true).fixed).toEqual(["c1.step.sign"]);
    const levels = async ({ model, weights }: FakeQuantized): Promise<number[]> => {
      const name = model.graph.nodes.find((n) => n.name === "c1")!.inputs[1]!;
      const shown = { ...model, graph: { ...model.graph, outputs: [{ name }] } };
      const values = await outputOf(shown, samples);
      const steps = trainedGrids({ model, weights, activations: new Map(), fixed: [] }, model).weights.get("c1")!;
      return [...new Set(Array.from(values, (v, i) => Math.round(v / steps[Math.floor(i / 27)]!) + 0))].toSorted(
        (a, b) => a - b,
      );
    };
    expect(await levels(made(false))).toEqual([-2, -1, 0, 1]);
    expect(await levels(made(true))).toEqual([-1, 0, 1, 2]);
  });

  it("say which layer has no weight to round", () => {
    const bare = normalizeModel(net({ opset: 13, nodes: [op("MatMul", ["x", "x"], "y")] }));
    const formats = planFormats(bare, new Map());
    const plan = {
      formats,
      folded: bare,
      weights: new Map([["y", 4 as const]]),
      gridOf: () => affineWithin([0, 1], "uint8", 256),
      eightBits,
      elements: () => 1,
    };
    expect(() => fakeQuantize(bare, plan)).toThrow('MatMul "y" has no constant weight to round.');
  });
});
