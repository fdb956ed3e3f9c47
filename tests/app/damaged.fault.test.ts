import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { expect, it } from "vitest";
import { buildReport } from "../../core/app/buildReport.ts";
import { compareVariants } from "../../core/app/compare.ts";
import { compareLayers, learningCurvesOf } from "../../core/app/compareDetails.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { openProject, type Project } from "../../core/app/project.ts";
import { runMethod } from "../../core/app/runMethod.ts";
import { measureVariants } from "../../core/app/measureVariants.ts";
import { withModelFile } from "../../core/app/modelFiles.ts";
import { report as reportSchema } from "../../core/contract/report.ts";
import { viewVariants } from "../../core/serve/variantViews.ts";
import { quietWork, tinyProject } from "./fixtures.ts";

/** Places in variants' records, by name, and what stands there now. */
const DAMAGE: readonly (readonly [variant: string, place: string, value: string])[] = [
  ["gate", "$.findings.gate.speedup", '"fast"'],
  ["ranges", "$.findings.ranges[0].low", "{}"],
  ["nothing", "$.findings", "null"],
  ["method", "$.recipe.params.samples", '"many"'],
  ["figures", "$.measurements.latency", '[{"median": "quick"}]'],
  ["record", "$.model.sha256", "7"],
];

/** A project whose variants are damaged so, with a whole one beside them, all measured. */
async function damagedProject(): Promise<Project> {
  const { project: made, folder } = await tinyProject();
  const request = { method: "quantize-static", params: { samples: 16, portability: false }, seed: 0, threads: 1 };
  for (const [name] of DAMAGE) await runMethod(made, request, { ...quietWork(), from: "tiny", name });
  await runMethod(made, request, { ...quietWork(), from: "tiny", name: "whole" });
  await measureVariants(made, made.store.variants(), { ...quietWork(), runs: 3 });
  made.store.close();
  const database = new Sqlite(join(folder, "project", "project.sqlite"));
  const damage = database.prepare("UPDATE variant SET record = json_set(record, ?, json(?)) WHERE name = ?");
  for (const [name, place, value] of DAMAGE) expect(damage.run(place, value, name).changes).toBe(1);
  database.close();
  return openProject(join(folder, "project"), "write", nodeHost);
}

it("damaged records are told in words, and end neither a report, a comparison nor the use of others", async () => {
  const project = await damagedProject();
  const { rows } = compareVariants(project, []);
  const warnings = Object.fromEntries((await viewVariants(rows)).map((v) => [v.name, v.warnings.at(-1)]));
  expect(warnings).toMatchObject({
    gate: "What quantize-static found out is damaged: gate.speedup: Invalid input: expected number, received string.",
    ranges: "What quantize-static found out is damaged: ranges.0.low: Invalid input: expected number, received object.",
    nothing: "What quantize-static found out is damaged: all of it: Invalid input: expected object, received null.",
    method: "quantize-static: samples: Invalid input: expected number, received string.",
    figures: expect.stringMatching(/^Its measurements are damaged \("measurements\.latency\.0\.device: /) as unknown,
    record: expect.stringMatching(/^Its record is damaged \("model\.sha256: /) as unknown,
  });
  const report = reportSchema.parse(await buildReport(project, []));
  const text = JSON.stringify(report);
  for (const [name] of DAMAGE) expect(text).toContain(JSON.stringify(warnings[name] ?? "?").slice(1, -1));
  expect(text).toContain("whole");
  const layers = await compareLayers(project.store.variants());
  expect(layers.layers.length).toBeGreaterThan(0);
  expect(await learningCurvesOf(project.store.variants())).toEqual([]);
  const lost = project.store.variants().find((v) => v.name === "record")!;
  await expect(withModelFile(project, lost, () => Promise.resolve())).rejects.toMatchObject({
    code: "invalid-project",
    message: expect.stringMatching(/^The variant cannot be used\. Its record is damaged \("model\.sha256: /) as unknown,
  });
  const measured = await measureVariants(project, [...project.store.variants()], {
    ...quietWork(),
    runs: 3,
    skipUnrunnable: true,
  });
  expect(measured.find((v) => v.name === "figures")?.measurements?.latency.length).toBe(1);
  expect(project.store.variants().find((v) => v.name === "figures")?.damage).toBeUndefined();
  project.store.close();
});
