import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { compareVariants, type Comparison } from "../../core/app/compare.ts";
import { compareLayers, learningCurvesOf } from "../../core/app/compareDetails.ts";
import { comparedFigures, latencyProtocol } from "../../core/app/compareFigures.ts";
import { compareClasses, findDisagreements } from "../../core/app/compareSamples.ts";
import { importModel } from "../../core/app/importModel.ts";
import { measureVariants } from "../../core/app/measureVariants.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { createProject, type Project } from "../../core/app/project.ts";
import { importData } from "../../core/app/projectData.ts";
import { runMethod } from "../../core/app/runMethod.ts";
import { temporaryFolder } from "../serve/fixtures.ts";
import { quietWork, writeInputs } from "./fixtures.ts";

let project: Project;
let comparison: Comparison;

beforeAll(async () => {
  const folder = temporaryFolder();
  const { modelFile, dataFolder } = writeInputs(folder);
  project = await createProject(join(folder, "project"), {}, nodeHost);
  await importModel(project, modelFile, quietWork());
  await importData(project, dataFolder, { ...quietWork(), preprocessing: "zero-one", splits: { calibration: 48 } });
  const common = { seed: 0, threads: 1 };
  const from = { ...quietWork(), from: "tiny" };
  await runMethod(
    project,
    { method: "quantize-static", params: { samples: 16 }, ...common },
    { ...from, name: "int8" },
  );
  await runMethod(project, { method: "train", params: { epochs: 2 }, ...common }, { ...from, name: "trained" });
  await measureVariants(project, project.store.variants(), { ...quietWork(), runs: 20, seconds: 0.2 });
  comparison = compareVariants(project, []);
}, 120_000);

afterAll(() => project.store.close());

it("gives a column for each figure and setting, in one unit, and marks none where all are alike", async () => {
  const { columns, rows } = await comparedFigures(comparison);
  expect(columns.map((c) => c.id)).toEqual(
    expect.arrayContaining([
      "top1",
      "p50-1",
      "p95-1",
      "size",
      "memory",
      "macs",
      "method",
      "param-samples",
      "param-epochs",
    ]),
  );
  expect(rows).toHaveLength(3);
  const cell = (row: number, id: string) => rows[row]?.[columns.findIndex((c) => c.id === id)];
  expect(cell(0, "method")?.text).toBe("imported");
  expect(cell(1, "param-epochs")?.text).toBe("—");
  expect(cell(0, "top1")?.delta).toBeUndefined();
  expect(cell(1, "top1")?.delta?.text).toMatch(/^[−+]?\d+\.\d \([−+]?\d+\.\d to [−+]?\d+\.\d\)$/);
  columns.forEach((_, i) => expect(rows.filter((r) => r[i]?.isBest === true).length).toBeLessThan(3));
  // Quantised, a model this small is larger.
  expect(rows.map((_, i) => cell(i, "size")?.isBest ?? false)).toEqual([true, false, false]);
  expect(rows.map((_, i) => cell(i, "method")?.isBest ?? false)).toEqual([false, false, false]);
  expect(latencyProtocol(comparison)).toEqual([
    expect.stringMatching(
      /^Latency: batch 1, 1 thread, cpu on .+; n = \d+ after \d+ warm-up calls, in turns with the baseline\.$/,
    ),
  ]);
});

it("pairs classes sample by sample, and their changes add up to the whole", async () => {
  const { classes } = await compareClasses(project, comparison);
  const [, , trained] = comparison.rows;
  const whole = trained?.difference?.difference ?? NaN;
  const samples = classes.reduce((sum, c) => sum + c.samples, 0);
  const sum = classes.reduce((s, c) => s + c.samples * (c.figures[2]?.difference?.value ?? NaN), 0);
  expect(sum / samples).toBeCloseTo(whole, 10);
  for (const c of classes) {
    expect(c.figures[0]?.difference).toBeUndefined();
    const d = c.figures[2]?.difference;
    expect(d!.low).toBeLessThan(d!.value + 1e-9);
    expect(d!.high).toBeGreaterThan(d!.value - 1e-9);
  }
});

it("finds the samples that were gained, lost, or answered differently, class by class and page by page", async () => {
  const ask = (which: "any" | "lost" | "gained", limit = 1000, label?: string) =>
    findDisagreements(project, comparison, { which, offset: 0, limit, label });
  const [any, lost, gained] = [await ask("any"), await ask("lost"), await ask("gained")];
  const against = comparison.rows.map((r) => r.variant.measurements?.accuracy?.against);
  const distinct = new Set(against.flatMap((a) => a?.indices ?? []));
  expect(any.total).toBe(distinct.size);
  expect(new Set(any.rows.map((r) => r.index))).toEqual(distinct);
  expect(lost.total).toBeGreaterThanOrEqual(Math.max(...against.map((a) => a?.lost ?? 0)));
  expect(gained.total).toBeGreaterThanOrEqual(Math.max(...against.map((a) => a?.gained ?? 0)));
  expect(lost.rows.every((r) => r.answers[0]?.isRight === true && r.answers.some((a) => a?.isRight === false))).toBe(
    true,
  );
  const sum = any.classes.reduce((total, c) => total + c.count, 0);
  expect(sum).toBe(any.total);
  const [first] = any.classes;
  if (first !== undefined) {
    const some = await ask("any", 1, first.label);
    expect(some).toMatchObject({ total: first.count, rows: [{ label: first.label }] });
  }
});

it("matches layers by name with their bits and noise, and leaves a quantiser's own nodes out", async () => {
  const { layers } = await compareLayers(comparison.rows.map((r) => r.variant));
  expect(layers.length).toBeGreaterThan(0);
  expect(layers.every((l) => !l.op.includes("Quantize"))).toBe(true);
  const quantised = layers.filter((l) => l.figures[1]?.bits === 8);
  expect(quantised.length).toBeGreaterThan(0);
  expect(quantised.some((l) => (l.figures[1]?.sqnr ?? 0) > 10)).toBe(true);
  expect(layers.every((l) => l.figures[0]?.bits === undefined || l.figures[0].bits === 32)).toBe(true);
});

it("draws the trainings of all variants in common charts", async () => {
  const curves = await learningCurvesOf(comparison.rows.map((r) => r.variant));
  const loss = curves.find((c) => /loss/i.test(c.title));
  expect(loss?.x.title).toBe("Epoch");
  expect(loss?.series).toMatchObject([{ variant: "v3", label: "trained" }]);
  expect(loss?.series[0]?.points).toHaveLength(2);
});
