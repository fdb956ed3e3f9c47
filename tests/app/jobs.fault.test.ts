import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { forkJob } from "../../core/app/jobLaunch.ts";
import { recover } from "../../core/app/jobIngest.ts";
import { openEngine } from "../../core/app/jobs.ts";
import type { JobProcess, LaunchJob } from "../../core/app/jobMessages.ts";
import { leaveWish } from "../../core/app/jobWishes.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { openProject } from "../../core/app/project.ts";
import type { Job } from "../../core/contract/jobs.ts";
import { extraMethods, inState, reaches, tinyEngine, tryScales } from "./engine.ts";
import { quietWork, tinyProject } from "./fixtures.ts";

const work = quietWork();
const GIB = 2 ** 30;

/** Starts processes as the product does, and gives a hand on the latest. */
function withHandle(): { readonly launch: LaunchJob; readonly process: () => JobProcess } {
  let latest: JobProcess | undefined;
  return { launch: (listener) => (latest = forkJob(listener)), process: () => latest! };
}

test("a job whose process is killed is interrupted, says so, and goes on from its trials", async () => {
  const { launch, process } = withHandle();
  const { project, engine } = await tinyEngine({ launch });
  await engine.submit(tryScales({ trials: 20, pause: 20 }), work);
  await reaches(engine, "j1", (j) => (j.progress?.done ?? 0) >= 3);
  process().kill();
  const killed = await engine.settled("j1");
  expect(killed).toMatchObject({ state: "interrupted", reason: 'Its process ended with "SIGKILL".' });
  const before = project.store.trials.count();
  expect(before).toBeGreaterThanOrEqual(3);
  engine.resume("j1");
  expect((await engine.settled("j1")).state).toBe("done");
  expect(project.store.trials.count()).toBe(20);
});

test("a method's failure is the job's, with its code and advice", async () => {
  const { engine } = await tinyEngine();
  await engine.submit(tryScales({ fail: "numeric" }), work);
  const failed = await engine.settled("j1");
  const failure = { code: "numeric", message: "The last trial failed.", hint: "Ask for no failure." };
  expect(failed).toMatchObject({ state: "failed", failure });
  expect(engine.log("j1").map(({ event }) => event)).toContainEqual({ kind: "failure", ...failure });
});

test("a job that meets a full disk pauses", async () => {
  const { engine } = await tinyEngine();
  await engine.submit(tryScales({ fail: "disk-full" }), work);
  expect(await engine.settled("j1")).toMatchObject({ state: "paused", reason: "The last trial failed." });
});

test("a job does not start without room on the disk, and starts when there is some", async () => {
  let room = GIB - 1;
  const { engine } = await tinyEngine({ free: () => Promise.resolve(room) });
  await engine.submit(tryScales(), work);
  expect(await engine.settled("j1")).toMatchObject({
    state: "paused",
    attempts: 0,
    reason: "The disk has 1,024 MiB left, and 1.00 GiB are needed.",
  });
  room = 2 * GIB;
  engine.resume("j1");
  expect((await engine.settled("j1")).state).toBe("done");
});

test("running jobs pause when the disk runs low", async () => {
  let room: number | undefined = undefined;
  const { engine, project } = await tinyEngine({ free: () => Promise.resolve(room), diskEvery: 20 });
  await engine.submit(tryScales({ trials: 100, pause: 20 }), work);
  await reaches(engine, "j1", (j) => (j.progress?.done ?? 0) >= 2);
  room = 1000;
  expect(await engine.settled("j1")).toMatchObject({
    state: "paused",
    reason: "The disk has 1000 B left, and 1.00 GiB are needed.",
  });
  expect(project.store.trials.count()).toBeGreaterThanOrEqual(2);
});

test("closing has jobs stop at a checkpoint, and leaves all in the queue of the next engine", async () => {
  const { project, engine } = await tinyEngine({ limits: { cores: 1, memory: 1e9 } });
  await engine.submit(tryScales({ trials: 20, pause: 20 }), work);
  await engine.submit(tryScales({ trials: 3 }), work);
  await reaches(engine, "j1", (j) => (j.progress?.done ?? 0) >= 1);
  await engine.close();
  expect(project.store.jobs.list().map((j) => [j.id, j.state, j.reason])).toEqual([
    ["j1", "queued", "Lathe was closed while it ran."],
    ["j2", "queued", undefined],
  ]);
  const next = await openEngine(project, { methods: extraMethods });
  await next.idle();
  expect(next.list().map((j) => [j.state, j.attempts])).toEqual([
    ["done", 2],
    ["done", 1],
  ]);
  expect(project.store.trials.count({ job: "j1" })).toBe(20);
  await next.close();
});

test("an engine that takes only its own jobs leaves those of others in the queue", async () => {
  const { project, engine } = await tinyEngine({ limits: { cores: 1, memory: 1e9 } });
  await engine.submit(tryScales({ trials: 50, pause: 20 }), work);
  await engine.submit(tryScales({ trials: 3 }), work);
  await engine.close();
  const own = await openEngine(project, { methods: extraMethods, takes: "own" });
  await own.idle();
  expect(own.list().map((j) => j.state)).toEqual(["queued", "queued"]);
  expect((await own.settled("j2")).state).toBe("queued");
  const third = await own.submit(tryScales({ trials: 2 }), work);
  expect((await own.settled(third.id)).state).toBe("done");
  expect(own.find("j2").state).toBe("queued");
  await own.close();
});

