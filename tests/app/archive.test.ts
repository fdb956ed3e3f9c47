import { expect, test } from "vitest";
import { archiveVariant } from "../../core/app/archive.ts";
import { compareVariants } from "../../core/app/compare.ts";
import { openEngine } from "../../core/app/jobs.ts";
import { runMethod } from "../../core/app/runMethod.ts";
import { quietWork, tinyProject } from "./fixtures.ts";

const work = quietWork();
const run = { method: "quantize-dynamic", params: {}, seed: 0, threads: 1 };

test("an archived variant is out of sight, stays in the project, and comes back as it was", async () => {
  const { project } = await tinyProject();
  const made = await runMethod(project, run, { ...work, from: "v1", name: "small" });
  const archived = archiveVariant(project, "small", true);
  expect(archived.archivedAt).toBeDefined();
  const shown = (): string[] => compareVariants(project, []).rows.map((r) => r.variant.name);
  expect(shown()).toEqual(["tiny"]);
  // Who names it still finds it.
  expect(compareVariants(project, ["small"]).rows.map((r) => r.variant.name)).toEqual(["tiny", "small"]);
  await expect(runMethod(project, run, { ...work, from: "v1", name: "small" })).rejects.toThrow(
    /already has a variant/,
  );
  expect(archiveVariant(project, "small", false)).toEqual(made);
  expect(shown()).toEqual(["tiny", "small"]);
  expect(() => archiveVariant(project, "tiny", true)).toThrow('"tiny" is the baseline and cannot be archived.');
  project.store.close();
});

test("a job is archived once it has ended, and keeps its log", async () => {
  const { project } = await tinyProject();
  const queue = await openEngine(project, { takes: "none" });
  const { id } = await queue.submit({ run, from: "v1" }, work);
  expect(() => queue.archive(id, true)).toThrow(/cannot be archived/);
  queue.cancel(id);
  expect(queue.archive(id, true).archivedAt).toBeDefined();
  expect(queue.log(id).length).toBeGreaterThan(0);
  expect(queue.archive(id, false).archivedAt).toBeUndefined();
  await queue.close();
  project.store.close();
});
