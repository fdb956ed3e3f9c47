import { describe, expect, it } from "vitest";
import type { Layer } from "../../core/contract/measurement.ts";
import type { MethodFamily } from "../../core/contract/method.ts";
import { loadCatalogue } from "../../core/methods/catalogue.ts";
import type { KnownVariant, ProjectFacts, Suggestion } from "../../core/methods/suggestion.ts";

const catalogue = await loadCatalogue();

const conv: Layer = { node: "conv", op: "Conv", macs: 1000, parameters: 10, weightBytes: 40, weightType: "float32" };
const relu: Layer = { node: "relu", op: "Relu", macs: 0, parameters: 0, weightBytes: 0 };

/** A difference in points with half a point of noise on both sides. */
const points = (value: number): Pick<KnownVariant, "difference"> => ({
  difference: { value: value / 100, low: value / 100 - 0.005, high: value / 100 + 0.005 },
});
const speed = (value: number): Pick<KnownVariant, "speedUp"> => ({
  speedUp: { value, low: value - 0.05, high: value + 0.05 },
});

function accuracy(top1: number): Pick<KnownVariant, "accuracy"> {
  const perClass = Array.from({ length: 10 }, (_, i) => ({ label: `${i}`, samples: 100, correct: 100 * top1 }));
  const top1Interval = { low: top1 - 0.02, high: top1 + 0.02, level: 0.95 };
  return { accuracy: { split: "test", samples: 1000, top1, top1Interval, perClass } };
}

const net: KnownVariant = {
  ...{ id: "v1", name: "net", parent: null, bytes: 1000, ...accuracy(0.9) },
  layers: [
    { ...conv, time: 0.8 },
    { ...relu, time: 0.2 },
  ],
};

function made(name: string, method: string, more: Partial<KnownVariant> = {}): KnownVariant {
  const family: MethodFamily = catalogue.get(method)!.info.family;
  const layers = [{ ...conv, weightType: family === "quantize" ? "int8" : "float32" }];
  return { ...{ id: name, name, parent: "v1", bytes: 500, layers, made: { method, family, params: {} } }, ...more };
}

/** A project in which what the variants say is all that was tried. */
function facts(others: readonly KnownVariant[] = [], more: Partial<ProjectFacts> = {}): ProjectFacts {
  const tried = others.flatMap(({ made, parent }) => (made === undefined ? [] : [{ ...made, from: parent }]));
  return { baseline: net, others, hasData: true, tried, ...more };
}

const suggested = (method: string, given: ProjectFacts): Suggestion | undefined =>
  catalogue.get(method)!.suggest(given);
const all = (given: ProjectFacts): string[] =>
  [...catalogue.values()].flatMap((m) => (m.suggest(given) === undefined ? [] : [m.info.id]));

it("is a reason and a variant that is there, whoever suggests itself", () => {
  const given = facts([made("thin", "prune-channels", points(-3)), made("small", "quantize-static", points(-2))]);
  const found = [...catalogue.values()].flatMap((m) => m.suggest(given) ?? []);
  expect(found.length).toBeGreaterThan(3);
  for (const { text, reason, from } of found) {
    expect(text).toMatch(/^[A-Z].*[^.]$/);
    expect(reason).toMatch(/^[A-Za-z0-9].*\.$/);
    expect([given.baseline, ...given.others].map((v) => v.id)).toContain(from);
  }
});

describe("without data", () => {
  it("suggests nothing that calibrates or trains", () => {
    expect(all(facts([], { hasData: false }))).toEqual([]);
    expect(all(facts([made("thin", "prune-channels", points(-3))], { hasData: false }))).toEqual([]);
  });
});

