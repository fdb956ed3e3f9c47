import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { compareVariants, comparisonTable, type Comparison } from "../core/app/compare.ts";
import { exportVariant } from "../core/app/exportVariant.ts";
import { importModel } from "../core/app/importModel.ts";
import { measureVariants } from "../core/app/measureVariants.ts";
import { nodeHost } from "../core/app/nodeHost.ts";
import { createProject, type Project, type Work } from "../core/app/project.ts";
import { importData } from "../core/app/projectData.ts";
import { runMethod } from "../core/app/runMethod.ts";
import { standoutsWithinTolerance } from "../core/app/standouts.ts";
import { describeVerification } from "../core/app/verifyBundle.ts";
import { writeReport } from "../core/app/writeReport.ts";
import type { Variant } from "../core/contract/project.ts";
import { newModel } from "../core/app/newModel.ts";
import { toLatheError } from "../core/base/error.ts";
import { blockTable } from "../core/cli/table.ts";
import { BASELINE, STEPS, STUDENT } from "./demoSteps.ts";

const root = join(import.meta.dirname, "..");
const sample = join(root, "samples", "fashion-mnist");
const demo = join(root, "demo");

const isFull = process.argv.includes("--full");

const control = new AbortController();
process.once("SIGINT", () => control.abort());
const started = performance.now();
const seconds = (): string => `${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s`;
const say = (text: string): void => console.log(`${seconds()}  ${text}`);
const work: Work = {
  signal: control.signal,
  emit: (event) => {
    if (event.kind === "stage") say(event.name);
  },
};

await rm(demo, { recursive: true, force: true });
await mkdir(demo, { recursive: true });
say("Making a project in demo/project");
const project = await createProject(join(demo, "project"), { name: "Fashion-MNIST, made small" }, nodeHost);
try {
  await tour(project);
} catch (thrown) {
  const { code, message, hint } = toLatheError(thrown);
  console.error(hint === undefined ? message : `${message}\n${hint}`);
  process.exitCode = code === "cancelled" ? 130 : 1;
} finally {
  project.store.close();
}

async function tour(opened: Project): Promise<void> {
  const baseline = await importModel(opened, join(sample, "model.onnx"), { ...work, name: BASELINE });
  await importData(opened, sample, work);
  const student = join(demo, `${STUDENT.name}.onnx`);
  await newModel({ ...STUDENT, input: [1, 28, 28], classes: 10, seed: 1 }, student, { ...work, host: opened.host });
  await importModel(opened, student, { ...work, name: STUDENT.name });
  const threads = Math.min(8, availableParallelism());
  const made: Variant[] = [];
  for (const { method, name, from, params, full = {}, isFullOnly = false } of STEPS) {
    if (isFullOnly && !isFull) continue;
    say(`${name}: ${method} on ${from}`);
    const request = { method, params: isFull ? { ...params, ...full } : params, seed: 0, threads };
    made.push(await runMethod(opened, request, { ...work, from, name }));
  }
  await measureVariants(opened, [baseline, ...made], { ...work, batches: [1, 32] });

  // The untrained student is no candidate.
  const shown = opened.store.variants().flatMap((v) => (v.name === STUDENT.name ? [] : [v.id]));
  const comparison = compareVariants(opened, shown);
  const files = ["report.html", "report.md", "report.csv", "report.json"].map((name) => join(demo, name));
  await writeReport(opened, shown, files);
  const best = bestOf(comparison);
  const bundle = await exportVariant(opened, best, { ...work, out: join(demo, best.name) });
  const samples = baselineSamples(comparison);

  console.log(`\n${blockTable(comparisonTable(comparison))}\n`);
  console.log(`Top-1 on ${samples} test images with 95 % intervals; time per image, batch 1, one thread, in turns.\n`);
  console.log(`Report  ${files.map((f) => relative(process.cwd(), f)).join("  ")}`);
  console.log(`Bundle  ${relative(process.cwd(), bundle.folder)}: ${describeVerification(bundle.verification)}`);
  if (process.argv.includes("--picture")) takePicture();
}

/** The fastest variant whose accuracy is within a point of the baseline's; the smallest where none is faster. */
function bestOf({ rows, baseline }: Comparison): Variant {
  const { fastest, smallest } = standoutsWithinTolerance(rows);
  return (fastest ?? smallest)?.variant ?? baseline;
}

function baselineSamples({ baseline }: Comparison): string {
  return (baseline.measurements?.accuracy?.samples ?? 0).toLocaleString("en-US");
}

/** Photographs the report for the read-me, where a Chromium is installed. */
function takePicture(): void {
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const found = names
    .flatMap((name) => (process.env["PATH"] ?? "").split(":").map((folder) => join(folder, name)))
    .find((path) => existsSync(path));
  if (found === undefined) {
    console.log("No Chromium was found; docs/report.png stays as it is.");
    return;
  }
  const picture = join(root, "docs", "report.png");
  spawnSync("mkdir", ["-p", join(root, "docs")]);
  const page = pathToFileURL(join(demo, "report.html")).href;
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1240,1420"];
  const { status } = spawnSync(found, [...flags, `--screenshot=${picture}`, page], { stdio: "ignore" });
  console.log(status === 0 ? `Picture ${relative(process.cwd(), picture)}` : "Chromium could not take the picture.");
}
