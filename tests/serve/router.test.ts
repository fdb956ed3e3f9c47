import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EngineEvent, RunAsked } from "../../core/contract/run.ts";
import type { ProjectView, VariantView } from "../../core/contract/views.ts";
import { finish, openBench, place, type Bench } from "./fixtures.ts";

let bench: Bench;
let project: ProjectView;
let baseline: VariantView;

beforeAll(async () => {
  bench = openBench();
  const { client } = bench;
  project = await client.projects.create({ name: "tour", parent: place("") });
  baseline = await finish(client.variants.import({ project: project.id, place: place("tiny.onnx"), name: "tiny" }));
  await finish(client.data.import({ project: project.id, place: place("stripes"), splits: { calibration: 48 } }));
});

afterAll(() => bench.engine.close());

const asked = (change: Partial<RunAsked> = {}): RunAsked => ({
  method: "quantize-dynamic",
  params: {},
  seed: 0,
  threads: 1,
  from: baseline.id,
  measure: false,
  ...change,
});

describe("a project", () => {
  it("is made in a place that the page names and stands among the recent ones", async () => {
    expect(project.folder).toBe(join(bench.folder, "files", "tour"));
    expect(project.canWrite).toBe(true);
    const [recent] = await bench.client.projects.recent();
    expect(recent).toMatchObject({ id: project.id, name: "tour", isMissing: false, isPinned: false });
  });

  it("is told apart in the overview: baseline, data, what to do next", async () => {
    const { client } = bench;
    const seen = await client.overview.get({ project: project.id });
    expect(seen.variants.map((v) => [v.name, v.isBaseline, v.isMeasured])).toContainEqual(["tiny", true, false]);
    expect(seen.data.map((d) => d.name)).toEqual(["stripes"]);
    expect(seen.suggestions.map((s) => s.text)).toEqual(
      expect.arrayContaining(["Measure the baseline", "Quantise to INT8"]),
    );
  });

  it("keeps its notes as a file", async () => {
    const { client } = bench;
    await client.overview.saveNotes({ project: project.id, notes: "Try per-channel." });
    expect((await client.overview.get({ project: project.id })).notes).toBe("Try per-channel.");
    expect(readFileSync(join(project.folder, "notes.md"), "utf8")).toBe("Try per-channel.");
  });

  it("is opened again by its address after the engine was", async () => {
    const { client } = bench;
    await client.projects.close({ project: project.id });
    expect((await client.overview.get({ project: project.id })).project.settings.name).toBe("tour");
  });

  it("is missing among the recent ones once its folder is gone, and can be forgotten and remembered", async () => {
    const { client } = bench;
    const gone = await client.projects.create({ name: "gone", parent: place("") });
    await client.projects.close({ project: gone.id });
    rmSync(gone.folder, { recursive: true });
    const recent = (await client.projects.recent()).find((r) => r.id === gone.id);
    expect(recent?.isMissing).toBe(true);
    await client.projects.forget({ id: gone.id });
    expect((await client.projects.recent()).map((r) => r.name)).toEqual(["tour"]);
    if (recent !== undefined) await client.projects.remember({ recent });
    await client.projects.pin({ id: gone.id, isPinned: true });
    expect((await client.projects.recent()).map((r) => r.name)).toEqual(["gone", "tour"]);
    await client.projects.forget({ id: gone.id });
  });
});

describe("a run", () => {
  it("is planned with the command that does the same", async () => {
    const { client } = bench;
    const run = asked({
      method: "quantize-static",
      params: { samples: 32, perChannel: false },
      name: "mine",
      data: "d1",
    });
    const plan = await client.methods.plan({ project: project.id, run });
    expect(plan.command).toBe(
      `lathe run quantize-static --from tiny --name mine --data stripes --threads 1 --no-per-channel --samples 32 --no-measure --project ${project.folder}`,
    );
    expect(plan.recipe).toMatchObject({ method: "quantize-static", seed: 0, threads: 1 });
    expect(plan.estimate.seconds).toBeGreaterThan(0);
  });

  it("is refused with what is wrong and what to do", async () => {
    const run = asked({ method: "quantize-static", params: { samples: -1 } });
    await expect(bench.client.methods.plan({ project: project.id, run })).rejects.toMatchObject({
      code: "FAILED",
      data: { code: "invalid-recipe", hint: '"lathe methods quantize-static" lists the parameters.' },
    });
  });

  it("tells what it does, makes a variant, and is found in the list afterwards", async () => {
    const { client } = bench;
    const heard: EngineEvent[] = [];
    const control = new AbortController();
    const events = await client.engine.events(undefined, { signal: control.signal });
    const listening = (async () => {
      for await (const event of events) heard.push(event);
    })().catch(() => undefined);
    const { job } = await client.jobs.run({ project: project.id, run: asked({ name: "smaller" }) });
    expect(job.title).toBe("Dynamic INT8 quantisation of tiny");
    await expect
      .poll(async () => (await client.jobs.list({ project: project.id })).at(-1)?.job.state, { timeout: 60_000 })
      .toBe("done");
    const seen = await client.overview.get({ project: project.id });
    expect(seen.variants.map((v) => v.name)).toEqual(["tiny", "smaller"]);
    const log = await client.jobs.log({ project: project.id, job: job.id });
    expect(log.map((l) => l.event.kind)).toEqual(expect.arrayContaining(["state", "stage", "variant"]));
    await expect.poll(() => heard.some((e) => e.kind === "job" && e.view.job.state === "done")).toBe(true);
    expect(heard.some((e) => e.kind === "project" && e.project === project.id)).toBe(true);
    control.abort();
    await listening;
  });

  it("can be cancelled while it waits for its turn or runs", async () => {
    const { client } = bench;
    const { job } = await client.jobs.run({ project: project.id, run: asked({ method: "quantize-static" }) });
    const cancelled = await client.jobs.cancel({ project: project.id, job: job.id });
    expect(["cancelled", "cancelling"]).toContain(cancelled.job.state);
    await expect
      .poll(async () => (await client.jobs.list({ project: project.id })).at(-1)?.job.state, { timeout: 30_000 })
      .toBe("cancelled");
  });
});

