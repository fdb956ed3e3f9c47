import { describe, expect, it } from "vitest";
import { nodeHost as host } from "../../core/app/nodeHost.ts";
import { countCosts } from "../../core/measure/costs.ts";
import { findShapes } from "../../core/measure/shapes.ts";
import { constantBytes, findWeights } from "../../core/measure/weights.ts";
import { observeActivations } from "../../core/measure/activations.ts";
import type { Model } from "../../core/graph/model.ts";
import { tensorArray } from "../../core/graph/build.ts";
import { opOf } from "../../core/ops/registry.ts";
import { affineWithin } from "../../core/transform/affine.ts";
import { weightLevels, type Bits } from "../../core/transform/bits.ts";
import { normalizeModel } from "../../core/transform/constants.ts";
import { FORMATS, formatOf, type FormatName } from "../../core/transform/formats.ts";
import { quantizeWeights } from "../../core/transform/quantizeWeights.ts";
import { chooseRange } from "../../core/transform/ranges.ts";
import { canHave, layersOf, planFormats, writeFormats, type Assignment } from "../../core/transform/writeFormats.ts";
import {
  conv,
  executedOps,
  largestGap,
  net,
  noise,
  op,
  outputOf,
  peakOf,
  runModel,
  sqnrOf,
  weight,
} from "./fixtures.ts";
import { streamOf } from "./quantize.ts";

/** Two convolutions around a residual addition, and a head. */
const residual = normalizeModel(
  net({
    input: ["N", 3, 8, 8],
    opset: 13,
    constants: [
      weight("w1", [16, 3, 3, 3], 1),
      weight("w2", [16, 16, 3, 3], 2),
      weight("w3", [16, 16, 3, 3], 3),
      weight("w4", [16, 40], 4),
      weight("b4", [40], 5),
    ],
    nodes: [
      conv(["x", "w1"], "c1"),
      op("Relu", ["c1"], "r1"),
      conv(["r1", "w2"], "c2"),
      op("Relu", ["c2"], "r2"),
      conv(["r2", "w3"], "c3"),
      op("Add", ["c3", "r1"], "s"),
      op("Relu", ["s"], "r3"),
      op("GlobalAveragePool", ["r3"], "p"),
      op("Flatten", ["p"], "f"),
      op("Gemm", ["f", "w4", "b4"], "y"),
    ],
  }),
);
const NODES = ["c1", "c2", "c3", "y"];
const samples = noise([24, 3, 8, 8], 8);

async function calibrated(model: Model) {
  const all = new Map(layersOf(model, () => false).map(({ node }) => [node.name, "w8a8" as const]));
  const { placement } = planFormats(model, all);
  const roots = [...new Set(placement.values.values())];
  const seen = await observeActivations(
    model,
    roots.map((value) => ({ value, histogram: true })),
    { stream: streamOf(samples), batch: 8, session: {}, host },
  );
  const gridOf = (value: string, bits: Bits) => {
    const choice = { method: bits === 8 ? "min-max" : "mse", percentile: 100, levels: 2 ** bits } as const;
    return affineWithin(chooseRange(seen.get(value)!, choice), "uint8", 2 ** bits);
  };
  return (assignment: Assignment): Model =>
    writeFormats(model, { assignment, gridOf, eightBits: { steps: 127, isExact: true } });
}

const everywhere = (name: FormatName): Assignment => new Map(NODES.map((node) => [node, name]));

/** The float model with weights rounded to the grid, one scale per output channel. */
function rounded(model: Model, bits: Bits, names: readonly string[]): Model {
  const [lowest, steps] = weightLevels(bits);
  const initializers = model.graph.initializers.map((t) => {
    if (!names.includes(t.name)) return t;
    const data = tensorArray(t).data as Float32Array;
    const axis = t.dims.length === 4 ? 0 : 1;
    const { error } = quantizeWeights(data, t.dims, { axis, steps, lowest, range: bits === 8 ? "min-max" : "mse" });
    const values = data.map((w, i) => w - error[i]!);
    return { ...t, data: { kind: "bytes" as const, bytes: new Uint8Array(values.buffer) } };
  });
  return { ...model, graph: { ...model.graph, initializers } };
}

const floats = await outputOf(residual, samples);

