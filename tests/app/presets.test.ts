import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { findPreset, listPresets, removePreset, savePreset } from "../../core/app/presets.ts";
import { emptyCache, measureStorage } from "../../core/app/storage.ts";
import type { Preset } from "../../core/contract/preset.ts";
import { temporaryFolder, tinyProject } from "./fixtures.ts";

const recipe = {
  lathe: 1,
  method: "convert-fp16",
  version: 1,
  params: { exclude: ["conv"] },
  seed: 3,
  threads: 2,
} as const;

it("keeps recipes and pipelines under names, the project's before the person's", async () => {
  const { project } = await tinyProject();
  const home = temporaryFolder();
  const mine: Preset = {
    name: "Half: 50 %/2*",
    scope: "user",
    kind: "recipe",
    recipe: { ...recipe, params: { exclude: ["conv"] } },
  };
  const chain: Preset = {
    name: "chain",
    scope: "project",
    kind: "pipeline",
    pipeline: { lathe: 1, steps: [{ method: "train", params: {} }] },
  };
  await expect(savePreset(project, home, mine)).rejects.toThrow('"Half: 50 %/2*" cannot be a name.');
  const named: Preset = { ...mine, name: "Half: 50 %*" };
  await savePreset(project, home, named);
  await savePreset(project, home, chain);
  await savePreset(project, home, { ...named, scope: "project" });
  expect(await listPresets(project, home)).toEqual([chain, { ...named, scope: "project" }, named]);
  expect((await findPreset(project, home, named.name)).scope).toBe("project");
  await removePreset(project, home, { name: named.name, scope: "project" });
  expect((await findPreset(project, home, named.name)).scope).toBe("user");
  await expect(findPreset(project, home, "gone")).rejects.toMatchObject({
    message: 'There is no preset "gone".',
    hint: "Presets: chain, Half: 50 %*.",
  });
  await expect(removePreset(project, home, { name: "gone", scope: "user" })).rejects.toMatchObject({
    code: "not-found",
  });
  project.store.close();
});

it("passes over files that are no presets", async () => {
  const { project } = await tinyProject();
  const { folder } = project.store;
  mkdirSync(join(folder, "presets"));
  writeFileSync(join(folder, "presets", "broken.json"), "{");
  writeFileSync(join(folder, "presets", "other.json"), '{"a": 1}');
  writeFileSync(join(folder, "presets", "%zz.json"), JSON.stringify(recipe));
  writeFileSync(join(folder, "presets", "good.json"), JSON.stringify({ ...recipe, from: "abc", data: "def" }));
  const [only, ...rest] = await listPresets(project, temporaryFolder());
  expect(rest).toEqual([]);
  expect(only).toEqual({ name: "good", scope: "project", kind: "recipe", recipe });
  project.store.close();
});

it("measures what a project takes, and empties its cache", async () => {
  const { project } = await tinyProject();
  const { folder } = project.store;
  mkdirSync(join(folder, "cache", "answers"), { recursive: true });
  writeFileSync(join(folder, "cache", "answers", "a.bin"), new Uint8Array(1000));
  const before = await measureStorage(folder);
  expect(before.cache).toBe(1000);
  expect(before.artifacts).toBeGreaterThan(0);
  expect(before.total).toBeGreaterThan(before.cache + before.artifacts);
  expect(await emptyCache(folder)).toBe(1000);
  expect(await emptyCache(folder)).toBe(0);
  expect((await measureStorage(folder)).cache).toBe(0);
  project.store.close();
});
