import { expect, test } from "vitest";
import { seededRandom } from "../../core/base/random.ts";
import { flatPoint } from "../../core/contract/trial.ts";
import type { StoredTrial } from "../../core/contract/trials.ts";
import type { TrialSearch } from "../../core/contract/trialViews.ts";
import {
  describeColumns,
  select,
  sortPlaces,
  startFrame,
  thin,
  type TrialFrame,
} from "../../core/search/trialFrame.ts";
import { frontOf, importancesOf } from "../../core/search/trialFronts.ts";

type Given = Partial<StoredTrial["trial"]>;

function frameOf(trials: readonly Given[]): TrialFrame {
  const builder = startFrame();
  builder.add(
    trials.map((given, i) => ({
      id: i + 10,
      job: "j1",
      method: "search-random",
      run: "r",
      trial: { number: i, point: {}, state: "done", values: {}, seconds: 1, ...given },
    })),
  );
  return builder.frame();
}

const found = (frame: TrialFrame, search: TrialSearch): number[] => [...select(frame, search)];

test("keeps parameters of any kind, and tells what columns there are", () => {
  const frame = frameOf([
    { point: { width: 8, act: "relu", blocks: [1, 2] }, values: { accuracy: 0.5 } },
    { point: { width: 16, act: "gelu", blocks: 3 }, values: { accuracy: 0.7, latency: 2 } },
    { point: { act: "relu" }, state: "failed" },
  ]);
  const columns = describeColumns(frame).filter((c) => c.kind !== "fact");
  expect(columns).toEqual([
    { id: "param.width", title: "width", kind: "param", isNumeric: true, count: 2, low: 8, high: 16 },
    { id: "param.act", title: "act", kind: "param", isNumeric: false, count: 3, options: ["gelu", "relu"] },
    { id: "param.blocks", title: "blocks", kind: "param", isNumeric: false, count: 2, options: ["3", "[1,2]"] },
    { id: "value.accuracy", title: "accuracy", kind: "value", isNumeric: true, count: 2, low: 0.5, high: 0.7 },
    { id: "value.latency", title: "latency", kind: "value", isNumeric: true, count: 1, low: 2, high: 2 },
  ]);
});

test("takes settings within lists of records one by one", () => {
  const point: StoredTrial["trial"]["point"] = {
    stages: [
      { width: 1, blocks: [{ op: "a" }] },
      { width: 2, kernels: [3, 5] },
    ],
    task: { classes: 10 },
  };
  expect(flatPoint(point)).toEqual({
    ...{ "stages.1.width": 1, "stages.1.blocks.1.op": "a", "stages.2.width": 2, "stages.2.kernels": [3, 5] },
    "task.classes": 10,
  });
});

test("a parameter that turns from numbers to texts keeps its earlier numbers as texts", () => {
  const frame = frameOf([{ point: { k: 3 } }, { point: { k: 5 } }, { point: { k: "auto" } }, { point: { k: 3 } }]);
  expect(found(frame, { texts: { "param.k": ["3"] } })).toEqual([0, 3]);
});

test("finds by ranges and texts, all of which have to hold", () => {
  const frame = frameOf([
    { values: { accuracy: 0.5 }, point: { width: 8 } },
    { values: { accuracy: 0.9 }, point: { width: 8 } },
    { values: { accuracy: 0.7 }, point: { width: 16 } },
    { state: "failed", point: { width: 8 } },
  ]);
  expect(found(frame, {})).toEqual([0, 1, 2, 3]);
  expect(found(frame, { ranges: { "value.accuracy": { least: 0.7 } } })).toEqual([1, 2]);
  expect(found(frame, { ranges: { "value.accuracy": { most: 0.7 } }, texts: { "param.width": ["8"] } })).toEqual([0]);
  expect(found(frame, { texts: { state: ["failed", "stopped"] } })).toEqual([3]);
  expect(found(frame, { texts: { nothing: ["1"] } })).toEqual([]);
  expect(found(frame, { ranges: { state: { least: 0 } } })).toEqual([]);
});

