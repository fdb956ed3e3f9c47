import { spawn } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkDisk } from "../../core/app/disk.ts";
import { exportVariant } from "../../core/app/exportVariant.ts";
import { importModel } from "../../core/app/importModel.ts";
import { measureVariants } from "../../core/app/measureVariants.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { baselineOf, openProject, type Project } from "../../core/app/project.ts";
import { importData } from "../../core/app/projectData.ts";
import { parseRecipe, runMethod } from "../../core/app/runMethod.ts";
import { writeReport } from "../../core/app/writeReport.ts";
import { LatheError } from "../../core/base/error.ts";
import { smallDisk } from "../store/fixtures.ts";
import { quietWork, temporaryFolder, tinyProject, writeInputs } from "./fixtures.ts";

const work = quietWork();
const request = { method: "quantize-dynamic", params: {}, seed: 0, threads: 1 } as const;

async function failureOf(doing: Promise<unknown>): Promise<{ code: string; message: string }> {
  const thrown = await doing.then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(thrown).toBeInstanceOf(LatheError);
  const { code, message } = thrown as LatheError;
  return { code, message };
}

/** Everything that a project says of itself. */
function stateOf({ store }: Project): unknown {
  return {
    settings: store.settings,
    variants: store.variants(),
    data: store.data(),
    leftovers: leftovers(store.folder),
  };
}

function leftovers(folder: string): string[] {
  return (readdirSync(folder, { recursive: true }) as string[]).filter(
    (name) => name.includes(".part") || name.startsWith("work/"),
  );
}

/** Runs `doing` on a project whose disk is full after `room` bytes and expects nothing to have changed. */
async function expectIntact(
  room: number,
  doing: (project: Project, folder: string) => Promise<unknown>,
): Promise<void> {
  const { project, folder } = await tinyProject();
  const before = stateOf(project);
  project.store.close();
  const full = await openProject(join(folder, "project"), "write", smallDisk(room));
  expect((await failureOf(doing(full, folder))).code).toBe("disk-full");
  full.store.close();
  const after = await openProject(join(folder, "project"), "write", nodeHost);
  expect(stateOf(after)).toEqual(before);
  after.store.close();
}

test.each([0, 100])(
  "a disk that is full after %i bytes stops an import and leaves the project as it was",
  async (room) => {
    await expectIntact(room, (project, folder) =>
      importModel(project, join(folder, "tiny.onnx"), { ...work, name: "again" }),
    );
  },
);

test("a full disk while a result is stored leaves the project as it was", async () => {
  await expectIntact(50, (project) => runMethod(project, request, { ...work, from: "v1" }));
});

test("a full disk while predictions are stored records no measurements", async () => {
  await expectIntact(50, (project) => measureVariants(project, project.store.variants(), { ...work, runs: 5 }));
});

test.each([0, 1000, 4000])("a full disk after %i bytes leaves no bundle", async (room) => {
  await expectIntact(room, async (project, folder) => {
    const out = join(folder, "out", "bundle");
    await exportVariant(project, baselineOf(project), { ...work, out }).finally(() => {
      expect(readdirSync(join(folder, "out"))).toEqual([]);
    });
  });
});

test("a full disk leaves the old report", async () => {
  const { project, folder } = await tinyProject();
  const out = join(folder, "report.html");
  await writeReport(project, [], [out]);
  const before = statSync(out);
  const full = { store: project.store, host: smallDisk(10) };
  expect((await failureOf(writeReport(full, [], [out]))).code).toBe("disk-full");
  expect(statSync(out)).toMatchObject({ size: before.size, mtimeMs: before.mtimeMs });
  expect(leftovers(folder)).toEqual([]);
  project.store.close();
});

test("stopping at any moment of a run leaves no variant", async () => {
  const { project } = await tinyProject();
  const before = stateOf(project);
  for (const stage of ["Reading tiny", "Dynamic INT8 quantisation", "Storing the model"]) {
    const control = new AbortController();
    const emit = (event: { kind: string; name?: string }): void => {
      if (event.kind === "stage" && event.name === stage) control.abort();
    };
    const failure = await failureOf(runMethod(project, request, { signal: control.signal, emit, from: "v1" }));
    expect(failure, stage).toEqual({ code: "cancelled", message: "Cancelled." });
    expect(stateOf(project)).toEqual(before);
  }
  project.store.close();
});

