import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importModel } from "../../core/app/importModel.ts";
import { openEngine, type Engine } from "../../core/app/jobs.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { createProject, type Project } from "../../core/app/project.ts";
import { importData } from "../../core/app/projectData.ts";
import { runMethod, type RunRequest } from "../../core/app/runMethod.ts";
import { seededRandom } from "../../core/base/random.ts";
import { addMethods } from "../../core/methods/catalogue.ts";
import { writeInputs } from "../app/tiny.ts";
import { someKills, survive, TARGETS, type Target } from "../app/kills.ts";

interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export interface JobFigures {
  readonly kills: {
    readonly seed: number;
    readonly projects: number;
    /** Kills that hit a living process. */
    readonly hits: Readonly<Record<Target | "all", number>>;
    /** Trials that were finished when a process was killed. */
    readonly finished: number;
    readonly lost: number;
    readonly corrupt: number;
    /** Projects whose models have other bytes than those of an undisturbed run. */
    readonly different: number;
    /** What was wrong, in words. */
    readonly faults: readonly string[];
  };
  /** Milliseconds. */
  readonly overhead: {
    readonly rounds: number;
    readonly trials: number;
    /** One trial that does next to nothing, with its line on disk and its record in the project. */
    readonly trialInProcess: Spread;
    readonly trialAsJob: Spread;
    /** From the submission to the end of a job of one trial, beside the same in process. */
    readonly runInProcess: Spread;
    readonly runAsJob: Spread;
  };
}

const SEED = 0;
const KILLS = 200;
const KILLS_PER_PROJECT = 8;
/** Projects under fire at the same time. */
const AT_ONCE = 3;
const TRIALS = 400;
const ROUNDS = 5;

/** A training with checkpoints, then short trials. */
const PIPELINE = {
  lathe: 1,
  threads: 1,
  measure: false,
  steps: [
    { method: "train", params: { epochs: 4, batch: 16 }, name: "trained" },
    { method: "try-scales", params: { trials: 40, pause: 20 }, name: "scaled" },
  ].map((step) => ({ ...step, measure: false })),
};

const work = { signal: new AbortController().signal, emit: () => undefined };
const methods = join(import.meta.dirname, "..", "extraMethods");

async function tinyProject(folder: string): Promise<Project> {
  const { modelFile, dataFolder } = writeInputs(folder);
  const project = await createProject(join(folder, "project"), {}, nodeHost);
  await importModel(project, modelFile, work);
  await importData(project, dataFolder, { ...work, preprocessing: "zero-one", splits: { calibration: 48 } });
  return project;
}

