import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seededRandom } from "../../core/base/random.ts";
import type { Trial } from "../../core/contract/trial.ts";
import { openBench, place, type Bench } from "./fixtures.ts";

let bench: Bench;
let project: string;

const trials = (count: number, from = 0): readonly Trial[] => {
  const random = seededRandom(1, `trials ${from}`);
  return Array.from({ length: count }, (_, i) => {
    const width = random.next();
    return {
      number: from + i,
      group: i % 2 === 0 ? "evolution" : "random",
      point: { width, kernel: [3, 5][random.integer(2)]! },
      state: i % 50 === 49 ? ("failed" as const) : ("done" as const),
      values: { accuracy: 0.5 + width / 3, latency: 1 + width + 0.2 * random.next() },
      seconds: 1,
    };
  });
};

beforeAll(async () => {
  bench = openBench();
  const view = await bench.client.projects.create({ name: "searched", parent: place("") });
  project = view.id;
});

afterAll(() => bench.engine.close());

const store = async () => (await bench.engine.projects.get(project)).store;

describe("trials", () => {
  it("are none in a new project", async () => {
    expect(await bench.client.trials.summary({ project })).toEqual({
      total: 0,
      columns: [],
      objectives: [],
      jobs: [],
    });
    expect(await bench.client.trials.page({ project, search: {}, offset: 0, limit: 10 })).toEqual({
      total: 0,
      rows: [],
    });
    const front = { project, search: {}, objectives: [{ value: "accuracy", goal: "most" as const }] };
    expect(await bench.client.trials.front(front)).toMatchObject({ ids: [], of: 0, hypervolume: [] });
  });

  it("are told by their columns, with what is likely to be wanted", async () => {
    (await store()).trials.add({ job: "j1", method: "search-evolution", run: "r" }, trials(5000), 0);
    const summary = await bench.client.trials.summary({ project });
    expect(summary).toMatchObject({
      total: 5000,
      objectives: [
        { value: "accuracy", goal: "most" },
        { value: "latency", goal: "least" },
      ],
      jobs: [{ id: "j1", title: "j1" }],
    });
    expect(summary.columns.map((c) => c.id)).toEqual([
      "number",
      "state",
      "group",
      "method",
      "job",
      "seconds",
      "param.width",
      "param.kernel",
      "value.accuracy",
      "value.latency",
    ]);
  });

  it("come in pages, sorted and filtered, and new ones are there at once", async () => {
    const { client } = bench;
    const search = { ranges: { "value.accuracy": { least: 0.8 } }, texts: { state: ["done"], "param.kernel": ["3"] } };
    const order = { column: "value.latency", isDescending: true };
    const all = await client.trials.page({ project, search, order, offset: 0, limit: 1000 });
    expect(all.total).toBe(all.rows.length);
    expect(all.rows.every((r) => r.trial.values["accuracy"]! >= 0.8 && r.trial.point["kernel"] === 3)).toBe(true);
    const latencies = all.rows.map((r) => r.trial.values["latency"]!);
    expect(latencies).toEqual(latencies.toSorted((a, b) => b - a));
    const second = await client.trials.page({ project, search, order, offset: 5, limit: 5 });
    expect(second.rows).toEqual(all.rows.slice(5, 10));
    (await store()).trials.add({ job: "j2", method: "search-random", run: "r" }, trials(10, 5000), 0);
    const later = await client.trials.page({
      project,
      search: { texts: { job: ["j2"] } },
      order: { column: "number", isDescending: true },
      offset: 0,
      limit: 3,
    });
    expect(later).toMatchObject({ total: 10, rows: [{ trial: { number: 5009 } }, {}, {}] });
  });

  it("give points to draw, thinned evenly, with the front among them", async () => {
    const { client } = bench;
    const objectives = [
      { value: "accuracy", goal: "most" as const },
      { value: "latency", goal: "least" as const },
    ];
    const front = await client.trials.front({ project, search: {}, objectives });
    const points = await client.trials.points({
      project,
      search: {},
      columns: ["value.accuracy", "value.latency", "group"],
      limit: 500,
      objectives,
      include: [1234],
    });
    expect(points.total).toBe(5010);
    expect(points.ids.length).toBeGreaterThanOrEqual(500);
    expect(points.ids.length).toBeLessThanOrEqual(501 + front.ids.length);
    expect(points.ids).toContain(1234);
    const some = await client.trials.page({ project, search: { ids: [7, 3] }, offset: 0, limit: 10 });
    expect(some.rows.map((r) => r.id)).toEqual([3, 7]);
    expect(front.ids.every((id) => points.ids.includes(id))).toBe(true);
    expect(points.options["group"]).toEqual(["evolution", "random"]);
    expect(points.columns["value.accuracy"]).toHaveLength(points.ids.length);
    expect(front.hypervolume.at(-1)?.[1]).toBeGreaterThan(0.5);
    const [first] = await client.trials.importance({ project, search: {}, value: "accuracy" });
    expect(first).toMatchObject({ title: "width" });
    expect(first?.share).toBeGreaterThan(0.9);
  });

  it("say why one cannot be made again", async () => {
    const asked = (trial: number) => bench.client.trials.recipe({ project, trial });
    await expect(asked(99_999)).rejects.toMatchObject({
      data: { code: "not-found", message: 'There is no trial "99999" in this project.' },
    });
    await expect(asked(1)).rejects.toMatchObject({
      data: { code: "not-found", message: 'The job "j1" of trial "1" was removed.' },
    });
  });

  it("forget those that were removed", async () => {
    (await store()).trials.remove("j1");
    expect(await bench.client.trials.summary({ project })).toMatchObject({ total: 10, jobs: [{ id: "j2" }] });
  });
});