test("a process killed in the middle of storing a result leaves a project that opens and works", async () => {
  const { project, folder } = await tinyProject();
  const before = stateOf(project);
  project.store.close();
  const root = join(import.meta.dirname, "..", "..");
  const script = `
    import { nodeHost } from "${root}/core/app/nodeHost.ts";
    import { openProject } from "${root}/core/app/project.ts";
    import { runMethod } from "${root}/core/app/runMethod.ts";
    const slow = { ...nodeHost, files: { ...nodeHost.files, create: async (path) => {
      const writer = await nodeHost.files.create(path);
      return { ...writer, write: async (bytes) => { await writer.write(bytes.subarray(0, 10)); console.log("half"); await new Promise((r) => setTimeout(r, 60000)); } };
    } } };
    const project = await openProject(process.argv[1], "write", slow);
    await runMethod(project, ${JSON.stringify(request)}, { signal: new AbortController().signal, emit: () => {}, from: "v1" });`;
  const path = join(folder, "project");
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script, path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((done) => child.stdout.once("data", done));
  child.kill("SIGKILL");
  await new Promise((done) => child.once("exit", done));
  expect(leftovers(path).length).toBeGreaterThan(0);
  const again = await openProject(path, "write", nodeHost);
  expect(stateOf(again)).toEqual(before);
  expect((await runMethod(again, request, { ...work, from: "v1" })).id).toBe("v2");
  again.store.close();
});

test("refuses to start where the disk has no room", async () => {
  const free = (): Promise<number> => Promise.resolve(1024);
  expect(await failureOf(checkDisk("/project", 2048, free))).toEqual({
    code: "disk-full",
    message: 'Not enough disk space for "/project": this needs about "3.00 KiB", and 1.00 KiB are free.',
  });
  await expect(checkDisk("/project", 600, free)).resolves.toBeUndefined();
});

test("an export never overwrites anything", async () => {
  const { project, folder } = await tinyProject();
  expect(await failureOf(exportVariant(project, baselineOf(project), { ...work, out: folder }))).toEqual({
    code: "already-exists",
    message: `"${folder}" exists already.`,
  });
  project.store.close();
});

test("a project that is open for reading refuses imports, runs and measurements before they start", async () => {
  const { project, folder } = await tinyProject();
  project.store.close();
  const path = join(folder, "project");
  const readOnly = await openProject(path, "read", nodeHost);
  const refused = { code: "read-only", message: `Project "${path}" is open for reading only.` };
  expect(await failureOf(importModel(readOnly, join(folder, "tiny.onnx"), work))).toEqual(refused);
  expect(await failureOf(importData(readOnly, join(folder, "stripes"), work))).toEqual(refused);
  expect(await failureOf(runMethod(readOnly, request, { ...work, from: "v1" }))).toEqual(refused);
  expect(await failureOf(measureVariants(readOnly, readOnly.store.variants(), work))).toEqual(refused);
  readOnly.store.close();
});

test("a recipe for another model, other data, a newer method or no recipe at all is refused", async () => {
  const { project } = await tinyProject();
  const made = await runMethod(
    project,
    { method: "quantize-static", params: {}, seed: 0, threads: 1 },
    { ...work, from: "v1" },
  );
  const { recipe } = made;
  expect(recipe).not.toBeNull();
  if (recipe === null) return;
  const { sha256 } = made.model;
  expect(await failureOf(runMethod(project, { recipe }, { ...work, from: "v2" }))).toEqual({
    code: "invalid-recipe",
    message: `The recipe is for the model "${recipe.from ?? ""}", and "quantize-static" is ${sha256}.`,
  });
  const [data] = [recipe.data ?? ""];
  expect(await failureOf(runMethod(project, { recipe: { ...recipe, data: "abc" } }, { ...work, from: "v1" }))).toEqual({
    code: "invalid-recipe",
    message: `The recipe is for data "abc", and "stripes" is ${data}.`,
  });
  expect(await failureOf(runMethod(project, { recipe: { ...recipe, version: 99 } }, work))).toEqual({
    code: "newer-version",
    message: 'The recipe is for version "99" of quantize-static; this Lathe has version 2.',
  });
  expect(() => parseRecipe("{", "r.json")).toThrow('"r.json" is not JSON.');
  expect(() => parseRecipe('{"lathe": 1}', "r.json")).toThrow(/^"r.json" is not a recipe: "method: /);
  project.store.close();
});

test("a method that needs data says so where there is none", async () => {
  const folder = temporaryFolder();
  const { modelFile } = writeInputs(folder);
  const { createProject } = await import("../../core/app/project.ts");
  const project = await createProject(join(folder, "project"), {}, nodeHost);
  await importModel(project, modelFile, work);
  const failure = await failureOf(
    runMethod(project, { method: "quantize-static", params: {}, seed: 0, threads: 1 }, { ...work, from: "v1" }),
  );
  expect(failure).toEqual({
    code: "not-found",
    message: "quantize-static needs samples, and this project has no data.",
  });
  project.store.close();
});
