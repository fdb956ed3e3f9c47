import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { buildReport } from "../../core/app/buildReport.ts";
import { paretoFront } from "../../core/app/reportCharts.ts";
import { compareVariants, comparisonTable } from "../../core/app/compare.ts";
import { exportVariant } from "../../core/app/exportVariant.ts";
import { importModel } from "../../core/app/importModel.ts";
import { diffVariants, inspectFile, inspectVariant } from "../../core/app/inspect.ts";
import { measureVariants } from "../../core/app/measureVariants.ts";
import { loadTensors, readModel } from "../../core/onnx/read.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { encodeNpy } from "../../core/app/npy.ts";
import { baselineOf, findVariant } from "../../core/app/project.ts";
import { openData } from "../../core/app/projectData.ts";
import { withModelFile } from "../../core/app/modelFiles.ts";
import { runMethod } from "../../core/app/runMethod.ts";
import { writeReport } from "../../core/app/writeReport.ts";
import { report as reportSchema } from "../../core/contract/report.ts";
import { writeModel } from "../../core/onnx/write.ts";
import { quietWork, temporaryFolder, tinyModel, tinyProject } from "./fixtures.ts";

const work = quietWork();
const quick = { ...work, runs: 20, seconds: 1 };

test("goes from a model and data to a compared, reported and exported variant", async () => {
  const { project, folder } = await tinyProject();
  const made = await runMethod(
    project,
    { method: "quantize-static", params: { samples: 32 }, seed: 0, threads: 1 },
    { ...work, from: "tiny", name: "small" },
  );
  expect(made).toMatchObject({
    id: "v2",
    name: "small",
    parent: "v1",
    recipe: { method: "quantize-static", from: baselineOf(project).model.sha256 },
  });

  await measureVariants(project, [made], quick);
  const comparison = compareVariants(project, []);
  expect(comparison.rows.map((r) => r.variant.name)).toEqual(["tiny", "small"]);
  const small = comparison.rows[1]?.variant.measurements;
  expect(small?.accuracy).toMatchObject({ split: "test", samples: 60, against: { variant: "v1" } });
  expect(small?.latency[0]).toMatchObject({ batch: 1, interleaved: true, reference: { variant: "v1" } });
  expect(small?.layers.some((l) => l.macs > 0)).toBe(true);
  expect(comparison.rows[1]?.speedUp?.factor).toBeGreaterThan(0);
  expect(comparison.rows[1]?.difference?.interval.level).toBe(0.95);
  expect(comparisonTable(comparison).rows).toHaveLength(2);

  expect(reportSchema.parse(await buildReport(project, [])).blocks.length).toBeGreaterThan(10);
  const outs = ["a.html", "a.md", "a.csv", "a.json"].map((name) => join(folder, name));
  await writeReport(project, [], outs);
  expect(outs.map((o) => existsSync(o))).toEqual([true, true, true, true]);

  const bundle = await exportVariant(project, findVariant(project, "small"), {
    ...work,
    out: join(folder, "bundle"),
    samples: 4,
  });
  expect(bundle.verification).toMatchObject({ parity: { samples: 4, largest: 0, agreement: 1 }, isVerified: true });
  const card = JSON.parse(readFileSync(join(folder, "bundle", "card.json"), "utf8")) as Record<string, unknown>;
  expect(card).toMatchObject({
    name: "small",
    classes: ["rows", "columns", "noise"],
    model: { sha256: made.model.sha256 },
    parity: { samples: 4 },
  });
  symlinkSync(join(import.meta.dirname, "..", "..", "node_modules"), join(folder, "node_modules"));
  const { stdout } = spawnSync(process.execPath, [join(folder, "bundle", "run.mjs")], { encoding: "utf8" });
  expect(stdout).toBe("scores: [4, 3]\nlargest difference: 0\n");
  project.store.close();
});

test("the same recipe gives the same bytes", async () => {
  const { project } = await tinyProject();
  for (const method of ["quantize-static", "quantize-dynamic", "convert-fp16"]) {
    const first = await runMethod(project, { method, params: {}, seed: 3, threads: 1 }, { ...work, from: "v1" }).catch(
      (e: unknown) => e,
    );
    if (first instanceof Error) throw first;
    const { recipe } = first as Awaited<ReturnType<typeof runMethod>>;
    expect(recipe).not.toBeNull();
    if (recipe === null) continue;
    const again = await runMethod(project, { recipe }, work);
    expect(again.model).toEqual((first as typeof again).model);
    expect(again.recipe).toEqual(recipe);
    expect(again.name).toBe(`${method}-2`);
  }
  project.store.close();
});

test("names a variant by id, name or the start of its hash", async () => {
  const { project } = await tinyProject();
  const tiny = baselineOf(project);
  expect([
    findVariant(project, "v1"),
    findVariant(project, "tiny"),
    findVariant(project, tiny.model.sha256.slice(0, 8)),
  ]).toEqual([tiny, tiny, tiny]);
  expect(() => findVariant(project, "big")).toThrow('There is no variant "big" in this project.');
  project.store.close();
});

