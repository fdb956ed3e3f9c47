import { expect, test } from "vitest";
import { archiveVariant } from "../../core/app/archive.ts";
import { compareVariants } from "../../core/app/compare.ts";
import type { Project } from "../../core/app/project.ts";
import { runMethod } from "../../core/app/runMethod.ts";
import { suggestMethods, type SuggestedMethod } from "../../core/app/suggest.ts";
import { overviewOf } from "../../core/serve/overview.ts";
import { inState, reaches, tinyEngine, tryScales } from "./engine.ts";
import { quietWork } from "./fixtures.ts";

const suggested = (project: Project): Promise<readonly SuggestedMethod[]> =>
  suggestMethods(project, compareVariants(project, []).rows);
const ids = async (project: Project): Promise<string[]> => (await suggested(project)).map((s) => s.method);

test("asks every method of the catalogue, those added by somebody else as well", async () => {
  const { project, folder } = await tinyEngine({ takes: "none" });
  expect(await suggested(project)).toContainEqual({
    method: "try-scales",
    text: "Try scales",
    reason: "Nobody has scaled tiny yet.",
    from: "v1",
    params: { trials: 3 },
    takes: "minutes",
  });
  const view = { id: "p", folder, settings: project.store.settings, canWrite: true };
  expect((await overviewOf(project, view)).suggestions).toContainEqual({
    text: "Try scales",
    reason: "Nobody has scaled tiny yet.",
    step: { kind: "method", method: "try-scales", from: "v1", params: { trials: 3 } },
  });
});

test("has what takes seconds before what takes minutes", async () => {
  const { project } = await tinyEngine({ takes: "none" });
  expect(await ids(project)).toEqual(["quantize-static", "try-scales"]);
});

test("counts what is about to run as tried, and no tryout", async () => {
  const { project, engine } = await tinyEngine({ takes: "none" });
  const tryout = await engine.submit(tryScales({}, { tryout: 4 }), quietWork());
  expect(await ids(project)).toContain("try-scales");
  engine.cancel(tryout.id);
  const { id } = await engine.submit(tryScales(), quietWork());
  expect(await ids(project)).not.toContain("try-scales");
  engine.cancel(id);
  await reaches(engine, id, inState("cancelled"));
  expect(await ids(project)).toContain("try-scales");
});

test("counts an archived result as tried", async () => {
  const { project } = await tinyEngine({ takes: "none" });
  const run = { method: "try-scales", params: { trials: 2 }, seed: 0, threads: 1 };
  const made = await runMethod(project, run, { ...quietWork(), from: "v1" });
  archiveVariant(project, made.name, true);
  expect(await ids(project)).toEqual(["quantize-static"]);
});
