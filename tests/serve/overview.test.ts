import { expect, test } from "vitest";
import type { VariantView } from "../../core/contract/views.ts";
import { suggest } from "../../core/serve/overview.ts";

const variant = (name: string, more: Partial<VariantView> = {}): VariantView => ({
  ...{ id: name, name, at: "", parent: null, isBaseline: false, recipe: null, sha256: "", bytes: 1000, sizeRatio: 1 },
  ...{ isMeasured: true, warnings: [], ...more },
});
const texts = (variants: readonly VariantView[], hasData = true): string[] =>
  suggest({ variants, hasData, methods: [] }).map((s) => s.text);

test("suggests what comes first in an empty project", () => {
  expect(texts([], false)).toEqual(["Import a model"]);
  const baseline = variant("net", { isBaseline: true, isMeasured: false });
  expect(texts([baseline], false)).toEqual(["Import data", "Measure the baseline"]);
  expect(texts([baseline])).toEqual(["Measure the baseline"]);
});

test("suggests to measure what nobody has measured yet, by name", () => {
  const baseline = variant("net", { isBaseline: true });
  const made = (name: string, isMeasured = false): VariantView => variant(name, { isMeasured });
  expect(texts([baseline, made("a")])).toEqual(["Measure the new variant"]);
  const variants = [baseline, ...["a", "b", "c", "d", "e"].map((n) => made(n))];
  const found = suggest({ variants, hasData: true, methods: [] });
  expect(found[0]).toMatchObject({ text: "Measure 5 new variants", step: { kind: "measure" } });
  expect(found[0]?.reason).toMatch(/^a, b, c and 2 more: /);
  expect(texts([baseline, made("a", true)])).toEqual(["Compare the variants"]);
});

test("puts methods that speak for themselves before the comparison", () => {
  const baseline = variant("net", { isBaseline: true });
  const own = { text: "Do it", reason: "It pays.", method: "any", from: "net", takes: "seconds" } as const;
  const found = suggest({ variants: [baseline, variant("a")], hasData: true, methods: [{ ...own, params: { n: 1 } }] });
  expect(found.map((s) => s.text)).toEqual(["Do it", "Compare the variants"]);
  expect(found[0]?.step).toEqual({ kind: "method", method: "any", from: "net", params: { n: 1 } });
});
