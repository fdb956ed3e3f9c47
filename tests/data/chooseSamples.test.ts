import { expect, test } from "vitest";
import { chooseSamples, partsOf, placesOf, type SampleColumns } from "../../core/data/chooseSamples.ts";
import type { SampleFilter, SampleOrder } from "../../core/contract/samples.ts";

const names = ["cat/b", "cat/a", "dog/c", "dog/D", "eel/e", "eel/f", "eel/g", "cat/h"];
const columns: SampleColumns = {
  count: 8,
  labels: Int32Array.of(0, 0, 1, 1, 2, 2, 2, 0),
  ...partsOf(8, {
    train: Int32Array.of(0, 1, 2, 3),
    validation: Int32Array.of(4),
    test: Int32Array.of(5, 6),
    calibration: Int32Array.of(3, 0),
    fingerprint: "",
  }),
  name: (i) => names[i]!,
  byName: () => placesOf(8, (i) => names[i]!),
};
const nan = Number.NaN;
const predictions = {
  predicted: Int32Array.of(0, 1, 1, -1, 2, 0, 2, -1),
  confidence: Float32Array.of(0.9, 0.5, 0.8, nan, 0.7, 0.6, 0.5, nan),
};
const baseline = { predicted: Int32Array.of(0, 0, 1, 1, 2, 2, -1, -1), confidence: new Float32Array(8) };

const chosen = (filter: SampleFilter, order: SampleOrder = { by: "number", isDown: false }): number[] => [
  ...chooseSamples(columns, { filter, order, predictions, baseline }),
];

test("filters by split, class, name, and all of them together", () => {
  expect(chosen({})).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(chosen({ split: "test" })).toEqual([5, 6]);
  expect(chosen({ split: "calibration" })).toEqual([0, 3]);
  expect(chosen({ classes: [1, 2] })).toEqual([2, 3, 4, 5, 6]);
  expect(chosen({ classes: [] })).toEqual([]);
  expect(chosen({ search: "DOG/" })).toEqual([2, 3]);
  expect(chosen({ split: "train", classes: [0], search: "a" })).toEqual([0, 1]);
});

test("filters by what was predicted, and leaves out what nobody was asked about", () => {
  expect(chosen({ outcome: "right" })).toEqual([0, 2, 4, 6]);
  expect(chosen({ outcome: "wrong" })).toEqual([1, 5]);
  expect(chosen({ confidence: { low: 0.6, high: 0.8 } })).toEqual(
    [2, 4, 5].filter((i) => i !== 2 || 0.8 >= predictions.confidence[2]!),
  );
  expect(chosen({ disagrees: true })).toEqual([1, 5]);
  expect(chosen({ disagrees: true, outcome: "right" })).toEqual([]);
});

test("sorts, with equal ones by number and what is not known last", () => {
  expect(chosen({}, { by: "number", isDown: true })).toEqual([7, 6, 5, 4, 3, 2, 1, 0]);
  expect(chosen({}, { by: "name", isDown: false })).toEqual([1, 0, 7, 3, 2, 4, 5, 6]);
  expect(chosen({}, { by: "class", isDown: true })).toEqual([4, 5, 6, 2, 3, 0, 1, 7]);
  expect(chosen({}, { by: "confidence", isDown: false })).toEqual([1, 6, 5, 4, 2, 0, 3, 7]);
  expect(chosen({}, { by: "confidence", isDown: true })).toEqual([0, 2, 4, 5, 1, 6, 3, 7]);
});

test("answers a question about a hundred thousand samples at once", () => {
  const count = 100_000;
  const part = new Uint8Array(count);
  const many: SampleColumns = {
    count,
    labels: Int32Array.from({ length: count }, (_, i) => i % 10),
    part,
    calibrates: part,
    name: (i) => `image-${i}.png`,
    byName: () => Int32Array.from({ length: count }, (_, i) => count - i),
  };
  const filter: SampleFilter = { split: "train", classes: [3, 7], search: "9" };
  const found = chooseSamples(many, {
    filter,
    order: { by: "name", isDown: false },
    predictions: undefined,
    baseline: undefined,
  });
  expect(found.length).toBe(
    Array.from({ length: count }, (_, i) => i).filter((i) => [3, 7].includes(i % 10) && String(i).includes("9")).length,
  );
  expect(found[0]).toBe(99_997);
});
