import { describe, expect, it } from "vitest";
import type { Json } from "../../core/base/json.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { constantBytes } from "../../core/measure/weights.ts";
import { findMethod } from "../../core/methods/catalogue.ts";
import type { Findings, Sensitivity } from "../../core/methods/quantize-mixed/findings.ts";
import type { MethodContext } from "../../core/methods/define.ts";
import type { Model } from "../../core/graph/model.ts";
import type { Bits } from "../../core/transform/bits.ts";
import { formatOf, type FormatName } from "../../core/transform/formats.ts";
import { tableBytes } from "../../core/transform/packBits.ts";
import { conv, executedOps, net, noise, op, outputOf, sqnrOf, weight } from "../transform/fixtures.ts";
import { contextOf, labelledBy, trialLog } from "./classified.ts";

/** Four layers of very different sizes. */
const small = net({
  input: ["N", 3, 8, 8],
  opset: 13,
  constants: [
    weight("w1", [16, 3, 3, 3], 1),
    weight("w2", [48, 16, 3, 3], 2),
    weight("w3", [64, 48, 1, 1], 3),
    weight("w4", [64, 10], 4),
    weight("b4", [10], 5),
  ],
  nodes: [
    conv(["x", "w1"], "c1"),
    op("Relu", ["c1"], "r1"),
    conv(["r1", "w2"], "c2"),
    op("Relu", ["c2"], "r2"),
    op("Conv", ["r2", "w3"], "c3"),
    op("Relu", ["c3"], "r3"),
    op("GlobalAveragePool", ["r3"], "p"),
    op("Flatten", ["p"], "f"),
    op("Gemm", ["f", "w4", "b4"], "y"),
  ],
});
const x = noise([96, 3, 8, 8], 8);
const samples = await labelledBy(small, x);
const method = await findMethod("quantize-mixed");

interface Ran {
  readonly model: Model;
  readonly found: Findings;
  readonly warnings: readonly string[];
  readonly others: readonly { readonly suffix: string; readonly model: Model; readonly found: Findings }[];
}

async function mixed(
  params: Record<string, Json> = {},
  parts: Partial<MethodContext<Record<string, Json>>> = {},
  model = small,
): Promise<Ran> {
  const given = method.parse({ samples: 96, sensitivitySamples: 48, ...params });
  const result = await method.run(contextOf(model, given, { samples, ...parts }));
  return {
    model: result.model,
    found: result.findings as unknown as Findings,
    warnings: result.warnings,
    others: (result.others ?? []).map((o) => ({ ...o, found: o.findings as unknown as Findings })),
  };
}

/** Bytes of the tables that unpack what was chosen. */
const tables = (chosen: readonly FormatName[]): number =>
  tableBytes(new Set(chosen.map((name) => formatOf(name).weights).filter((bits): bits is Bits => bits < 8)));

/** The least sum of harms within a budget, over every assignment. */
function bruteForce({ layers, unit }: Findings, budget: number): number {
  let best = Infinity;
  const visit = (at: number, chosen: readonly FormatName[], sums: { cost: number; harm: number }): void => {
    if (at < layers.length) {
      for (const { format, cost, harm } of layers[at]!.choices) {
        visit(at + 1, [...chosen, format], { cost: sums.cost + cost, harm: sums.harm + harm });
      }
      return;
    }
    if (sums.cost + (unit === "B" ? tables(chosen) : 0) <= budget && sums.harm < best) best = sums.harm;
  };
  visit(0, [], { cost: 0, harm: 0 });
  return best;
}

const pointOf = (found: Findings) => found.front.find((p) => p.limit === found.limit)!;
const chosenHarm = ({ layers }: Findings): number =>
  layers.reduce((sum, l) => sum + l.choices.find((c) => c.format === l.format)!.harm, 0);
const chosenCost = ({ layers, unit }: Findings): number =>
  layers.reduce(
    (sum, l) => sum + l.choices.find((c) => c.format === l.format)!.cost,
    unit === "B" ? tables(layers.map((l) => l.format)) : 0,
  );

