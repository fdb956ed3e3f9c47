import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { trialRecipe } from "../../core/app/trialRecipe.ts";
import type { Project } from "../../core/app/project.ts";
import { findMethod } from "../../core/methods/catalogue.ts";
import { addSearch, sampleProject } from "../e2e/searched.ts";

let folder: string;
let project: Project;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lathe-trial-"));
  project = await sampleProject(folder, "searched");
  await addSearch(project, 6);
});

afterAll(async () => {
  project.store.close();
  await rm(folder, { recursive: true });
});

it("is the search of the trial, narrowed to its point", async () => {
  const [stored] = project.store.trials.get([3]);
  const recipe = await trialRecipe(project, 3);
  expect(recipe).toMatchObject({ method: "search-random", from: project.store.variants()[0]!.id, seed: 0 });
  const params = (await findMethod("search-random")).parse(recipe.params) as Record<string, unknown>;
  expect(params).toMatchObject({ trials: 1, halving: false, medianStop: false });
  expect((params["start"] as string[]).map((text) => JSON.parse(text) as unknown)).toEqual([stored!.trial.point]);
});

it("is refused for a trial that is not there, and for one whose job was removed", async () => {
  await expect(trialRecipe(project, 99)).rejects.toThrow('There is no trial "99" in this project.');
  project.store.trials.add(
    { job: "j9", method: "search-random", run: "r" },
    [project.store.trials.get([3])[0]!.trial],
    0,
  );
  await expect(trialRecipe(project, 7)).rejects.toThrow('The job "j9" of trial "7" was removed.');
});
