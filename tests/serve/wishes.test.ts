import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ChainAsked, RunAsked } from "../../core/contract/run.ts";
import type { Preset } from "../../core/contract/preset.ts";
import type { ProjectView, VariantView } from "../../core/contract/views.ts";
import { finish, openBench, place, type Bench } from "./fixtures.ts";

let bench: Bench;
let project: ProjectView;
let baseline: VariantView;

beforeAll(async () => {
  bench = openBench();
  const { client } = bench;
  project = await client.projects.create({ name: "wishes", parent: place("") });
  baseline = await finish(client.variants.import({ project: project.id, place: place("tiny.onnx"), name: "tiny" }));
  await finish(client.data.import({ project: project.id, place: place("stripes"), splits: { calibration: 48 } }));
});

afterAll(() => bench.engine.close());

const settled = async (job: string): Promise<Awaited<ReturnType<Bench["client"]["jobs"]["list"]>>[number]> => {
  const find = async () => (await bench.client.jobs.list({ project: project.id })).find((v) => v.job.id === job);
  await expect.poll(async () => (await find())?.job.state, { timeout: 100_000 }).toMatch(/^(done|failed)$/);
  const found = await find();
  if (found === undefined) throw new Error(`${job} is gone.`);
  return found;
};

it("tries a run, runs a chain, and tells what each step changed", async () => {
  const { client } = bench;
  const run: RunAsked = {
    ...{
      method: "quantize-static",
      params: { sensitivity: "kl" },
      seed: 0,
      threads: 1,
      from: baseline.id,
      measure: true,
    },
  };
  const tried = await client.jobs.run({ project: project.id, run, tryout: 16 });
  const chain: ChainAsked = {
    from: baseline.id,
    pipeline: {
      lathe: 1,
      threads: 1,
      measure: false,
      steps: [
        { method: "train", params: { epochs: 1 }, name: "taught" },
        { method: "convert-fp16", params: {}, name: "again" },
      ],
    },
  };
  const plan = await client.methods.planChain({ project: project.id, chain });
  expect(plan.title).toBe("Training → Half precision of tiny");
  expect(plan.command).toBe(
    `lathe run --pipeline pipeline.json --from tiny --data stripes --project ${project.folder}`,
  );
  expect(plan.estimate?.seconds).toBeGreaterThan(0);
  const chained = await client.jobs.runChain({ project: project.id, chain, priority: 3 });
  expect(chained.job.priority).toBe(3);
  expect(await bench.engine.jobs.busy()).toBe(2);
  expect((await settled(tried.job.id)).job).toMatchObject({ state: "done", tryout: { samples: 16 }, made: [] });
  const ended = await settled(chained.job.id);
  expect(await bench.engine.jobs.busy()).toBe(0);
  const variants = (await client.overview.get({ project: project.id })).variants.map((v) => v.name);
  expect([ended.job.failure?.message, variants]).toEqual([undefined, ["tiny", "taught", "again"]]);
  const blocks = await client.jobs.results({ project: project.id, job: chained.job.id });
  expect(blocks.find((b) => b.kind === "table")).toMatchObject({ title: "How again came about" });
});

it("changes a job's place in the queue", async () => {
  const { client } = bench;
  const [first] = await client.jobs.list({ project: project.id });
  const changed = await client.jobs.setPriority({ project: project.id, job: first?.job.id ?? "", priority: -5 });
  expect(changed.job.priority).toBe(-5);
});

it("keeps presets and gives them back", async () => {
  const { client } = bench;
  const preset: Preset = {
    name: "mine",
    scope: "user",
    kind: "recipe",
    recipe: { lathe: 1, method: "convert-fp16", version: 1, params: {}, seed: 0, threads: 1 },
  };
  await client.presets.save({ project: project.id, preset });
  expect(await client.presets.list({ project: project.id })).toEqual([preset]);
  await client.presets.remove({ project: project.id, name: "mine", scope: "user" });
  expect(await client.presets.list({ project: project.id })).toEqual([]);
});

it("lists the layers that a parameter can name, the most sensitive ones with their rank", async () => {
  const { client } = bench;
  const run: RunAsked = {
    ...{
      method: "quantize-static",
      params: { sensitivity: "kl" },
      seed: 0,
      threads: 1,
      from: baseline.id,
      measure: false,
    },
  };
  const before = await client.methods.layers({ project: project.id, variant: baseline.id });
  expect(before.map((l) => [l.name, l.op, l.parameters])).toEqual([
    ["conv", "Conv", 80],
    ["relu", "Relu", 0],
    ["pool", "GlobalAveragePool", 0],
    ["flatten", "Flatten", 0],
    ["classifier", "Gemm", 27],
  ]);
  expect(before.every((l) => l.rank === undefined)).toBe(true);
  const { job } = await client.jobs.run({ project: project.id, run });
  expect((await settled(job.id)).job.failure).toBeUndefined();
  const after = await client.methods.layers({ project: project.id, variant: baseline.id });
  const ranks = after.flatMap((l) => l.rank ?? []);
  expect(ranks.toSorted()).toEqual([1, 2]);
});

it("says what a project takes on disk, and empties its cache, without opening it", async () => {
  const { client } = bench;
  mkdirSync(join(project.folder, "cache"));
  writeFileSync(join(project.folder, "cache", "answers"), "1234");
  const storage = await client.projects.storage({ id: project.id });
  expect(storage).toMatchObject({ folder: project.folder, cache: 4 });
  expect(await client.projects.emptyCache({ id: project.id })).toEqual({ freed: 4 });
  await expect(client.projects.storage({ id: "unknown" })).rejects.toMatchObject({ data: { code: "not-found" } });
});
