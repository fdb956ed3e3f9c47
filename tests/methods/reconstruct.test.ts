import { describe, expect, it } from "vitest";
import { nodeHost as host } from "../../core/app/nodeHost.ts";
import { toFloat32 } from "../../core/base/array.ts";
import { floatTensor, tensorArray } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import { layerProducts } from "../../core/measure/layerProducts.ts";
import { reconstruct } from "../../core/methods/reconstruct.ts";
import { leftBy, removeChannels, type ChannelChoice } from "../../core/transform/channels/remove.ts";
import { subjectOf } from "../transform/channelNets.ts";
import { conv, net, noise, op, runModel, weight } from "../transform/fixtures.ts";
import { streamOf } from "../transform/quantize.ts";

const samples = noise([24, 3, 8, 8], 7);
const signal = new AbortController().signal;
const context = { seed: 0, session: { threads: 1 }, host, signal, emit: () => {} } as const;

/** Strides, pads, a transposed convolution, a bias and a matrix product. */
const model: Model = net({
  nodes: [
    conv(["x", "w"], "a", { pads: [1, 1, 1, 1], strides: [2, 2] }),
    op("Relu", ["a"], "b"),
    conv(["b", "v", "vb"], "c", { pads: [1, 1, 1, 1], dilations: [1, 1] }),
    op("Relu", ["c"], "d"),
    op("ConvTranspose", ["d", "t"], "e", { attributes: { strides: [2, 2], group: 1 } }),
    op("GlobalAveragePool", ["e"], "f"),
    op("Flatten", ["f"], "g"),
    op("Gemm", ["g", "m"], "y", { attributes: { transB: 1 } }),
  ],
  constants: [
    weight("w", [8, 3, 3, 3]),
    weight("v", [6, 8, 3, 3]),
    floatTensor("vb", [6], [0.1, -0.2, 0.3, 0.2, -0.1, 0.05]),
    weight("t", [6, 5, 2, 2]),
    weight("m", [4, 5]),
  ],
});

function changed(whole: Model, name: string, by: number): Model {
  const initializers = whole.graph.initializers.map((t) => {
    if (t.name !== name) return t;
    return floatTensor(
      name,
      t.dims,
      toFloat32(tensorArray(t)).map((v, i) => v + by * Math.sin(i)),
    );
  });
  return { ...whole, graph: { ...whole.graph, initializers } };
}

describe("the products of a layer", () => {
  it.each([
    ["c", "v", 72],
    ["e", "t", 24],
    ["y", "m", 5],
  ])("are those of what the weights of %s are multiplied with and of what it gives", async (output, name, size) => {
    const { model: whole } = await subjectOf(model);
    const layer = whole.graph.nodes.find((n) => n.outputs[0] === output)!.name;
    const options = { layer, stream: streamOf(samples), batch: 6, ...context };
    const found = await layerProducts(whole, whole, options);
    expect(found.size).toBe(size);
    // The weights themselves solve G·w = t, whatever kernel, stride and bias are.
    const constant = whole.graph.initializers.find((t) => t.name === name)!;
    const w = toFloat32(tensorArray(constant));
    const [rows, rowAxis] = output === "e" ? [5, 1] : [constant.dims[0]!, 0];
    const inner = constant.dims.slice(rowAxis + 1).reduce((p, d) => p * d, 1);
    const at = (row: number, j: number): number => w[(Math.floor(j / inner) * rows + row) * inner + (j % inner)]!;
    let [error, length] = [0, 0];
    for (let i = 0; i < size; i++)
      for (let row = 0; row < rows; row++) {
        let sum = 0;
        for (let j = 0; j < size; j++) sum += found.inputs[i * size + j]! * at(row, j);
        error += (sum - found.targets[i * rows + row]!) ** 2;
        length += sum ** 2;
      }
    expect(Math.sqrt(error / length)).toBeLessThan(1e-4);
  });
});

describe("reconstruction", () => {
  const errorOf = async (whole: Model, small: Model): Promise<number> => {
    const [before, after] = await Promise.all([whole, small].map((m) => runModel(m, { x: samples })));
    const [a, b] = [toFloat32(before!["y"]!), toFloat32(after!["y"]!)];
    return Math.hypot(...a.map((v, i) => v - b[i]!)) / Math.hypot(...a);
  };

  it("brings a model without some channels nearer to the whole one", async () => {
    const { model: whole, found, shapes } = await subjectOf(model);
    const group = found.groups.find((g) => g.units.length === 8)!;
    const choice: ChannelChoice = new Map([[group.name, [1, 4]]]);
    const small = removeChannels(whole, found, { choice, shapes: shapes.values });
    const options = { whole, shapes: shapes.values, left: leftBy(found, choice), stream: streamOf(samples), context };
    const { model: fitted } = await reconstruct(small, options);
    expect(await errorOf(whole, fitted)).toBeLessThan(0.7 * (await errorOf(whole, small)));
    expect((await reconstruct(small, options)).model).toEqual(fitted);
    // What stands before the removal stays.
    const first = (m: Model): unknown => m.graph.initializers.find((t) => t.name === "w");
    expect(first(fitted)).toEqual(first(small));
  });

  it("finds weights again that were changed behind the removal", async () => {
    const { model: whole, found, shapes } = await subjectOf(model);
    const group = found.groups.find((g) => g.units.length === 8)!;
    const choice: ChannelChoice = new Map([[group.name, [5]]]);
    const damaged = changed(removeChannels(whole, found, { choice, shapes: shapes.values }), "t", 0.3);
    const options = { whole, shapes: shapes.values, left: leftBy(found, choice), stream: streamOf(samples), context };
    expect(await errorOf(whole, (await reconstruct(damaged, options)).model)).toBeLessThan(
      0.3 * (await errorOf(whole, damaged)),
    );
  });

  it("leaves a model alone of which nothing was removed", async () => {
    const { model: whole, found, shapes } = await subjectOf(model);
    const options = {
      whole,
      shapes: shapes.values,
      left: leftBy(found, new Map()),
      stream: streamOf(samples),
      context,
    };
    expect((await reconstruct(whole, options)).model).toBe(whole);
  });
});
