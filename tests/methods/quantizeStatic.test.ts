import { beforeAll, describe, expect, it } from "vitest";
import { nodeHost as host } from "../../core/app/nodeHost.ts";
import type { NdArray } from "../../core/base/array.ts";
import type { Json } from "../../core/base/json.ts";
import type { ProgressEvent } from "../../core/contract/event.ts";
import type { SampleStream } from "../../core/data/batches.ts";
import { floatTensor, tensorArray, value } from "../../core/graph/build.ts";
import type { Model, Tensor } from "../../core/graph/model.ts";
import { findMethod } from "../../core/methods/catalogue.ts";
import type { Method, MethodResult } from "../../core/methods/define.ts";
import type { Findings } from "../../core/methods/quantize-static/findings.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { isEightBitExact } from "../../core/runtime/saturation.ts";
import { emulateSaturation } from "../../core/transform/emulateSaturation.ts";
import { conv, executedOps, net, noise, op, outputOf, sqnrOf, weight, type Net } from "../transform/fixtures.ts";
import { streamOf } from "../transform/quantize.ts";

let method: Method;
beforeAll(async () => {
  method = await findMethod("quantize-static");
});

const norm = (input: string, output: string): ReturnType<typeof op> =>
  op("BatchNormalization", [input, "g", "s", "m", "v"], output);

/** Input channel 0 of the second layer is always zero and has huge weights, which leave no steps for the others. */
function fragile(): Tensor[] {
  const first = tensorArray(weight("w1", [8, 3, 3, 3])).data as Float32Array;
  const second = tensorArray(weight("w2", [8, 8, 3, 3], 2)).data as Float32Array;
  return [
    floatTensor(
      "w1",
      [8, 3, 3, 3],
      first.map((x, i) => (i < 27 ? 0 : x)),
    ),
    floatTensor(
      "w2",
      [8, 8, 3, 3],
      second.map((x, i) => (Math.floor(i / 9) % 8 === 0 ? 60 : x)),
    ),
  ];
}

const layers: Net = {
  nodes: [
    conv(["x", "w1"], "c1"),
    op("Relu", ["c1"], "r1"),
    conv(["r1", "w2"], "c2"),
    norm("c2", "n2"),
    op("Relu", ["n2"], "r2"),
    conv(["r2", "w3", "b3"], "c3"),
    op("Add", ["c3", "r2"], "a"),
    op("Relu", ["a"], "r3"),
    op("GlobalAveragePool", ["r3"], "p"),
    op("Flatten", ["p"], "f"),
    op("Gemm", ["f", "w4", "b4"], "y"),
  ],
  constants: [
    ...fragile(),
    weight("w3", [8, 8, 3, 3], 3),
    weight("b3", [8], 4),
    weight("w4", [8, 5], 5),
    weight("b4", [5], 6),
    weight("g", [8], 7),
    weight("s", [8], 8),
    weight("m", [8], 9),
    floatTensor("v", [8], [1, 2, 1, 2, 1, 2, 1, 2]),
  ],
};

const samples = noise([128, 3, 8, 8], 21);

interface Run {
  readonly model?: Model;
  readonly data?: NdArray;
  readonly calibration?: SampleStream | null;
  readonly signal?: AbortSignal;
  readonly emit?: (event: ProgressEvent) => void;
}

async function run(
  params: Record<string, Json>,
  { model = net(layers), data = samples, calibration, signal, emit }: Run = {},
): Promise<MethodResult<Json> & { readonly found: Findings }> {
  const result = await method.run({
    model,
    params: { portability: false, ...params },
    seed: 5,
    calibration: calibration === null ? undefined : (calibration ?? streamOf(data)),
    session: { threads: 1 },
    host,
    signal: signal ?? new AbortController().signal,
    emit: emit ?? (() => undefined),
  });
  return { ...result, found: result.findings as unknown as Findings };
}

