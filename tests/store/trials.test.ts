import { expect, test } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { seededRandom } from "../../core/base/random.ts";
import type { Trial } from "../../core/contract/trial.ts";
import { createStore, openStore } from "../../core/store/store.ts";
import { settings, temporaryFolder } from "./fixtures.ts";

const origin = { job: "j1", method: "search-random", run: "ab12" };

function someTrial(number: number, values: Record<string, number>, more: Partial<Trial> = {}): Trial {
  return { number, point: { width: number }, state: "done", values, seconds: 1, ...more };
}

test("keeps trials once, however often their log is read", async () => {
  const folder = temporaryFolder();
  const store = await createStore(folder, settings, nodeHost);
  const trials = [someTrial(0, { accuracy: 0.5 }), someTrial(1, { accuracy: 0.7 })];
  store.trials.add(origin, trials, 0);
  store.trials.add(origin, [...trials, someTrial(2, { accuracy: 0.6 })], 0);
  store.trials.add({ ...origin, job: "j2" }, trials, 0);
  store.close();
  const again = await openStore(folder, { mode: "read" }, nodeHost);
  expect([again.trials.count(), again.trials.countOf(origin), again.trials.count({ job: "j2" })]).toEqual([5, 3, 2]);
  expect(again.trials.list({ job: "j1" }).map((t) => [t.id, t.method, t.trial.number])).toEqual([
    [1, "search-random", 0],
    [2, "search-random", 1],
    [3, "search-random", 2],
  ]);
  again.close();
});

test("filters by job, method, group, state and bounds of values, and gives pages in an order", async () => {
  const store = await createStore(temporaryFolder(), settings, nodeHost);
  store.trials.add(
    origin,
    [
      someTrial(0, { accuracy: 0.5, latency: 3 }, { group: "evolution" }),
      someTrial(1, { accuracy: 0.9, latency: 9 }, { group: "evolution" }),
      someTrial(2, { latency: 1 }, { group: "random", state: "stopped", note: "too slow" }),
      someTrial(3, { accuracy: 0.7, latency: 5 }, { group: "random" }),
      someTrial(4, {}, { group: "random", state: "failed", note: "no memory" }),
    ],
    0,
  );
  const numbers = (...args: Parameters<typeof store.trials.list>): number[] =>
    store.trials.list(...args).map((t) => t.trial.number);
  expect(numbers({ group: "random" })).toEqual([2, 3, 4]);
  expect(numbers({ states: ["failed", "stopped"] })).toEqual([2, 4]);
  expect(numbers({ method: "other" })).toEqual([]);
  expect(numbers({ values: { accuracy: { least: 0.6 }, latency: { most: 9 } } })).toEqual([1, 3]);
  expect(numbers({ values: { accuracy: { least: 0.5, most: 0.7 } } })).toEqual([0, 3]);
  expect(numbers({}, { by: "accuracy", isDescending: true })).toEqual([1, 3, 0, 2, 4]);
  expect(numbers({ states: ["done"] }, { by: "latency", limit: 2, offset: 1 })).toEqual([3, 1]);
  expect(numbers({}, { isDescending: true, limit: 1 })).toEqual([4]);
  expect(store.trials.count({ values: { latency: {} } })).toBe(4);
  expect(store.trials.valueNames()).toEqual(["accuracy", "latency"]);
  store.close();
});

test("the front is that of comparing every pair, in the wanted directions, of finished trials only", async () => {
  const store = await createStore(temporaryFolder(), settings, nodeHost);
  const random = seededRandom(3, "trials");
  const trials = Array.from({ length: 300 }, (_, i) =>
    someTrial(
      i,
      { accuracy: random.integer(50) / 50, latency: random.integer(50), size: random.integer(50) },
      { group: i % 2 === 0 ? "even" : "odd", state: i % 7 === 0 ? "failed" : "done" },
    ),
  );
  store.trials.add(origin, trials, 0);
  const objectives = [
    { value: "latency", goal: "least" },
    { value: "accuracy", goal: "most" },
  ] as const;
  const beats = (a: Trial, b: Trial): boolean =>
    a.values["latency"]! <= b.values["latency"]! &&
    a.values["accuracy"]! >= b.values["accuracy"]! &&
    (a.values["latency"]! < b.values["latency"]! || a.values["accuracy"]! > b.values["accuracy"]!);
  const done = trials.filter((t) => t.state === "done" && t.group === "even");
  const expected = done.filter((t) => !done.some((other) => beats(other, t))).map((t) => t.number + 1);
  const front = store.trials.front(objectives, { group: "even" });
  expect(front.map((p) => p.id).toSorted((a, b) => a - b)).toEqual(expected);
  const first = front.map((p) => p.values[0] ?? NaN);
  expect(first).toEqual(first.toSorted((a, b) => a - b));
  expect(store.trials.front([...objectives, { value: "none", goal: "least" }])).toEqual([]);
  store.close();
});

test("forgets the trials of a job that is removed", async () => {
  const store = await createStore(temporaryFolder(), settings, nodeHost);
  store.trials.add(origin, [someTrial(0, { accuracy: 1 })], 0);
  store.trials.add({ ...origin, job: "j2" }, [someTrial(0, { latency: 1 })], 0);
  store.trials.remove("j1");
  expect(store.trials.list().map((t) => t.job)).toEqual(["j2"]);
  expect(store.trials.valueNames()).toEqual(["latency"]);
  store.close();
});

test("a project that is open for reading takes no trials", async () => {
  const folder = temporaryFolder();
  (await createStore(folder, settings, nodeHost)).close();
  const store = await openStore(folder, { mode: "read" }, nodeHost);
  expect(() => store.trials.add(origin, [someTrial(0, {})], 0)).toThrow("is open for reading only.");
  store.close();
});
