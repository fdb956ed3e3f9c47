import { expect, test } from "vitest";
import { chooseCalibration } from "../../core/app/calibration.ts";
import { browseData } from "../../core/app/dataBrowser.ts";
import { measureVariants } from "../../core/app/measureVariants.ts";
import { runMethod } from "../../core/app/runMethod.ts";
import { quietWork, tinyProject } from "./fixtures.ts";

const work = quietWork();

test("a recipe names what it was calibrated on, and gives the same bytes after other samples were chosen", async () => {
  const { project } = await tinyProject();
  const run = { method: "quantize-static", params: { samples: 40, portability: false }, seed: 0, threads: 1 };
  const before = await runMethod(project, run, { ...work, from: "v1", name: "before" });
  expect(before.recipe?.calibration).toEqual({ samples: 48, from: "train", by: "class", seed: 0 });
  const browser = await browseData(project, project.store.data()[0]!, work);
  chooseCalibration(project, browser, { samples: 44, from: "train", by: "random", seed: 5 });
  await browser.close();

  const after = await runMethod(project, run, { ...work, from: "v1", name: "after" });
  expect(after.recipe?.calibration).toEqual({ samples: 44, from: "train", by: "random", seed: 5 });
  expect(after.recipe?.data).not.toBe(before.recipe?.data);
  const { recipe } = before;
  if (recipe === null) throw new Error("It was not run.");
  const again = await runMethod(project, { recipe }, { ...work, name: "again" });
  expect(again.model.sha256).toBe(before.model.sha256);
  expect(again.recipe).toEqual(recipe);
  project.store.close();
});

test("accuracies stay comparable when other samples calibrate", async () => {
  const { project } = await tinyProject();
  const quick = { ...work, runs: 5, seconds: 1 };
  const [first] = await measureVariants(project, project.store.variants(), quick);
  const browser = await browseData(project, project.store.data()[0]!, work);
  chooseCalibration(project, browser, { samples: 30, from: "train", by: "class", seed: 1 });
  await browser.close();
  const [second] = await measureVariants(project, project.store.variants(), quick);
  expect(second?.measurements?.accuracy).toEqual(first?.measurements?.accuracy);
  project.store.close();
});