describe("quantize-static", () => {
  it("gives integer kernels from end to end, and the same bytes each time", async () => {
    const events: ProgressEvent[] = [];
    const one = await run({ portability: true }, { emit: (e) => events.push(e) });
    const two = await run({ portability: true });
    expect(encodeModel(one.model)).toEqual(encodeModel(two.model));
    expect(await executedOps(one.model)).toEqual({
      QuantizeLinear: 1,
      QLinearConv: 3,
      QLinearAdd: 1,
      QLinearGlobalAveragePool: 1,
      Flatten: 1,
      QGemm: 1,
    });
    const { gate, ...found } = one.found;
    const { gate: _, ...again } = two.found;
    expect(found).toEqual(again);
    expect(found).toMatchObject({ samples: 128, folded: 1, equalized: [], excluded: [], sensitivity: [], kept: [] });
    expect(found.layers.map((l) => l.node)).toEqual(["c1", "c2", "c3", "y"]);
    expect(found.ranges.map((r) => r.value)).toEqual(["x", "r1", "r2", "c3", "r3", "p"]);
    for (const { low, high, scale, zeroPoint } of found.ranges) {
      expect(high).toBeGreaterThan(low);
      expect((255 - zeroPoint) * scale).toBeGreaterThanOrEqual(high * 0.99);
    }
    expect(found.saturation).toEqual([]);
    expect(emulateSaturation(one.model).layers).toEqual([]);
    expect(gate.speedup).toBeGreaterThan(0.05);
    expect(gate.speedup).toBeCloseTo(gate.beforeMs / gate.afterMs, 9);
    expect(gate).toMatchObject({ batch: 1, threads: 1 });
    expect(["faster", "same", "slower"]).toContain(gate.verdict);
    expect(gate.reasons.length).toBeGreaterThan(0);
    expect(events.flatMap((e) => (e.kind === "stage" ? [e.name] : []))).toEqual([
      "Gate",
      "Calibrate",
      "Quantise",
      "Portability",
    ]);
    const blocks = method.report(one.findings, {});
    expect(blocks.flatMap((b) => (b.kind === "table" ? [b.title] : []))).toEqual(["Activation ranges"]);
  });

  it("finds the layer that was made fragile, and keeps it in float on request", async () => {
    const float = await outputOf(net(layers), samples);
    const plain = await run({});
    const { found, model } = await run({ excludeWorst: 1, sensitivity: "sqnr" });
    expect(found.sensitivity.map((s) => s.node)).toHaveLength(4);
    expect(found.sensitivity[0]?.node).toBe("c2");
    expect(found.sensitivity[0]!.sqnr).toBeLessThan(found.sensitivity[1]!.sqnr - 10);
    expect(found.excluded).toEqual(["c2"]);
    expect(found.layers.map((l) => l.node)).toEqual(["c1", "c3", "y"]);
    expect(found.kept).toEqual([{ node: "c2", op: "Conv", reason: "it is excluded" }]);
    const [before, after] = [
      sqnrOf(float, await outputOf(plain.model, samples)),
      sqnrOf(float, await outputOf(model, samples)),
    ];
    expect(after).toBeGreaterThan(before + 2);
  });

  it.each(["kl", "mse", "cosine"])("ranks by %s as well", async (sensitivity) => {
    const { found } = await run({ sensitivity, sensitivitySamples: 16 });
    expect(found.sensitivity[0]?.node).toBe("c2");
    expect(found.excluded).toEqual([]);
    expect(found.layers).toHaveLength(4);
  });

  it.each<[string, Record<string, Json>]>([
    ["int8 activations", { activations: "int8" }],
    ["one scale per tensor", { perChannel: false, exclude: ["c2"] }],
    ["percentile ranges", { range: "percentile", percentile: 99.99 }],
    ["entropy ranges", { range: "entropy" }],
    ["mse ranges of activations and weights", { range: "mse", weightRange: "mse" }],
    ["equalisation", { equalize: true }],
    ["bias correction", { biasCorrection: true }],
    ["seven bits", { reduceRange: "on" }],
    ["eight bits, whatever they sum to", { reduceRange: "off" }],
    ["exact sums alone", { target: "arm" }],
    ["batch norms kept", { foldBatchNorm: false }],
    ["a quantised tail", { tail: true }],
  ])("works with %s", async (_, params) => {
    const { model, found } = await run(params);
    const sqnr = sqnrOf(await outputOf(net(layers), samples), await outputOf(model, samples));
    // The fragile layer limits all but those that treat it.
    expect(sqnr).toBeGreaterThan(5);
    expect(found.layers.length).toBeGreaterThanOrEqual(3);
  });

  it("gains from equalisation where one scale has to do for channels of very different size", async () => {
    const stretch = (name: string, [dims, sign]: readonly [readonly number[], 1 | -1]): Tensor => {
      const channelOf = (i: number): number => (sign === 1 ? Math.floor(i / 27) : Math.floor(i / 9) % 8);
      const data = tensorArray(weight(name, dims)).data as Float32Array;
      return floatTensor(
        name,
        dims,
        data.map((x, i) => x * 300 ** ((sign * channelOf(i)) / 8)),
      );
    };
    const uneven = net({
      nodes: [conv(["x", "w1"], "c"), op("Relu", ["c"], "r"), conv(["r", "w2"], "y")],
      constants: [stretch("w1", [[8, 3, 3, 3], 1]), stretch("w2", [[8, 8, 3, 3], -1])],
    });
    const float = await outputOf(uneven, samples);
    const quality = async (equalize: boolean): Promise<number> => {
      const { model, found } = await run({ perChannel: false, equalize }, { model: uneven });
      expect(found.equalized).toEqual(equalize ? [["c", "y"]] : []);
      return sqnrOf(float, await outputOf(model, samples));
    };
    expect(await quality(true)).toBeGreaterThan((await quality(false)) + 10);
  });

  it("chooses narrower ranges by the methods that look at distributions", async () => {
    // One element far outside, in the first sample.
    const data = { ...samples, data: (samples.data as Float32Array).with(0, 12) };
    const highOf = async (range: string): Promise<number> => {
      const { found } = await run({ range, percentile: 99 }, { data });
      const x = found.ranges.find((r) => r.value === "x")!;
      expect(x.high).toBe(12);
      return (255 - x.zeroPoint) * x.scale;
    };
    expect(await highOf("min-max")).toBeGreaterThan(11.9);
    for (const range of ["percentile", "entropy", "mse"]) expect(await highOf(range), range).toBeLessThan(11.8);
  });

  it("warns where kernels without VNNI saturate, and by default leaves nothing that does", async () => {
    const loud = net({
      input: ["N", 32],
      nodes: [op("Gemm", ["x", "w"], "y")],
      constants: [floatTensor("w", [32, 4], new Float32Array(128).fill(0.5))],
    });
    const data = noise([128, 32]);
    const bright = { ...data, data: (data.data as Float32Array).map((v) => 1 - Math.abs(v) / 1000) };
    const plain = await run({ portability: true, reduceRange: "off" }, { model: loud, data: bright });
    expect(plain.found.saturation).toEqual([{ node: "y", saturated: 1, sqnr: expect.closeTo(6, 0) as number }]);
    const where = (await isEightBitExact()) ? "without VNNI" : "without VNNI, as this one is,";
    expect(plain.warnings.at(-1)).toBe(
      `On x86 processors ${where} 1 layer saturates, "y" worst (100.00 % of its pair sums). ` +
        "With target every and reduce-range auto none can.",
    );
    for (const params of [{}, { reduceRange: "on" }, { target: "x86" }] as readonly Record<string, Json>[]) {
      const { found, warnings } = await run({ portability: true, ...params }, { model: loud, data: bright });
      expect(found.saturation).toEqual([]);
      expect(warnings.filter((w) => w.includes("saturate"))).toEqual([]);
    }
    const exact = await run({ portability: true, target: "x86-vnni" }, { model: loud, data: bright });
    expect(exact.found).toMatchObject({ saturation: plain.found.saturation });
  });

  it("leaves layers that patterns name in float", async () => {
    const { found } = await run({ exclude: ["c*", "nothing-*"].slice(0, 1) });
    expect(found.layers.map((l) => l.node)).toEqual(["y"]);
    expect(found.kept.filter((k) => k.reason === "it is excluded").map((k) => k.node)).toEqual(["c1", "c2", "c3"]);
  });

  it("takes a model that fixes its batch", async () => {
    const { model, found } = await run(
      { samples: 20, sensitivity: "mse", sensitivitySamples: 4, portability: true },
      {
        model: net({ ...layers, input: [16, 3, 8, 8] }),
      },
    );
    expect(found.gate.batch).toBe(16);
    expect(found.saturation).toEqual([]);
    expect(found.sensitivity[0]?.node).toBe("c2");
    expect((await executedOps(model))["QLinearConv"]).toBe(3);
  });

  it("warns of few samples", async () => {
    const events: ProgressEvent[] = [];
    await run({ samples: 200 }, { data: noise([12, 3, 8, 8]), emit: (e) => events.push(e) });
    const warnings = events.flatMap((e) => (e.kind === "message" && e.level === "warning" ? [e.text] : []));
    expect(warnings.slice(0, 2)).toEqual([
      "The calibration split has 12 samples, fewer than the 200 asked for.",
      "12 calibration samples are few; 100 or more give steadier ranges.",
    ]);
  });

  it.each<
    [string, Record<string, Json>, Run, { readonly code: string; readonly message: string; readonly hint: string }]
  >([
    [
      "a pattern that names nothing",
      { exclude: ["c1", "conv*"] },
      {},
      { code: "invalid-recipe", message: 'No node is called "conv*".', hint: '"lathe inspect MODEL" lists the nodes.' },
    ],
    [
      "patterns that name every layer",
      { exclude: ["c*", "y"] },
      {},
      {
        code: "invalid-recipe",
        message: 'Nothing is left to quantise: "c*, y" excludes every layer.',
        hint: "Exclude fewer layers.",
      },
    ],
    [
      "leaving out as many layers as there are",
      { excludeWorst: 4 },
      {},
      {
        code: "invalid-recipe",
        message: 'Nothing is left to quantise: exclude-worst is "4" and there are 4 layers.',
        hint: "Exclude fewer layers.",
      },
    ],
    [
      "no calibration data",
      {},
      { calibration: null },
      {
        code: "invalid-data",
        message: "Static quantisation needs calibration samples and the project has none.",
        hint: 'Import data with "lathe import data PATH", or use quantize-dynamic, which needs none.',
      },
    ],
    [
      "fewer samples than a fixed batch",
      { samples: 8 },
      { model: net({ ...layers, input: [16, 3, 8, 8] }) },
      {
        code: "invalid-data",
        message: 'The model takes batches of "16" and there are only 8 samples.',
        hint: "Calibrate on at least 16 samples.",
      },
    ],
    [
      "a model without constant weights",
      {},
      { model: net({ nodes: [op("Neg", ["w"], "v"), conv(["x", "v"], "y")], constants: [weight("w", [4, 3, 3, 3])] }) },
      {
        code: "unsupported",
        message: 'No layer can be quantised. Conv "y": its weights are computed or not float32.',
        hint: "Use dynamic quantisation or half precision.",
      },
    ],
    [
      "samples of the wrong shape",
      {},
      { data: noise([128, 3, 9, 8]), model: net({ ...layers, input: ["N", 3, 8, 8] }) },
      {
        code: "invalid-argument",
        message: 'Input "x" of the model wants float32[N,3,8,8], was given "float32[1,3,9,8]".',
        hint: "Change the preprocessing so that it makes this shape and type.",
      },
    ],
    [
      "samples with NaN",
      {},
      { data: { ...samples, data: (samples.data as Float32Array).with(1000, NaN) } },
      {
        code: "numeric",
        message: 'The value "x" became "NaN" during calibration.',
        hint: "Check the model and the preprocessing; a model that overflows cannot be calibrated.",
      },
    ],
  ])("refuses %s", async (_, ...[params, given, expected]) => {
    await expect(run(params, given)).rejects.toMatchObject(expected);
  });

  it("stops, where that is asked for, on a machine that would be slower, and says how much", async () => {
    const outcome = await run({ ifSlower: "stop" }).catch((thrown: unknown) => thrown);
    if (outcome instanceof Error) {
      expect(outcome).toMatchObject({
        code: "not-runnable",
        message: expect.stringMatching(
          /^INT8 would run at "[0-9.]+" times the speed of float on this machine\.$/,
        ) as string,
        hint: "Set if-slower to warn to quantise all the same, for size or for another machine.",
      });
    } else expect(outcome).toMatchObject({ found: { gate: { verdict: "faster" } } });
  });

  it("stops when it is cancelled", async () => {
    const stop = new AbortController();
    const running = run({}, { signal: stop.signal, emit: (e) => e.kind === "progress" && stop.abort() });
    await expect(running).rejects.toMatchObject({ code: "cancelled" });
  });
});