describe("quantisation", () => {
  it("is suggested for a float baseline, measured or not, until it has been tried", () => {
    expect(suggested("quantize-static", facts())).toMatchObject({ text: "Quantise to INT8", from: "v1" });
    const unmeasured: KnownVariant = { id: "v1", name: "net", parent: null, bytes: 1000, layers: [] };
    expect(suggested("quantize-static", facts([], { baseline: unmeasured }))).toMatchObject({ from: "v1" });
    const integer = { ...net, layers: [{ ...conv, weightType: "int8" }] };
    expect(suggested("quantize-static", facts([], { baseline: integer }))).toBeUndefined();
    const archived = [{ method: "quantize-static", family: "quantize", from: "v1" }] as const;
    expect(suggested("quantize-static", facts([], { tried: archived }))).toBeUndefined();
    expect(suggested("quantize-static", facts([made("small", "quantize-static", points(0))]))).toBeUndefined();
  });

  it("keeps layers in float where it lost more than chance explains, and more of them the next time", () => {
    const lossy = made("small", "quantize-static", points(-0.8));
    expect(suggested("quantize-static", facts([lossy]))).toEqual({
      text: "Leave the most sensitive layers in float",
      reason: "small lost 0.8 points of top-1 against net, more than chance explains.",
      from: "v1",
      params: { excludeWorst: 2 },
      takes: "seconds",
    });
    const twice = { ...lossy, made: { ...lossy.made!, params: { range: "mse", excludeWorst: 2 } } };
    expect(suggested("quantize-static", facts([twice]))?.params).toEqual({ range: "mse", excludeWorst: 4 });
    const noise = made("small", "quantize-static", points(-0.3));
    expect(suggested("quantize-static", facts([noise]))).toBeUndefined();
    const better = made("better", "quantize-mixed", points(0));
    expect(suggested("quantize-static", facts([lossy, better]))).toBeUndefined();
  });

  it("goes on with what is still in float where it was faster here", () => {
    const fast = made("small", "quantize-static", { ...points(0), ...speed(2) });
    const thin = made("thin", "prune-channels", points(-0.5));
    const thinner = made("thinner", "prune-channels", { ...points(-4), bytes: 100 });
    expect(suggested("quantize-static", facts([fast, thin, thinner]))).toMatchObject({
      text: "Quantise thin as well",
      reason: "INT8 made net 2.00× as fast here, and thin is still in float32.",
      from: "thin",
    });
    const slow = { ...fast, ...speed(0.9) };
    expect(suggested("quantize-static", facts([slow, thin]))).toBeUndefined();
    const done = made("thin-int8", "quantize-dynamic", { parent: "thin" });
    expect(suggested("quantize-static", facts([fast, thin, done]))).toBeUndefined();
  });

  it.each(["quantize-mixed", "quantize-aware-train"])("by %s is for a loss of more than a point", (method) => {
    expect(suggested(method, facts([made("small", "quantize-static", points(-0.9))]))).toBeUndefined();
    const lossy = made("small", "quantize-static", points(-2.3));
    expect(suggested(method, facts([lossy]))?.reason).toMatch(/^small lost 2.3 points of top-1 against net\. /);
    expect(suggested(method, facts([lossy, made("own", method, points(-2.2))]))).toBeUndefined();
    expect(suggested(method, facts([lossy, made("good", "quantize-dynamic", points(-0.2))]))).toBeUndefined();
  });

  it("is held against the variant that was quantised, not against the baseline", () => {
    const thin = made("thin", "prune-channels", points(-3));
    const same = made("thin-int8", "quantize-static", { parent: "thin", ...points(-3.2) });
    expect(suggested("quantize-mixed", facts([thin, same]))).toBeUndefined();
    const worse = made("thin-int8", "quantize-static", { parent: "thin", ...points(-5) });
    expect(suggested("quantize-mixed", facts([thin, worse]))).toMatchObject({
      reason: expect.stringMatching(/^thin-int8 lost 2\.0 points of top-1 against thin\./) as string,
      from: "thin",
    });
  });
});

describe("pruning", () => {
  it("is suggested where most of the measured time goes into layers that multiply", () => {
    expect(suggested("prune-channels", facts())?.reason).toBe(
      "Conv layers take 80 % of the time of net. With fewer channels they have less to do, on any device.",
    );
    const elsewhere = {
      ...net,
      layers: [
        { ...conv, time: 0.2 },
        { ...relu, time: 0.8 },
      ],
    };
    expect(suggested("prune-channels", facts([], { baseline: elsewhere }))).toBeUndefined();
    expect(suggested("prune-channels", facts([], { baseline: { ...net, layers: [conv, relu] } }))).toBeUndefined();
    expect(suggested("prune-channels", facts([made("thin", "prune-layers")]))).toBeUndefined();
  });
});