/** A job of a dead engine, as it stands in the records. */
function deadJob(project: { readonly store: { readonly folder: string } }, more: Partial<Job> = {}): Job {
  const plan: Job["plan"] = {
    from: { variant: "v1", sha256: "ab".repeat(32) },
    steps: [{ method: "try-scales", version: 1, params: {}, seed: 0, threads: 1, measure: false }],
    measure: [],
  };
  const folder = join(project.store.folder, "jobs", "j1");
  mkdirSync(join(folder, "work", "try-scales-0123456789abcdef"), { recursive: true });
  writeFileSync(join(folder, "request.json"), JSON.stringify(plan));
  const at = "2026-01-01T00:00:00.000Z";
  return {
    id: "j1",
    title: "x",
    state: "running",
    priority: 0,
    plan,
    made: [],
    isMeasured: false,
    at,
    seconds: 0,
    attempts: 1,
    ...more,
  };
}

test("what a dead engine's job has left comes in once: models, measurements and whole trials", async () => {
  const { project } = await tinyProject();
  const job = deadJob(project);
  project.store.jobs.save(job);
  const folder = join(project.store.folder, "jobs", "j1");
  const trialLine = (number: number): string =>
    JSON.stringify({ number, point: {}, state: "done", values: { score: number }, seconds: 1 });
  const trials = join(folder, "work", "try-scales-0123456789abcdef", "trials.jsonl");
  writeFileSync(trials, `${trialLine(0)}\n${trialLine(1)}\n{"number": 2, "poi`);
  expect(await recover(project)).toMatchObject([
    { id: "j1", state: "interrupted", reason: "Lathe ended while it ran." },
  ]);
  expect(project.store.trials.list().map((t) => [t.job, t.method, t.trial.number])).toEqual([
    ["j1", "try-scales", 0],
    ["j1", "try-scales", 1],
  ]);
  const model = await project.store.artifacts.putBytes(new TextEncoder().encode("model"));
  const engine = { lathe: "0", runtime: "0", platform: "p" };
  const recipe = { lathe: 1, method: "try-scales", version: 1, params: {}, seed: 0, threads: 1 };
  const made = [{ suffix: "", model, external: {}, findings: null, warnings: [] }];
  const output = JSON.stringify({ recipe, from: "v1", at: job.at, engine, made });
  writeFileSync(join(folder, "output-1.json"), output.slice(0, 40));
  expect(await recover(project)).toEqual([]);
  writeFileSync(join(folder, "output-1.json"), output);
  appendFileSync(trials, "\n");
  expect(await recover(project)).toMatchObject([{ id: "j1", state: "done", made: [["v2"]] }]);
  expect(await recover(project)).toEqual([]);
  expect(project.store.variants().map((v) => v.name)).toEqual(["tiny", "try-scales"]);
  expect(project.store.trials.count()).toBe(2);
  project.store.close();
});

test("a name that was taken while a job ran gets a number", async () => {
  const { project, engine } = await tinyEngine();
  await engine.submit(tryScales({ trials: 5, pause: 50 }, { name: "wish" }), work);
  await reaches(engine, "j1", inState("running"));
  const tiny = project.store.variants()[0]!;
  project.store.addVariant({ ...tiny, id: "v9", name: "wish" });
  await engine.settled("j1");
  expect(project.store.variants().map((v) => v.name)).toEqual(["tiny", "wish", "wish-2"]);
});

test("two processes never work on one job: the second waits for the first", async () => {
  const { project, engine } = await tinyEngine();
  await engine.submit(tryScales({ trials: 3, pause: 10 }), work);
  const { lockJob } = await import("../../core/store/lock.ts");
  const lock = lockJob(join(project.store.folder, "jobs", "j1"), nodeHost.clock.now());
  expect(lock).toBeDefined();
  await reaches(engine, "j1", inState("running"));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(engine.find("j1").progress?.stage).toBe("");
  lock?.release();
  expect((await engine.settled("j1")).state).toBe("done");
});

test("jobs can be looked at while another process has the project", async () => {
  const { project, engine } = await tinyEngine();
  await engine.submit(tryScales(), work);
  await engine.settled("j1");
  const reader = await openProject(project.store.folder, "read", nodeHost);
  expect(reader.store.jobs.list().map((j) => j.state)).toEqual(["done"]);
  reader.store.close();
});

test("another process may wish that a job pauses or is cancelled", async () => {
  const { project, engine } = await tinyEngine({ limits: { cores: 1, memory: 1e9 } });
  await engine.submit(tryScales({ trials: 200, pause: 20 }), work);
  await engine.submit(tryScales({ trials: 3 }), work);
  await reaches(engine, "j1", (j) => (j.progress?.done ?? 0) >= 1);
  leaveWish(project.store.folder, "j2", "cancel");
  await reaches(engine, "j2", inState("cancelled"));
  leaveWish(project.store.folder, "j1", "pause");
  expect((await engine.settled("j1")).state).toBe("paused");
  expect(() => leaveWish(project.store.folder, "j7", "pause")).toThrow(/^Asking job "j7" to pause: ENOENT/);
});