async function measureKills(template: string, folder: string): Promise<JobFigures["kills"]> {
  const whole = await survive(template, join(folder, "whole"), { pipeline: PIPELINE, kills: [] });
  const hits = { job: 0, engine: 0, both: 0, all: 0 };
  const sums = { projects: 0, finished: 0, lost: 0, corrupt: 0, different: 0 };
  const faults = [...whole.damage];
  const worker = async (): Promise<void> => {
    while (hits.all < KILLS) {
      const number = sums.projects++;
      const kills = someKills(seededRandom(SEED, `kills/${number}`), KILLS_PER_PROJECT, whole.span);
      const survived = await survive(template, join(folder, `copy${number}`), { pipeline: PIPELINE, kills });
      for (const target of TARGETS) {
        hits[target] += survived.hits[target];
        hits.all += survived.hits[target];
      }
      sums.finished += survived.seen;
      sums.lost += survived.lost;
      if (survived.damage.length > 0) sums.corrupt++;
      if (survived.models.join() !== whole.models.join()) sums.different++;
      faults.push(...survived.damage);
      process.stderr.write(`\r${hits.all} of ${KILLS} kills, ${number + 1} projects`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  process.stderr.write("\n");
  return { seed: SEED, hits, ...sums, faults: faults.slice(0, 20) };
}

async function measureOverhead(project: Project): Promise<JobFigures["overhead"]> {
  await addMethods(methods);
  const engine = await openEngine(project, { methods });
  const times = {
    trialInProcess: [] as number[],
    trialAsJob: [] as number[],
    runInProcess: [] as number[],
    runAsJob: [] as number[],
  };
  try {
    for (let round = 0; round <= ROUNDS; round++) {
      const ways = { inProcess: inProcess(project), asJob: asJob(engine) };
      const one = { inProcess: await timed(ways.inProcess, round, 1), asJob: await timed(ways.asJob, round, 1) };
      const many = {
        inProcess: await timed(ways.inProcess, round, TRIALS),
        asJob: await timed(ways.asJob, round, TRIALS),
      };
      times.runInProcess.push(one.inProcess);
      times.runAsJob.push(one.asJob);
      times.trialInProcess.push((many.inProcess - one.inProcess) / (TRIALS - 1));
      times.trialAsJob.push((many.asJob - one.asJob) / (TRIALS - 1));
    }
  } finally {
    await engine.close();
  }
  return {
    rounds: ROUNDS,
    trials: TRIALS,
    trialInProcess: spread(times.trialInProcess),
    trialAsJob: spread(times.trialAsJob),
    runInProcess: spread(times.runInProcess),
    runAsJob: spread(times.runAsJob),
  };
}

type Way = (run: RunRequest) => Promise<unknown>;

const inProcess =
  (project: Project): Way =>
  (run) =>
    runMethod(project, run, { ...work, from: "v1" });

const asJob =
  (engine: Engine): Way =>
  async (run) => {
    const { id } = await engine.submit({ run, from: "v1" }, work);
    const { state } = await engine.settled(id);
    if (state !== "done") throw new Error(`The job is ${state}.`);
  };

async function timed(way: Way, seed: number, trials: number): Promise<number> {
  const from = performance.now();
  await way({ method: "try-scales", params: { trials }, seed, threads: 1 });
  return performance.now() - from;
}

/** The first round compiles and fills caches. */
function spread([, ...values]: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)] ?? NaN, low: sorted[0] ?? NaN, high: sorted.at(-1) ?? NaN };
}

const ms = ({ median, low, high }: Spread, digits: number): string =>
  `${median.toFixed(digits)} ms (${low.toFixed(digits)}–${high.toFixed(digits)})`;

/** What jobs survive, and what it costs to have them. */
export const bench = {
  id: "jobs",
  title: `${KILLS} kills of jobs, engines and both at random moments, and what a job costs beside a run in this process`,
  run: async (): Promise<JobFigures> => {
    const folder = mkdtempSync(join(tmpdir(), "lathe-bench-"));
    process.env["NODE_COMPILE_CACHE"] ??= join(folder, "code");
    try {
      const project = await tinyProject(folder);
      project.store.close();
      const kills = await measureKills(project.store.folder, folder);
      const own = join(folder, "own");
      const fresh = await createProject(own, {}, nodeHost);
      await importModel(fresh, join(folder, "tiny.onnx"), work);
      const overhead = await measureOverhead(fresh);
      fresh.store.close();
      return { kills, overhead };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  print: ({ kills, overhead }: JobFigures): string =>
    [
      `  ${kills.hits.all} kills that hit (${kills.hits.job} jobs, ${kills.hits.engine} engines, ${kills.hits.both} both) in ${kills.projects} projects, seed ${kills.seed}`,
      `  ${kills.finished} trials were finished at a kill, ${kills.lost} of them lost; ${kills.corrupt} corrupt projects; ${kills.different} with other models`,
      ...kills.faults.map((fault) => `    ${fault}`),
      `  a trial: ${ms(overhead.trialInProcess, 2)} in process, ${ms(overhead.trialAsJob, 2)} as a job; ${overhead.trials} trials, ${overhead.rounds} rounds in turns`,
      `  a run of one trial: ${ms(overhead.runInProcess, 0)} in process, ${ms(overhead.runAsJob, 0)} as a job`,
    ].join("\n"),
};
