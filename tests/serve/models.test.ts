import { afterAll, beforeAll, expect, it } from "vitest";
import type { ProjectView } from "../../core/contract/views.ts";
import { finish, openBench, place, type Bench } from "./fixtures.ts";

let bench: Bench;
let project: ProjectView;
let baseline: string;
let smaller: string;

beforeAll(async () => {
  bench = openBench();
  const { client } = bench;
  project = await client.projects.create({ name: "viewed", parent: place("") });
  const made = await finish(client.variants.import({ project: project.id, place: place("tiny.onnx"), name: "tiny" }));
  await finish(client.data.import({ project: project.id, place: place("stripes"), splits: { calibration: 48 } }));
  baseline = made.id;
});

afterAll(() => bench.engine.close());

it("is asked about a variant that a quantisation has made", async () => {
  const { client } = bench;
  await client.jobs.run({
    project: project.id,
    run: {
      method: "quantize-static",
      params: { sensitivity: "kl", sensitivitySamples: 8, samples: 16 },
      seed: 0,
      threads: 1,
      from: baseline,
      name: "smaller",
      measure: false,
    },
  });
  await expect
    .poll(async () => (await client.jobs.list({ project: project.id })).at(-1)?.job.state, { timeout: 100_000 })
    .toBe("done");
  const { variants } = await client.overview.get({ project: project.id });
  smaller = variants.find((v) => v.name === "smaller")?.id ?? "";
});

it("shows a variant, and the times of its layers once it was profiled", async () => {
  const { client } = bench;
  const before = await client.models.view({ project: project.id, variant: baseline });
  expect(before.parts.filter((p) => p.form === "input").length).toBe(1);
  expect(before.known).not.toContain("time");
  const { layers } = await finish(client.models.profile({ project: project.id, variant: baseline, times: true }));
  expect(layers).toBeGreaterThan(0);
  const after = await client.models.view({ project: project.id, variant: baseline });
  expect(after.known).toEqual(expect.arrayContaining(["time", "macs"]));
  expect(after.lacksShapes).toBe(false);
  expect(after.totals.time).toBeGreaterThan(0);
});

it("has what a quantisation found out of single layers", async () => {
  const { client } = bench;
  const seen = await client.models.view({ project: project.id, variant: smaller });
  expect(seen.known).toEqual(expect.arrayContaining(["sensitivity", "error", "bits"]));
  expect(seen.totals.bits).toBeLessThan(32);
});

it("shows a variant in the blocks of the model that it was made from, and lists what differs", async () => {
  const { client } = bench;
  const beside = await client.models.view({ project: project.id, variant: smaller, reference: baseline });
  const main = await client.models.view({ project: project.id, variant: baseline, others: [smaller] });
  const common = main.parts.filter((p) => p.form === "op" && beside.parts.some((q) => q.id === p.id));
  expect(common.length).toBeGreaterThan(0);
  const diff = await client.variants.diff({ project: project.id, a: baseline, b: smaller });
  expect(diff).toMatchObject({ a: "tiny", b: "smaller", same: false });
  const [layer] = diff.changes;
  expect(layer).toMatchObject({ kind: "changed", isLayer: true, before: { bits: 32 }, after: { bits: 8 } });
  const facts = await client.models.part({
    project: project.id,
    variant: smaller,
    reference: baseline,
    part: layer!.id,
  });
  expect(facts.changes[0]).toMatch(/^weights: float32 → u?int8$/);
});

it("finds parts, and figures of their constants", async () => {
  const { client } = bench;
  const { found } = await client.models.find({ project: project.id, variant: baseline, text: "conv" });
  const facts = await client.models.part({ project: project.id, variant: baseline, part: found[0]!.id });
  const constant = facts.inputs.find((i) => i.kind === "constant" && i.hasNumbers === true);
  const figures = await client.models.tensor({ project: project.id, variant: baseline, name: constant!.name });
  expect(figures.bins.reduce((a, b) => a + b)).toBe(figures.counted);
});

it("says in words what is not there", async () => {
  const { client } = bench;
  await expect(client.models.view({ project: project.id, variant: "v99" })).rejects.toThrow(
    'There is no variant "v99" in this project.',
  );
});
