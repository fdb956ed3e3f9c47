import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { importModel } from "../../core/app/importModel.ts";
import { openEngine } from "../../core/app/jobs.ts";
import { createProject } from "../../core/app/project.ts";
import { quietWork, temporaryFolder, writeInputs } from "../app/fixtures.ts";

const entry = join(import.meta.dirname, "..", "..", "core", "cli", "main.ts");

it("lathe archive and lathe jobs archive put things out of sight and back", async () => {
  const inputs = temporaryFolder();
  const folder = join(inputs, "p");
  const { modelFile } = writeInputs(inputs);
  const project = await createProject(folder, {}, nodeHost);
  await importModel(project, modelFile, quietWork());
  await importModel(project, modelFile, { ...quietWork(), name: "twin" });
  const queue = await openEngine(project, { takes: "none" });
  const run = { method: "quantize-dynamic", params: {}, seed: 0, threads: 1 };
  const { id } = await queue.submit({ run, from: "v1" }, quietWork());
  queue.cancel(id);
  await queue.close();
  project.store.close();
  const lathe = (...args: readonly string[]): string => {
    const { stdout, stderr } = spawnSync(process.execPath, [entry, ...args, "--project", folder], {
      encoding: "utf8",
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    return `${stdout}${stderr}`;
  };
  expect(lathe("archive", "tiny")).toContain('"tiny" is the baseline and cannot be archived.');
  expect(lathe("archive", "twin")).toBe('Archived "twin".\n');
  expect(lathe("variants")).not.toContain("twin");
  expect(lathe("variants", "--archived")).toContain("twin (archived)");
  expect(lathe("archive", "twin", "--undo")).toBe('Brought "twin" back.\n');
  expect(lathe("variants")).toContain("twin");
  expect(lathe("jobs", "archive", id)).toBe(`Archived ${id}.\n`);
  expect(lathe("jobs")).not.toContain(id);
  expect(lathe("jobs", "--archived")).toContain(id);
  expect(lathe("jobs", "archive", id, "--undo")).toBe(`Brought ${id} back.\n`);
}, 120_000);