describe("mixed precision", () => {
  it.each([
    ["size", "kl", 0.8],
    ["size", "kl", 0.62],
    ["size", "hessian", 0.7],
    ["size", "accuracy", 0.7],
    ["bops", "kl", 0.45],
    ["bops", "hessian", 0.6],
  ])("finds what trying every assignment finds: %s, %s, %d", async (budget, sensitivity, limit) => {
    const { found } = await mixed({ budget, sensitivity, limit, probes: 2 });
    const point = pointOf(found);
    const fixed = point.predicted - chosenCost(found);
    expect(found.layers.map((l) => l.choices.length)).toEqual([5, 5, 5, 5]);
    expect(chosenHarm(found)).toBeCloseTo(bruteForce(found, point.budget + point.slack - fixed), 12);
    expect(point.harm).toBeCloseTo(chosenHarm(found), 12);
    expect(point.budget).toBeCloseTo(limit * found.eightBits, 6);
    expect(point.predicted).toBeLessThanOrEqual(point.budget + point.slack);
    expect(point.actual).toBeLessThanOrEqual(point.budget);
  });

  it("predicts the bytes of the written model to within the constants that layers share", async () => {
    const { model, found, others } = await mixed({ limit: 0.7, front: [0.9, 0.6, 1] });
    expect(constantBytes(model)).toBe(pointOf(found).actual);
    for (const one of [{ found }, ...others]) {
      const { predicted, actual } = pointOf(one.found);
      expect(predicted).toBeGreaterThanOrEqual(actual);
      // Scales of activations, bounds and tables that every layer alone would bring along.
      expect(predicted - actual).toBeLessThan(200);
    }
  });

  it("gives a variant for each limit, and the same front to all", async () => {
    const { found, others } = await mixed({ limit: 0.7, front: [1, 0.6, 0.7] });
    expect(others.map((o) => o.suffix)).toEqual(["@1", "@0.6"]);
    expect(found.front.map((p) => p.limit)).toEqual([0.6, 0.7, 1]);
    expect(others[0]!.found.front).toEqual(found.front);
    const kl = found.front.map((p) => p.kl);
    expect(kl).toEqual(kl.toSorted((a, b) => b - a));
    for (const { model, found: own } of others) expect(constantBytes(model)).toBe(pointOf(own).actual);
    expect(found.front.every((p) => p.accuracy! > 0 && p.accuracy! <= 1)).toBe(true);
    // With as many bytes as eight bits take, nothing narrower is chosen.
    expect(found.front[2]!.kl).toBeLessThanOrEqual(found.front[2]!.uniform!.kl * 1.0001);
  });

  it("compares with the best uniform format within the same budget", async () => {
    const { found } = await mixed({ limit: 0.99, formats: ["w8a8", "w4a8"], front: [0.85] });
    const point = pointOf(found);
    expect(point.uniform!.format).toBe("w4a8");
    expect(point.uniform!.actual).toBeLessThanOrEqual(point.budget);
    expect(point.kl).toBeLessThan(point.uniform!.kl);
    expect(found.scores!.scores.map((s) => s.label)).toEqual(["Mixed", "Uniform w4a8", "Float"]);
  });

  it("writes integer kernels, blocks and half precision where they are offered", async () => {
    const { model, found } = await mixed({
      formats: ["fp32", "fp16", "w8a8", "w4", "w8"],
      limit: 1.4,
      sensitivity: "kl",
    });
    const ops = await executedOps(model);
    const formats = found.layers.map((l) => l.format);
    const integer = formats.slice(0, 3).filter((f) => f === "w8a8").length;
    expect(ops["QLinearConv"] ?? 0).toBe(integer);
    expect((ops["Conv"] ?? 0) + (ops["FusedConv"] ?? 0)).toBe(3 - integer);
    expect(sqnrOf(await outputOf(small, x), await outputOf(model, x))).toBeGreaterThan(20);
  });

  it("marks what is simulated", async () => {
    const { found, warnings } = await mixed({ formats: ["w4a4"], limit: 1 });
    expect(warnings).toContain(
      "4 layers have activations of fewer than eight bits, for which this runtime has no kernel: the numbers are those of such a kernel, the speed is not.",
    );
    const table = method
      .report(found as unknown as Json, method.parse({}))
      .find((b) => b.kind === "table" && b.title === "What each layer became");
    expect(table?.kind === "table" && table.rows.map((r) => r[5]!.text)).toEqual(Array(4).fill("simulated"));
  });

  it("budgets milliseconds from a table of this machine, and says how far it is off", async () => {
    const { found } = await mixed({ budget: "latency", formats: ["fp32", "w8a8", "w4a8"], limit: 4 });
    expect(found.unit).toBe("ms");
    for (const { choices } of found.layers) for (const { cost } of choices) expect(cost).toBeGreaterThanOrEqual(0);
    expect(pointOf(found).predicted).toBeLessThanOrEqual(pointOf(found).budget);
    const text = JSON.stringify(method.report(found, method.parse({ budget: "latency" })));
    expect(text).toContain("The table of layers says");
    expect(found.times.mixed).toBeGreaterThan(0);
  });

  it("gives the same bytes again, whatever the log of trials knows already", async () => {
    const log = trialLog();
    const first = await mixed({ limit: 0.7 }, { trials: log });
    expect(log.done).toHaveLength(20);
    expect(log.done[0]).toMatchObject({
      number: 0,
      group: "sensitivity",
      state: "done",
      point: { layer: "c1", format: "w2a8" },
    });
    const half = trialLog(log.done.slice(0, 7));
    const again = await mixed({ limit: 0.7 }, { trials: half });
    expect(encodeModel(again.model)).toEqual(encodeModel(first.model));
    expect(again.found.layers).toEqual(first.found.layers);
    expect(half.done.slice(7).map((t) => [t.number, t.point])).toEqual(
      log.done.slice(7).map((t) => [t.number, t.point]),
    );
    const full = trialLog([...log.done]);
    await mixed({ limit: 0.6 }, { trials: full });
    expect(full.done).toHaveLength(20);
  });

  it("leaves excluded layers in float", async () => {
    const { model, found } = await mixed({ exclude: ["c1", "y"], limit: 1 });
    expect(found.layers.map((l) => l.node)).toEqual(["c2", "c3"]);
    const ops = await executedOps(model);
    expect([ops["QLinearConv"], ops["QGemm"]]).toEqual([2, undefined]);
  });

  it("reports in blocks that hold numbers", async () => {
    const { found } = await mixed({ limit: 0.7, front: [0.9], sensitivity: "hessian", probes: 2 });
    expect(found.traceError).toBeGreaterThan(0);
    const blocks = method.report(found, method.parse({ sensitivity: "hessian" }));
    expect(blocks.map((b) => b.kind)).toEqual(["facts", "table", "table", "scatter", "table"]);
    expect(JSON.stringify(blocks)).not.toMatch(/NaN|undefined|Infinity/);
  });

  it.each(["size", "bops"])(
    "takes the least that can be where nothing keeps within the limit in %s, and says so",
    async (budget) => {
      const { found, warnings, others } = await mixed({ budget, limit: 0.01, front: [0.02] });
      const point = pointOf(found);
      expect(point.wanted).toBeCloseTo(0.01 * found.eightBits, 6);
      const cheapest = (choices: readonly Sensitivity[]): number => Math.min(...choices.map((c) => c.cost));
      expect(chosenCost(found)).toBeLessThanOrEqual(
        found.layers.reduce(
          (sum, l) => sum + cheapest(l.choices),
          budget === "size" ? tables(["w2a8", "w3a8", "w4a8", "w6a8"]) : 0,
        ),
      );
      expect(point.predicted).toBeLessThanOrEqual(point.budget);
      const unit = budget === "size" ? "(B|KiB)" : "[kM]? ?bit operations";
      expect(warnings[0]).toMatch(
        new RegExp(
          `^Nothing on offer keeps within the budget of [\\d.]+ ?${unit}, 1\\.0 % of eight bits everywhere: the nearest that does was taken, [\\d.]+ ?${unit} or [\\d.]+ %\\.`,
        ),
      );
      expect(others, "lower limits give the same").toEqual([]);
      const text = JSON.stringify(method.report(found, method.parse({ budget })));
      expect(text).toContain("Least that can be");
    },
  );

  it.each([
    [{ exclude: ["*"] }, 'Nothing is left to quantise: "*" excludes every layer.'],
    [{ exclude: ["nothing"] }, 'No node is called "nothing".'],
    [
      { sensitivity: "hessian", formats: ["w4a4", "w8a8"] },
      'The Hessian of the weights says nothing of the activations of "w4a4".',
    ],
  ])("refuses %j", async (params, message) => {
    await expect(mixed(params)).rejects.toThrow(message);
  });

  it.each([
    [{ limit: 0 }, "limit"],
    [{ limit: "much" }, "limit"],
    [{ formats: [] }, "formats"],
    [{ formats: ["w5a8"] }, "formats"],
    [{ budget: "energy" }, "budget"],
    [{ front: [0.5, -1] }, "front.1"],
    [{ bits: 4 }, "bits"],
  ])("rejects the parameters %j", (params, name) => {
    expect(() => method.parse(params)).toThrow(name);
  });

  it("needs samples, and labels where answers are counted", async () => {
    await expect(mixed({}, { calibration: undefined })).rejects.toThrow(
      "Mixed precision needs calibration samples and the project has none.",
    );
    const { classes: _, ...plain } = samples;
    const bare = {
      ...plain,
      classes: undefined,
      batches: async function* (size: number) {
        for await (const batch of samples.batches(size)) yield { ...batch, labels: undefined };
      },
    };
    await expect(mixed({ sensitivity: "accuracy" }, { calibration: bare, split: () => bare })).rejects.toThrow(
      "There are no labels to count lost answers with.",
    );
    const { found } = await mixed({ limit: 0.8 }, { calibration: bare, split: () => bare });
    expect(found.scores).toBeUndefined();
    expect(pointOf(found).accuracy).toBeUndefined();
  });

  it("says where it does not apply", () => {
    expect(method.applies(small)).toEqual({ applies: true, notes: [] });
    const old = { ...small, opsets: { "": 6 } };
    expect(method.applies(old)).toMatchObject({ applies: false });
  });

  it("stops when it is cancelled", async () => {
    const control = new AbortController();
    const emit = (event: { readonly kind: string; readonly name?: string }): void => {
      if (event.name === "Judge layers") control.abort();
    };
    await expect(mixed({}, { signal: control.signal, emit })).rejects.toMatchObject({ code: "cancelled" });
  });
});