describe("removing blocks", () => {
  const add: Layer = { node: "add", op: "Add", macs: 0, parameters: 0, weightBytes: 0 };
  const baseline = { ...net, layers: [...net.layers, add] };
  const thin = (factor: number): KnownVariant =>
    made("thin", "prune-channels", { ...speed(factor), layers: [{ ...conv, macs: 500 }] });

  it("is suggested where saved arithmetic did not save time", () => {
    expect(suggested("prune-layers", facts([thin(1.13)], { baseline }))).toMatchObject({
      text: "Remove whole blocks",
      reason:
        "thin has 50 % of the arithmetic of net but is only 1.13× as fast. A block that is gone takes all of its time with it.",
      from: "v1",
    });
    expect(suggested("prune-layers", facts([thin(1.56)], { baseline }))).toBeUndefined();
  });

  it("is for nets with shortcuts alone, whose arithmetic was known and less, until it was tried", () => {
    expect(suggested("prune-layers", facts([thin(1.13)]))).toBeUndefined();
    const same = made("same", "prune-channels", { ...speed(0.5), layers: [conv] });
    expect(suggested("prune-layers", facts([same], { baseline }))).toBeUndefined();
    const untimed = made("untimed", "prune-channels", { layers: [{ ...conv, macs: 500 }] });
    expect(suggested("prune-layers", facts([untimed], { baseline }))).toBeUndefined();
    expect(suggested("prune-layers", facts([thin(1.13), made("short", "prune-layers")], { baseline }))).toBeUndefined();
  });
});

describe("sparsity", () => {
  it("is suggested for size alone, once nothing that was timed is faster", () => {
    expect(suggested("sparsify-weights", facts())).toBeUndefined();
    const slow = made("small", "quantize-static", { ...points(0), ...speed(0.8) });
    expect(suggested("sparsify-weights", facts([slow]))).toMatchObject({
      text: "Make weights sparse, for size alone",
      reason:
        "small is not faster than net on this device. Sparse weights are not faster either, but take less to store and send.",
    });
    const fast = made("thin", "prune-channels", { ...points(0), ...speed(1.4) });
    expect(suggested("sparsify-weights", facts([slow, fast]))).toBeUndefined();
  });
});

describe("distillation", () => {
  it("is suggested for the float variant that lost least of those that lost, once", () => {
    const thin = made("thin", "prune-channels", points(-2));
    const sparse = made("sparse", "sparsify-weights", { ...points(-3), bytes: 900 });
    const small = made("small", "quantize-static", points(-1));
    expect(suggested("distill-logits", facts([thin, sparse, small]))).toMatchObject({
      text: "Distil net into thin",
      reason: "thin lost 2.0 points of top-1 against net, more than chance explains. It can learn from its answers.",
      from: "thin",
    });
    const taught = made("taught", "distill-logits", { parent: "thin", ...points(-1.5) });
    expect(suggested("distill-logits", facts([thin, sparse, taught]))).toMatchObject({ from: "sparse" });
    expect(suggested("distill-logits", facts([made("thin", "prune-channels", points(-0.4))]))).toBeUndefined();
  });
});

describe("a search", () => {
  it("is suggested where even the best pruning lost more than a point", () => {
    const thin = made("thin", "prune-channels", points(-2));
    expect(suggested("search-evolution", facts([thin]))).toMatchObject({ text: "Search for a small net", from: "v1" });
    const good = made("good", "prune-channels", points(-0.5));
    expect(suggested("search-evolution", facts([thin, good]))).toBeUndefined();
    expect(suggested("search-evolution", facts([thin, made("found", "search-random")]))).toBeUndefined();
  });
});

describe("training", () => {
  it("is all that is suggested for a net that only guesses", () => {
    const fresh = { ...net, ...accuracy(0.103) };
    expect(all(facts([], { baseline: fresh }))).toEqual(["train"]);
    expect(suggested("train", facts([], { baseline: fresh }))?.reason).toBe(
      "It is right on 10.3 % of 1,000 samples, no better than guessing among 10 classes.",
    );
    expect(suggested("train", facts())).toBeUndefined();
  });
});