test("keeps a model's external data with it", async () => {
  const { project } = await tinyProject();
  const folder = temporaryFolder();
  const file = join(folder, "external.onnx");
  await writeModel(tinyModel(), file, { host: nodeHost, externalAbove: 64 });
  const variant = await importModel(project, file, work);
  expect(Object.keys(variant.external)).toEqual(["external.onnx.data"]);
  const bytes = await withModelFile(project, variant, async (path) => {
    const model = await loadTensors(await readModel(path, nodeHost), nodeHost);
    return model.graph.initializers.map((t) => (t.data.kind === "bytes" ? t.data.bytes.byteLength : -1));
  });
  expect(bytes).toEqual([288, 32, 96, 12]);
  expect(existsSync(join(project.store.folder, "work", "model.onnx"))).toBe(false);
  const { diff } = await diffVariants(project, ["tiny", "external"]);
  expect(diff.same).toBe(true);
  const bundle = await exportVariant(project, variant, { ...work, out: join(folder, "bundle") });
  expect(bundle.files).toContain("external.onnx.data");
  project.store.close();
});

test("opens a model of a foreign domain, shows it and says why it cannot run", async () => {
  const { project } = await tinyProject();
  const tiny = tinyModel();
  const nodes = tiny.graph.nodes.map((n) =>
    n.op === "Relu" ? { ...n, op: "Quant", domain: "qonnx.custom_op.general" } : n,
  );
  const foreign = {
    ...tiny,
    opsets: { ...tiny.opsets, "qonnx.custom_op.general": 1 },
    graph: { ...tiny.graph, nodes },
  };
  const file = join(temporaryFolder(), "foreign.onnx");
  await writeModel(foreign, file, { host: nodeHost });
  const variant = await importModel(project, file, work);
  const reason = 'onnxruntime does not know Quant of domain "qonnx.custom_op.general" (1 node).';
  expect(variant.warnings).toEqual([`This model can be shown and compared, but not run: ${reason}`]);
  const { facts } = await inspectVariant(project, "foreign", {});
  expect(facts).toMatchObject({ notRunnable: reason, nodes: 5 });
  await expect(measureVariants(project, [variant], quick)).rejects.toThrow(`"foreign" cannot be measured: ${reason}`);
  await expect(
    runMethod(project, { method: "convert-fp16", params: {}, seed: 0, threads: 1 }, { ...work, from: "foreign" }),
  ).rejects.toThrow(`convert-fp16 cannot run on "foreign": ${reason}`);
  const measured = await measureVariants(project, project.store.variants(), { ...quick, skipUnrunnable: true });
  expect(measured.map((v) => v.measurements !== null)).toEqual([true, false]);
  project.store.close();
});

test("measuring at one batch size keeps what is known of others", async () => {
  const { project } = await tinyProject();
  await measureVariants(project, project.store.variants(), { ...quick, batches: [1, 4] });
  await measureVariants(project, project.store.variants(), quick);
  expect(baselineOf(project).measurements?.latency.map((l) => l.batch)).toEqual([1, 4]);
  project.store.close();
});

test("inspects a file without a project", async () => {
  const file = join(temporaryFolder(), "tiny.onnx");
  await writeModel(tinyModel(), file, { host: nodeHost });
  const { facts, text } = await inspectFile(file, {}, nodeHost);
  expect(facts.operators.map((o) => o.op)).toEqual(["Conv", "Flatten", "Gemm", "GlobalAveragePool", "Relu"]);
  expect(facts.constants).toEqual({ count: 4, elements: 107, bytes: 428 });
  expect(text).toContain("classifier");
});

test("the Pareto front leaves out what another point beats", () => {
  const points = [
    { label: "a", cost: 1, gain: 1 },
    { label: "b", cost: 2, gain: 3 },
    { label: "c", cost: 3, gain: 2 },
    { label: "d", cost: 4, gain: 3 },
    { label: "twin", cost: 2, gain: 3 },
  ];
  expect(paretoFront(points)).toEqual(["a", "b", "twin"]);
});

test("writes NPY as NumPy does", () => {
  const bytes = encodeNpy({ type: "float32", dims: [2], data: Float32Array.of(1, -2) });
  expect(Buffer.from(bytes.subarray(0, 10)).toString("hex")).toBe("934e554d505901007600");
  expect(new TextDecoder().decode(bytes.subarray(10, 128)).trimEnd()).toBe(
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
  );
  expect(bytes.byteLength).toBe(136);
});

test("refuses data that changed after the import", async () => {
  const { project, folder } = await tinyProject();
  const file = join(folder, "stripes", "train-labels-idx1-ubyte");
  const labels = readFileSync(file);
  labels[9] = 2;
  writeFileSync(file, labels);
  const [data] = project.store.data();
  expect(data).toBeDefined();
  if (data === undefined) return;
  await expect(openData(project, data, work)).rejects.toThrow(
    `Data set "stripes" has changed since it was imported: "${join(folder, "stripes")}" had 300 samples and has 300, or other content.`,
  );
  project.store.close();
});