describe("results", () => {
  it("are put side by side, and told as a report", async () => {
    const { client } = bench;
    const comparison = await client.compare.get({ project: project.id, variants: [] });
    expect(comparison.variants[0]).toMatchObject({ name: "tiny", isBaseline: true });
    expect(comparison.columns.map((c) => c.id)).toContain("size");
    expect(comparison.rows).toHaveLength(comparison.variants.length);
    expect(await client.compare.layers({ project: project.id, variants: [] })).toEqual({ layers: [] });
    const report = await client.reports.render({ project: project.id, variants: [], format: "html" });
    expect(report).toMatchObject({ name: "tour.html", type: "text/html; charset=utf-8" });
    expect(report.text).toContain("<!doctype html>");
  });

  it("are exported into a new folder, verified", async () => {
    const { client } = bench;
    const made = await finish(
      client.exports.write({
        project: project.id,
        variant: baseline.id,
        parent: place(""),
        name: "bundle",
        samples: 4,
      }),
    );
    expect(made.folder).toBe(join(bench.folder, "files", "bundle"));
    expect(made.verification).toMatch(/^verified: /);
    expect(made.facts).toMatchObject({ parity: { samples: 4, largest: 0, allowed: 0 }, isVerified: true });
    expect(existsSync(join(made.folder, "model.onnx"))).toBe(true);
  });

  it("are planned with the choices that a form is made of, and exported so", async () => {
    const { client } = bench;
    const { properties } = (await client.exports.choices()) as { properties: Record<string, { default: unknown }> };
    expect(Object.entries(properties).map(([name, { default: fallback }]) => [name, fallback])).toEqual([
      ["format", "keep"],
      ["opset", "keep"],
      ["batch", ""],
      ["rename", []],
      ["file", "model"],
      ["sizes", []],
      ["texts", "keep"],
      ["samples", 16],
    ]);
    const asked = { project: project.id, variant: baseline.id, opset: 21, rename: ["image=x"] } as const;
    const choices = { ...asked, rename: [...asked.rename] };
    const plan = await client.exports.plan(choices);
    expect(plan).toMatchObject({ opset: { before: 17, after: 21 }, problems: [] });
    const wrong = await client.exports.plan({ ...choices, rename: ["image=scores"], batch: "?" });
    expect(wrong.problems.map((p) => p.field)).toEqual(["batch", "rename"]);
    const made = await finish(client.exports.write({ ...choices, parent: place(""), name: "newer", samples: 4 }));
    expect(made.facts.parity).toMatchObject({ agreement: 1 });
    await expect(
      finish(client.exports.write({ ...choices, rename: ["image=scores"], parent: place(""), name: "none" })),
    ).rejects.toMatchObject({ data: { code: "invalid-argument" } });
    expect(existsSync(join(bench.folder, "files", "none"))).toBe(false);
  });

  it("are pinned, renamed and compared as models", async () => {
    const { client } = bench;
    const [, other] = (await client.overview.get({ project: project.id })).variants;
    const variant = other?.id ?? "";
    await client.variants.rename({ project: project.id, variant, name: "renamed" });
    await expect(client.variants.rename({ project: project.id, variant, name: "tiny" })).rejects.toMatchObject({
      data: { code: "already-exists", message: 'The project already has a variant called "tiny".' },
    });
    const diff = await client.variants.diff({ project: project.id, a: "tiny", b: "renamed" });
    expect(diff.same).toBe(false);
    await client.overview.pinBaseline({ project: project.id, variant });
    expect((await client.overview.get({ project: project.id })).variants[0]?.name).toBe("renamed");
    await client.overview.pinBaseline({ project: project.id, variant: baseline.id });
  });
});

describe("a second engine", () => {
  it("shows a project that is open elsewhere and changes nothing", async () => {
    const other = openBench();
    const { places } = other.engine;
    try {
      const seen = await other.client.projects.open({ place: places.grant(project.folder) });
      expect(seen.canWrite).toBe(false);
      await expect(other.client.overview.saveNotes({ project: seen.id, notes: "x" })).rejects.toMatchObject({
        data: { code: "read-only" },
      });
      const jobs = await other.client.jobs.list({ project: seen.id });
      expect(jobs.every((v) => !v.can.cancel && !v.can.resume)).toBe(true);
    } finally {
      await other.engine.close();
    }
  });
});
