import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { importModel } from "../../core/app/importModel.ts";
import { measureVariants } from "../../core/app/measureVariants.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { createProject, type Project, type Work } from "../../core/app/project.ts";
import { importData } from "../../core/app/projectData.ts";
import { runMethod } from "../../core/app/runMethod.ts";
import type { Json } from "../../core/base/json.ts";
import { seededRandom } from "../../core/base/random.ts";
import type { Job } from "../../core/contract/jobs.ts";
import type { Trial } from "../../core/contract/trial.ts";
import { findMethod } from "../../core/methods/catalogue.ts";
import { root } from "./workbench.ts";

const quiet: Work = { signal: new AbortController().signal, emit: () => undefined };

/** A project with the sample's model and data, made without a page. The caller closes it. */
export async function sampleProject(folder: string, name: string): Promise<Project> {
  const project = await createProject(join(folder, name), { name }, nodeHost);
  await importModel(project, join(SAMPLE, "model.onnx"), { ...quiet, name: "fashion" });
  const data = join(folder, `${name}-data`);
  writeData(data);
  await importData(project, data, quiet);
  return project;
}

const SAMPLE = join(root, "samples", "fashion-mnist");
/** Of the training images; a training takes seconds. */
const FIRST = 1500;

/** The sample's images, the first of the training ones only. */
function writeData(folder: string): void {
  mkdirSync(folder);
  for (const [name, header, bytes] of [
    ["train-images-idx3-ubyte", 16, 28 * 28],
    ["train-labels-idx1-ubyte", 8, 1],
  ] as const) {
    const whole = gunzipSync(readFileSync(join(SAMPLE, `${name}.gz`)));
    const part = Buffer.from(whole.subarray(0, header + FIRST * bytes));
    part.writeUInt32BE(FIRST, 4);
    writeFileSync(join(folder, name), part);
  }
  for (const name of ["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz", "classes.txt"])
    copyFileSync(join(SAMPLE, name), join(folder, name));
}

/** Two variants beside the baseline, one quantised and one trained on; all measured in turns. */
export async function addVariants(project: Project): Promise<void> {
  const runs: readonly { readonly name: string; readonly method: string; readonly params: Record<string, Json> }[] = [
    { name: "int8", method: "quantize-static", params: { samples: 64 } },
    { name: "trained", method: "train", params: { epochs: 2 } },
  ];
  for (const { name, ...run } of runs)
    await runMethod(project, { ...run, seed: 0, threads: 1 }, { ...quiet, from: "fashion", name });
  await measureVariants(project, project.store.variants(), { ...quiet, runs: 30, seconds: 1 });
}

/** Trials as a search leaves them: larger nets are more accurate and slower, with noise; a few fail. */
export function someTrials(count: number): readonly Trial[] {
  const random = seededRandom(0, "searched");
  return Array.from({ length: count }, (_, i): Trial => {
    const [width, depth] = [4 + random.integer(61), 1 + random.integer(6)];
    const [kernel, act] = [[3, 5, 7][random.integer(3)]!, ["relu", "gelu", "silu"][random.integer(3)]!];
    const rate = 10 ** (-4 + 3 * random.next());
    const size = width * width * depth * kernel;
    const isFailed = random.next() < 0.02;
    const goodness = 1 - Math.exp(-size / 20_000) - 0.05 * (Math.log10(rate) + 2.2) ** 2;
    return {
      number: i >> 1,
      group: i % 2 === 0 ? "evolution" : "random",
      point: { width, depth, kernel, act, rate: Number(rate.toPrecision(3)) },
      state: isFailed ? "failed" : "done",
      values: isFailed
        ? {}
        : {
            accuracy: Math.max(0.1, Math.min(0.95, 0.55 + 0.35 * goodness + 0.02 * random.normal())),
            latency: 0.05 + (size / 40_000) * (1 + 0.1 * Math.abs(random.normal())),
            size: 4 * size + 4000,
          },
      ...(isFailed && { note: "The loss is not a number." }),
      seconds: 1 + size / 10_000,
    };
  });
}

/** A finished search of so many trials. */
export async function addSearch(project: Project, count: number): Promise<void> {
  const [baseline] = project.store.variants();
  if (baseline === undefined) throw new Error("The project has no model.");
  const method = "search-random";
  const { info, parse } = await findMethod(method);
  const job: Job = {
    id: "j1",
    title: "Random architecture search",
    state: "done",
    priority: 0,
    plan: {
      from: { variant: baseline.id, sha256: baseline.model.sha256 },
      steps: [{ method, version: info.version, params: parse({ trials: 2 }), seed: 0, threads: 1, measure: false }],
      measure: [],
    },
    made: [[baseline.id]],
    isMeasured: true,
    at: nodeHost.clock.now(),
    seconds: 1,
    attempts: 1,
  };
  const trials = someTrials(count);
  project.store.together(() => {
    project.store.jobs.save(job);
    for (let at = 0; at < count; at += 5000)
      project.store.trials.add({ job: job.id, method, run: "r" }, trials.slice(at, at + 5000), at);
  });
}