describe("formats per layer", () => {
  it.each([2, 3, 4, 6, 8] as const)(
    "computes with weights of %i bits in convolutions as a float model with rounded weights does",
    async (bits) => {
      const write = await calibrated(residual);
      const names = ["c1", "c2", "c3"];
      const made = write(new Map(names.map((node) => [node, `w${bits}` as const])));
      const expected = await outputOf(rounded(residual, bits, ["w1", "w2", "w3"]), samples);
      expect(largestGap(await outputOf(made, samples), expected) / peakOf(expected)).toBeLessThan(1e-5);
      // Nothing of the unpacking is left at run time.
      expect(await executedOps(made)).toEqual(await executedOps(residual));
    },
  );

  it("stores half-precision weights and computes in float", async () => {
    const made = (await calibrated(residual))(everywhere("fp16"));
    expect(made.graph.initializers.filter((t) => t.type === "float16")).toHaveLength(4);
    expect(sqnrOf(floats, await outputOf(made, samples))).toBeGreaterThan(60);
    expect(await executedOps(made)).toEqual(await executedOps(residual));
  });

  it.each([
    ["w4", 17],
    ["w8", 40],
  ] as const)("makes blocks of matrices: %s", async (name, quality) => {
    const made = (await calibrated(residual))(new Map([["y", name]]));
    expect((await executedOps(made))["MatMulNBits"]).toBe(1);
    expect(sqnrOf(floats, await outputOf(made, samples))).toBeGreaterThan(quality);
  });

  it.each(["w8a8", "w6a8", "w4a8", "w3a8", "w2a8"] as const)(
    "runs %s in integer kernels, as near to the pairs computed in float as their rounding allows",
    async (name) => {
      const made = (await calibrated(residual))(everywhere(name));
      const ops = await executedOps(made);
      expect([ops["QLinearConv"], ops["QLinearAdd"], ops["QGemm"]]).toEqual([3, 1, 1]);
      expect([ops["Conv"], ops["Gemm"], ops["Cast"], ops["Gather"]]).toEqual([
        undefined,
        undefined,
        undefined,
        undefined,
      ]);
      const simulated = await outputOf(made, samples, "none");
      const executed = await outputOf(made, samples);
      // Sums round differently now and then, by one step of one activation.
      expect(sqnrOf(simulated, executed)).toBeGreaterThan(30);
    },
  );

  it.each(["w8a8", "w6a8", "w4a8", "w3a8", "w2a8", "w6", "w3", "fp16", "w4"] as const)(
    "is counted with all of its weights, and as few bytes as they take: %s",
    async (name) => {
      const made = (await calibrated(residual))(everywhere(name));
      const weights = findWeights(made.graph);
      const of = (node: string) => weights.get(made.graph.nodes.find((n) => n.name === node)!)!;
      expect(NODES.map((node) => of(node).parameters)).toEqual([432, 2304, 2304, 640 + 40]);
      const { bytes } = of("c2");
      expect(bytes).toBe(name === "fp16" ? 4608 : (2304 * formatOf(name).weights) / 8);
      const shapes = await findShapes(made, { host });
      const layers = countCosts(made, shapes).layers.map((l) => l.op);
      expect(layers.filter((l) => /Gather|Cast|Reshape|Mul$/.test(l))).toEqual([]);
    },
  );

  it("takes fewer bytes the fewer bits there are, and more error", async () => {
    const write = await calibrated(residual);
    const names = ["fp32", "fp16", "w8a8", "w6a8", "w4a8", "w3a8", "w2a8"] as const;
    const found = await Promise.all(
      names.map(async (name) => {
        const made = write(everywhere(name));
        return { bytes: constantBytes(made), quality: sqnrOf(floats, await outputOf(made, samples)) };
      }),
    );
    expect(found[0]!.quality).toBe(Infinity);
    // The tables of a few hundred bytes outweigh what this small net saves below four bits.
    expect(found.slice(0, 3).map((f) => f.bytes)).toEqual(
      found
        .slice(0, 3)
        .map((f) => f.bytes)
        .toSorted((a, b) => b - a),
    );
    expect(found.map((f) => f.quality)).toEqual(found.map((f) => f.quality).toSorted((a, b) => b - a));
  });

  it("gives an activation no more levels than its readers ask for", async () => {
    const made = (await calibrated(residual))(everywhere("w4a4"));
    const names = made.graph.nodes.filter((n) => n.op === "DequantizeLinear").map((n) => n.outputs[0]!);
    const shown = { ...made, graph: { ...made.graph, outputs: names.map((name) => ({ name })) } };
    const values = await runModel(shown, { x: samples });
    const levels = (name: string): number => new Set(values[name]!.data as Float32Array).size;
    const readBy = (node: string): string => made.graph.nodes.find((n) => n.name === node)!.inputs[0]!;
    for (const node of NODES) expect(levels(readBy(node)), node).toBeLessThanOrEqual(16);
    // The addition reads the first activation in eight bits.
    const sum = made.graph.nodes.find((n) => n.op === "Add")!;
    expect(sum.inputs.map(levels).some((count) => count > 16)).toBe(true);
    expect(sqnrOf(floats, await outputOf(made, samples))).toBeGreaterThan(5);
  });

  it("rounds data once more for a layer that wants fewer bits than its neighbour", () => {
    const { values, layers } = planFormats(residual, new Map([...everywhere("w8a8"), ["c2", "w4a4"]]));
    expect(values.get("r1")).toBe(8);
    expect(layers.get("c2")).toEqual({ bits: 4, input: { root: "r1", bits: 4 } });
    expect(layers.get("c3")).toEqual({ bits: 8 });
    const alone = planFormats(residual, new Map([...everywhere("w8a8"), ["c3", "w8a4"]]));
    // Nobody else reads the second activation.
    expect(alone.values.get("r2")).toBe(4);
    expect(alone.layers.get("c3")).toEqual({ bits: 8 });
  });

  it("mixes everything in one model", async () => {
    const made = (await calibrated(residual))(
      new Map<string, FormatName>([
        ["c1", "w8a8"],
        ["c2", "fp16"],
        ["c3", "w4a8"],
        ["y", "w4"],
      ]),
    );
    const ops = await executedOps(made);
    expect([ops["QLinearConv"], ops["FusedConv"], ops["MatMulNBits"]]).toEqual([2, 1, 1]);
    expect(sqnrOf(floats, await outputOf(made, samples))).toBeGreaterThan(12);
  });

  it("knows which format a layer can have", () => {
    const net2 = net({
      input: ["N", 4, 6, 6],
      opset: 13,
      constants: [weight("t", [4, 4, 2, 2], 1), weight("m", [6, 6], 2)],
      nodes: [
        op("ConvTranspose", ["x", "t"], "a", { attributes: { strides: [1, 1] } }),
        op("MatMul", ["x", "x"], "b"),
        op("MatMul", ["b", "m"], "c"),
      ],
      outputs: ["a", "c"],
    });
    const layers = layersOf(normalizeModel(net2), () => false);
    const allowed = (name: string): readonly FormatName[] => {
      const layer = layers.find((l) => l.node.name === name)!;
      return FORMATS.filter((f) => canHave(layer, f)).map((f) => f.name);
    };
    expect(allowed("a")).toEqual(["fp32", "fp16", "w8", "w6", "w4", "w3", "w2"]);
    expect(allowed("b")).toEqual(["fp32", "w8a8", "w8a6", "w8a4", "w8a3", "w8a2"]);
    expect(allowed("c")).toHaveLength(FORMATS.length);
    expect(layersOf(normalizeModel(net2), (n) => n.name === "a").map((l) => l.node.name)).toEqual(["b", "c"]);
  });

  it("names each format for what it is", () => {
    expect(new Set(FORMATS.map((f) => f.name)).size).toBe(FORMATS.length);
    for (const format of FORMATS) expect(formatOf(format.name)).toBe(format);
    expect(formatOf("w4a8")).toEqual({ name: "w4a8", weights: 4, activations: 8, isSimulated: false });
    expect(formatOf("w8a4").isSimulated).toBe(true);
    expect(residual.graph.nodes.filter((n) => opOf(n, residual.opsets)?.quantize.role === "multiply")).toHaveLength(4);
  });

  it("refuses operator sets without scales per channel", () => {
    const old = { ...residual, opsets: { "": 12 } };
    expect(() => planFormats(old, everywhere("w4a8"))).toThrow(
      'Formats per layer need opset 13, and the model has "12".',
    );
  });
});
