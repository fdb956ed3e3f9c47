import { join } from "node:path";
import { expect, test } from "vitest";
import { measureVariants } from "../../core/app/measureVariants.ts";
import { importData } from "../../core/app/projectData.ts";
import { runMethod } from "../../core/app/runMethod.ts";
import { quietWork, tinyProject } from "./fixtures.ts";

const work = quietWork();

test("refuses to score a variant on samples it was calibrated on, under another import of the same data", async () => {
  const { project, folder } = await tinyProject();
  const data = join(folder, "stripes");
  const split = { given: false, train: 0.5, validation: 0, test: 0.5, calibration: 40 };
  await importData(project, data, { ...work, name: "first", splits: { ...split, seed: 1 } });
  await importData(project, data, { ...work, name: "second", splits: { ...split, seed: 2 } });
  const made = await runMethod(
    project,
    { method: "quantize-static", params: { samples: 40, portability: false }, seed: 0, threads: 1 },
    { ...work, from: "v1", name: "small", data: "first" },
  );
  await expect(measureVariants(project, [made], { ...work, data: "second" })).rejects.toMatchObject({
    code: "invalid-data",
    message: '"small" was calibrated on samples of "first" that are in the test split of "second".',
    hint: 'Measure it on "first" (--data first), or make it again from "second".',
  });
  const trained = await runMethod(
    project,
    { method: "train", params: { epochs: 1 }, seed: 0, threads: 1 },
    { ...work, from: "v1", name: "taught", data: "first" },
  );
  await expect(measureVariants(project, [trained], { ...work, data: "second" })).rejects.toThrow(
    '"taught" was trained on samples of "first" that are in the test split of "second".',
  );
  const [measured] = await measureVariants(project, [made], { ...work, data: "first", runs: 20, seconds: 1 });
  expect(measured?.measurements?.accuracy?.samples).toBeGreaterThan(0);
  project.store.close();
});
