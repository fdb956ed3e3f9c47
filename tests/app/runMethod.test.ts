import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { baselineOf, findVariant } from "../../core/app/project.ts";
import { runMethod, type RunRequest } from "../../core/app/runMethod.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { addMethods } from "../../core/methods/catalogue.ts";
import { floatTensor } from "../../core/graph/build.ts";
import { quietWork, tinyModel, tinyProject } from "./fixtures.ts";

await addMethods(join(import.meta.dirname, "..", "extraMethods"));

const request = { method: "try-scales", params: { trials: 6 }, seed: 1, threads: 1 } satisfies RunRequest;
const withParams = (params: object): RunRequest => ({ ...request, params: { ...request.params, ...params } });

test("puts the hash of a model in the place of a variant's name, id or hash", async () => {
  const { project } = await tinyProject();
  try {
    const { sha256 } = baselineOf(project).model;
    for (const teacher of ["tiny", "v1", sha256.slice(0, 10), sha256]) {
      const made = await runMethod(project, withParams({ teacher }), { ...quietWork(), from: "v1" });
      expect(made.recipe?.params).toMatchObject({ teacher: sha256 });
      expect(made.findings).toMatchObject({ teacher: 428 });
    }
    const none = await runMethod(project, request, { ...quietWork(), from: "v1" });
    expect([none.recipe?.params["teacher"], none.findings]).toMatchObject(["", { teacher: 0 }]);
  } finally {
    project.store.close();
  }
});

test("imports an ONNX file that a parameter names, once", async () => {
  const { project, folder } = await tinyProject();
  try {
    const tiny = tinyModel();
    const [, ...rest] = tiny.graph.initializers;
    const other = {
      ...tiny,
      graph: { ...tiny.graph, initializers: [floatTensor("w1", [8, 1, 3, 3], new Float32Array(72)), ...rest] },
    };
    const file = join(folder, "teacher.onnx");
    writeFileSync(file, encodeModel(other));
    for (let i = 0; i < 2; i++) await runMethod(project, withParams({ teacher: file }), { ...quietWork(), from: "v1" });
    const teacher = findVariant(project, "teacher");
    expect(project.store.variants().map((v) => v.name)).toEqual(["tiny", "teacher", "try-scales", "try-scales-2"]);
    expect(findVariant(project, "try-scales-2").recipe?.params["teacher"]).toBe(teacher.model.sha256);
  } finally {
    project.store.close();
  }
});

test("refuses a teacher that is neither a variant nor a file", async () => {
  const { project } = await tinyProject();
  try {
    await expect(
      runMethod(project, withParams({ teacher: "nobody" }), { ...quietWork(), from: "v1" }),
    ).rejects.toMatchObject({ code: "not-found", message: 'There is no variant "nobody" in this project.' });
  } finally {
    project.store.close();
  }
});

test("refuses a name that is taken before it runs", async () => {
  const { project } = await tinyProject();
  try {
    const stages: string[] = [];
    const emit = (event: { kind: string; name?: string }): void => void stages.push(event.name ?? event.kind);
    await expect(runMethod(project, request, { ...quietWork(), emit, from: "v1", name: "tiny" })).rejects.toMatchObject(
      { code: "already-exists", message: 'The project already has a variant called "tiny".' },
    );
    expect(stages).toEqual([]);
  } finally {
    project.store.close();
  }
});

test("records further models of a run beside the main one", async () => {
  const { project } = await tinyProject();
  try {
    const made = await runMethod(project, withParams({ extra: true }), { ...quietWork(), from: "v1", name: "best" });
    const second = findVariant(project, "best-second");
    expect([made.id, second.id, second.parent, second.recipe]).toEqual(["v2", "v3", "v1", made.recipe]);
    expect(second.model.sha256).not.toBe(made.model.sha256);
    expect(second.findings).not.toEqual(made.findings);
  } finally {
    project.store.close();
  }
});

test("goes on after the trials that are done, to the same bytes, and keeps each trial once", async () => {
  const { project } = await tinyProject();
  try {
    const whole = await runMethod(project, request, { ...quietWork(), from: "v1" });
    expect(project.store.trials.count()).toBe(6);
    const control = new AbortController();
    let count = 0;
    const emit = (event: { kind: string }): void => {
      if (event.kind === "progress" && ++count === 4) control.abort();
    };
    const other = withParams({ trials: 6, pause: 1 });
    await expect(runMethod(project, other, { signal: control.signal, emit, from: "v1" })).rejects.toThrow("Cancelled.");
    expect(project.store.trials.count()).toBe(10);
    const resumed = await runMethod(project, other, { ...quietWork(), from: "v1" });
    expect(resumed.findings).toMatchObject({ resumed: 4 });
    expect(resumed.model).toEqual(whole.model);
    expect(project.store.trials.count()).toBe(12);
    const work = join(project.store.folder, "work");
    expect(existsSync(work) ? readdirSync(work) : []).toEqual([]);
  } finally {
    project.store.close();
  }
});