describe("applies", () => {
  const reasonFor = (model: Model): string => {
    const found = method.applies(model);
    return found.applies ? "" : found.reason;
  };
  const simple = net({ nodes: [conv(["x", "w"], "y")], constants: [weight("w", [4, 3, 3, 3])] });

  it("says yes to float models, old ones included", () => {
    expect(method.applies(net(layers))).toEqual({ applies: true, notes: [] });
    expect(method.applies(net({ ...layers, opset: 8 }))).toEqual({ applies: true, notes: [] });
  });

  it("notes where the pairs will be of the runtime's own domain", () => {
    const nodes = [conv(["x", "w"], "c"), op("Hardmax", ["c"], "y")];
    const old = net({ nodes, constants: [weight("w", [4, 3, 3, 3])], opset: 11 });
    expect(method.applies(old)).toEqual({
      applies: true,
      notes: ["Opset 11 has no per-channel form, so the pairs use onnxruntime's own domain."],
    });
  });

  it("says why it cannot", () => {
    const { graph } = simple;
    expect(reasonFor(net({ nodes: [op("Relu", ["x"], "y")] }))).toBe(
      "The model has no convolution or matrix multiplication that eight-bit kernels compute.",
    );
    const two = {
      ...simple,
      graph: { ...graph, inputs: [...graph.inputs, value("z", "float32"), value("w", "float32")] },
    };
    expect(reasonFor(two)).toBe('Calibration feeds one input and the model has "2".');
    const half = {
      ...simple,
      graph: {
        ...graph,
        initializers: [{ ...weight("w", [2, 3, 3, 3]), dims: [4, 3, 3, 3], type: "float16" as const }],
      },
    };
    expect(reasonFor(half)).toBe('The weights are float16: Conv "y".');
    expect(reasonFor(net({ nodes: [op("Quant", ["x"], "y", { domain: "example" })] }))).toBe(
      'onnxruntime does not know Quant of domain "example" (1 node).',
    );
  });

  it("says so of its own results and of those of dynamic quantisation", async () => {
    const { model } = await run({}, { model: simple });
    expect(reasonFor(model)).toMatch(/^The model is quantised already: DequantizeLinear "dequantize_q\d+(\.dq)?"\.$/);
    const dynamic = net({
      nodes: [op("DynamicQuantizeLinear", ["x"], "q"), conv(["x", "w"], "y")],
      constants: [weight("w", [4, 3, 3, 3])],
    });
    expect(reasonFor(dynamic)).toBe('The model is quantised already: DynamicQuantizeLinear "q".');
  });
});