test("sorts by numbers and texts both ways, those without a value last, and equal ones as they came", () => {
  const frame = frameOf([
    { values: { a: 2 }, group: "b" },
    { group: "a" },
    { values: { a: 1 }, group: "b" },
    { values: { a: 2 }, group: "a" },
  ]);
  const sorted = (column: string, isDescending: boolean): number[] => [
    ...sortPlaces(frame, select(frame, {}), { column, isDescending }),
  ];
  expect(sorted("value.a", false)).toEqual([2, 0, 3, 1]);
  expect(sorted("value.a", true)).toEqual([0, 3, 2, 1]);
  expect(sorted("group", false)).toEqual([1, 3, 0, 2]);
});

test("thins evenly, not at a regular step, the same way each time, and keeps what must stay", () => {
  const places = Int32Array.from({ length: 1000 }, (_, i) => i);
  const kept = thin(places, 10, new Set([999]));
  const last = kept.filter((at) => at >= 900);
  expect([...kept].map((at) => Math.floor(at / 100))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, ...[...last].map(() => 9)]);
  expect(last).toContain(999);
  expect([...thin(places, 10, new Set([999]))]).toEqual([...kept]);
  const half = thin(places, 500);
  expect(half.filter((at) => at % 2 === 0).length).toBeGreaterThan(200);
  expect(half.filter((at) => at % 2 === 1).length).toBeGreaterThan(200);
  expect(thin(places, 2000)).toBe(places);
});

test("the front is of finished trials with the most effort, and the hypervolume rises to its share of the box", () => {
  const frame = frameOf([
    { values: { accuracy: 0.5, size: 10, budget: 1 } },
    { values: { accuracy: 0.9, size: 20, budget: 1 } },
    { values: { accuracy: 0.6, size: 20, budget: 1 } },
    { values: { accuracy: 0.99, size: 1, budget: 0.3 } },
    { values: { accuracy: 0.4, size: 30, budget: 1 } },
    { values: { accuracy: 0.95, size: 5, budget: 1 }, state: "failed" },
  ]);
  const front = frontOf(frame, select(frame, {}), [
    { value: "accuracy", goal: "most" },
    { value: "size", goal: "least" },
  ]);
  expect(front.ids).toEqual([11, 10]);
  expect(front.values).toEqual([
    [0.9, 20],
    [0.5, 10],
  ]);
  expect(front.of).toBe(4);
  // Box: accuracy 0.4 to 0.9, size 10 to 30. First point: a fifth of the height; the second adds half of the rest.
  expect(front.hypervolume.map(([n, v]) => [n, Number(v.toFixed(6))])).toEqual([
    [1, 0.2],
    [2, 0.6],
    [4, 0.6],
  ]);
});

test("importance is high for the parameter that decides, near zero for one that does nothing, and misses interactions", () => {
  const random = seededRandom(5, "importance");
  const frame = frameOf(
    Array.from({ length: 2000 }, () => {
      const [width, noise] = [random.next(), random.next()];
      const [p, q] = [random.integer(2) === 0, random.integer(2) === 0];
      const kernel = [3, 5, 7][random.integer(3)]!;
      return { point: { width, noise, kernel, p, q }, values: { y: width + 0.1 * kernel + (p === q ? 0.3 : -0.3) } };
    }),
  );
  const shares = Object.fromEntries(importancesOf(frame, select(frame, {}), "y").map((i) => [i.title, i.share]));
  expect(shares["width"]).toBeGreaterThan(0.35);
  expect(shares["kernel"]).toBeGreaterThan(0.05);
  expect(shares["noise"]).toBeLessThan(0.02);
  expect(shares["p"]).toBeLessThan(0.02);
  expect(importancesOf(frame, select(frame, {}), "nothing")).toEqual([]);
});
