import { expect, test } from "vitest";
import type { VariantView } from "../../core/contract/views.ts";
import { suggest } from "../../core/serve/overview.ts";

const variant = (name: string, more: Partial<VariantView> = {}): VariantView => ({
  ...{ id: name, name, at: "", parent: null, isBaseline: false, recipe: null, sha256: "", bytes: 1000, sizeRatio: 1 },
  ...{ isMeasured: true, warnings: [], ...more },
});
const texts = (variants: readonly VariantView[], hasData = true): string[] =>
  suggest(variants, hasData).map((s) => s.text);
const recipe = { lathe: 1, version: 1, seed: 0, threads: 1, params: {} } as const;

test("suggests what comes first in an empty project", () => {
  expect(texts([], false)).toEqual(["Import a model"]);
  const baseline = variant("net", { isBaseline: true, isMeasured: false });
  expect(texts([baseline], false)).toEqual(["Import data", "Measure the baseline"]);
  expect(texts([baseline])).toEqual(["Measure the baseline", "Quantise to INT8"]);
});

test("suggests to measure what nobody has measured yet, by name", () => {
  const baseline = variant("net", { isBaseline: true });
  const made = (name: string, isMeasured = false): VariantView =>
    variant(name, { isMeasured, recipe: { ...recipe, method: "quantize-static" } });
  expect(texts([baseline, made("a")])).toEqual(["Measure the new variant"]);
  const found = suggest([baseline, ...["a", "b", "c", "d", "e"].map((n) => made(n))], true);
  expect(found[0]).toMatchObject({ text: "Measure 5 new variants", step: { kind: "measure" } });
  expect(found[0]?.reason).toMatch(/^a, b, c and 2 more: /);
  expect(texts([baseline, made("a", true)])).toEqual(["Compare the variants"]);
});

test("suggests to keep layers in float where quantisation lost more than chance explains", () => {
  const baseline = variant("net", { isBaseline: true });
  const lossy = variant("small", {
    recipe: { ...recipe, method: "quantize-static" },
    difference: { value: -0.02, low: -0.03, high: -0.01 },
  });
  expect(texts([baseline, lossy])).toContain("Leave the most sensitive layers in float");
  const noise = { ...lossy, difference: { value: -0.002, low: -0.01, high: 0.006 } };
  expect(texts([baseline, noise])).not.toContain("Leave the most sensitive layers in float");
});
