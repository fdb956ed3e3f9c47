import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { describeMethod, listMethods } from "../../core/app/methods.ts";
import { smaller } from "../../core/app/tryout.ts";
import type { JobRequest } from "../../core/app/jobs.ts";
import type { Pipeline } from "../../core/contract/pipeline.ts";
import type { Json } from "../../core/base/json.ts";
import { findMethod } from "../../core/methods/catalogue.ts";
import { tinyEngine } from "./engine.ts";

const work = { signal: new AbortController().signal, emit: () => undefined };

const run = (method: string, params: Record<string, Json> = {}): Extract<JobRequest, { run: object }>["run"] => ({
  method,
  params,
  seed: 0,
  threads: 1,
});

it("tries a run on a few samples and for one epoch, and leaves nothing but what it took", async () => {
  const { engine, project } = await tinyEngine();
  const asked: JobRequest = { run: run("train", { epochs: 500 }), from: "v1", name: "mine", measure: true, tryout: 32 };
  const { id } = await engine.submit(asked, work);
  const job = await engine.settled(id);
  expect(job).toMatchObject({ state: "done", made: [], title: "Tryout: Training of tiny" });
  expect(job.tryout).toMatchObject({ samples: 32, steps: [{ method: "train", warnings: [] }] });
  expect(job.tryout?.seconds).toBeGreaterThan(0);
  expect(job.tryout?.memory).toBeGreaterThan(2 ** 20);
  expect(project.store.variants().map((v) => v.name)).toEqual(["tiny"]);
  expect(existsSync(join(project.store.folder, "jobs", id, "work"))).toBe(false);
  expect(readdirSync(join(project.store.folder, "jobs", id)).filter((n) => n.startsWith("output"))).toEqual([]);
});

it("tries each step of a pipeline on what the one before made, also where one names it as its teacher", async () => {
  const { engine } = await tinyEngine();
  const steps: Pipeline["steps"] = [
    { method: "train", params: { epochs: 30 }, name: "taught" },
    { method: "distill-logits", params: { teacher: "taught", baseline: false } },
    { method: "quantize-static", params: {} },
  ];
  const { id } = await engine.submit({ pipeline: { lathe: 1, threads: 1, steps }, from: "v1", tryout: 16 }, work);
  const job = await engine.settled(id);
  expect(job.failure).toBeUndefined();
  expect(job.tryout?.steps.map((s) => s.method)).toEqual(steps.map((s) => s.method));
});

it("fails as the run would, and is not taken for the run itself", async () => {
  const { engine } = await tinyEngine();
  const asked = run("quantize-static", { exclude: ["no-such-layer"] });
  const { id } = await engine.submit({ run: asked, from: "v1", tryout: 8 }, work);
  const job = await engine.settled(id);
  expect(job.state).toBe("failed");
  expect(job.failure).toMatchObject({ code: "invalid-recipe", message: 'No node is called "no-such-layer".' });
  const again = await engine.submit({ run: asked, from: "v1" }, { ...work, continues: true });
  expect(again.id).not.toBe(id);
});

it("takes of each parameter what a tryout needs, within its range", async () => {
  const info = await describeMethod("search-evolution");
  const full = (await findMethod(info.id)).parse({ epochs: 90, trials: 40, samples: 0, halving: true, flip: true });
  expect(smaller(info, full, 32)).toMatchObject({
    ...{ epochs: 1, trials: 2, samples: 0, batch: 32, others: 1, population: 2, halving: false, flip: true },
  });
  const pruning = await describeMethod("prune-channels");
  expect(smaller(pruning, { epochs: 0, samples: 512, rounds: 4, remove: 0.5 }, 16)).toEqual({
    ...{ epochs: 0, samples: 16, rounds: 1, remove: 0.5 },
  });
});

it("leaves every method of the catalogue parameters that it takes", async () => {
  for (const info of await listMethods()) {
    const method = await findMethod(info.id);
    const full = method.parse({});
    expect(method.parse(smaller(info, full, 32)), info.id).toEqual(smaller(info, full, 32));
  }
});
