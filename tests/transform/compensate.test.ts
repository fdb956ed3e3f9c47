import { describe, expect, it } from "vitest";
import { nodeHost as host } from "../../core/app/nodeHost.ts";
import { toFloat32 } from "../../core/base/array.ts";
import { solvePositive } from "../../core/base/cholesky.ts";
import { floatTensor } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import { channelProducts } from "../../core/measure/channelSums.ts";
import { compensate, cutReaders, watchedReaders } from "../../core/transform/channels/compensate.ts";
import { leftBy, removeChannels, type ChannelChoice } from "../../core/transform/channels/remove.ts";
import { subjectOf } from "./channelNets.ts";
import { conv, net, noise, op, runModel, weight } from "./fixtures.ts";
import { streamOf } from "./quantize.ts";

/** Makes 8 channels, of which the last is twice the first, and the one before it always zero. */
function redundant(): Model {
  const first = noise([8, 3, 3, 3], 1).data as Float32Array;
  for (let i = 0; i < 27; i++) {
    first[7 * 27 + i] = 2 * first[i]!;
    first[6 * 27 + i] = 0;
  }
  return net({
    nodes: [
      conv(["x", "w"], "a", { pads: [1, 1, 1, 1] }),
      op("Relu", ["a"], "b"),
      conv(["b", "v"], "c", { pads: [1, 1, 1, 1] }),
      op("GlobalAveragePool", ["c"], "d"),
      op("Flatten", ["d"], "e"),
      op("MatMul", ["e", "m"], "y"),
    ],
    constants: [floatTensor("w", [8, 3, 3, 3], first), weight("v", [4, 8, 3, 3]), weight("m", [4, 4])],
  });
}

async function errorWithout(units: readonly number[], isCompensated: boolean): Promise<number> {
  const { model, found, shapes } = await subjectOf(redundant());
  const group = found.groups.find((g) => g.units.length === 8)!;
  const choice: ChannelChoice = new Map([[group.name, units]]);
  const samples = noise([12, 3, 8, 8], 7);
  const options = { stream: streamOf(samples), batch: 4, session: { threads: 1 }, host };
  const signal = new AbortController().signal;
  const products = await channelProducts(model, watchedReaders(model, shapes.values), { ...options, signal });
  const readers = cutReaders(model, shapes.values, leftBy(found, choice));
  expect(readers.map((r) => r.layer.weight)).toEqual(["v"]);
  const whole = isCompensated ? compensate(model, readers, products) : model;
  const small = removeChannels(whole, found, { choice, shapes: shapes.values });
  const [before, after] = await Promise.all([model, small].map((m) => runModel(m, { x: samples })));
  const [a, b] = [toFloat32(before!["y"]!), toFloat32(after!["y"]!)];
  const square = (x: Float32Array): number => x.reduce((sum, v) => sum + v * v, 0);
  return Math.sqrt(square(a.map((v, i) => v - b[i]!)) / square(a));
}

describe("compensation for removed channels", () => {
  it("makes up for a channel that others tell, and changes nothing for one that is always zero", async () => {
    expect(await errorWithout([7], false)).toBeGreaterThan(0.05);
    expect(await errorWithout([7], true)).toBeLessThan(0.005);
    expect(await errorWithout([6], true)).toBeLessThan(1e-6);
  });

  it("is nearer to the whole model than leaving channels out, where they are told in part", async () => {
    expect(await errorWithout([1, 3, 4], true)).toBeLessThan(await errorWithout([1, 3, 4], false));
  });
});

describe("a positive definite system", () => {
  it("is solved, and one that is not positive definite is refused", () => {
    const x = Float64Array.of(8, 7);
    expect(solvePositive(Float64Array.of(4, 2, 2, 3), [x])).toBe(true);
    expect(x[0]).toBeCloseTo(1.25, 12);
    expect(x[1]).toBeCloseTo(1.5, 12);
    expect(solvePositive(Float64Array.of(1, 2, 2, 1), [Float64Array.of(1, 1)])).toBe(false);
  });
});
