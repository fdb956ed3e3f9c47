import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runMethod } from "../../core/app/runMethod.ts";
import type { JobEvent } from "../../core/contract/jobs.ts";
import { inState, reaches, tinyEngine, tryScales } from "./engine.ts";
import { quietWork } from "./fixtures.ts";

const work = quietWork();

test("runs a job in a process of its own and records what it makes, to the bytes of a run in this process", async () => {
  const { project, engine } = await tinyEngine();
  const stop = new AbortController();
  const heard: JobEvent[] = [];
  const listening = (async () => {
    for await (const event of engine.events(stop.signal)) heard.push(event);
  })();
  const submitted = await engine.submit(tryScales({ extra: true }, { name: "best" }), work);
  expect(submitted).toMatchObject({
    id: "j1",
    state: "queued",
    title: "Trying scales of tiny",
    estimate: { seconds: 0, memory: 1e8 },
  });
  const done = await engine.settled("j1");
  expect(done).toMatchObject({ state: "done", attempts: 1, made: [["v2", "v3"]] });
  expect(done.seconds).toBeGreaterThan(0);
  stop.abort();
  await listening;
  const states = heard.flatMap(({ event }) => (event.kind === "state" ? [event.state] : []));
  expect(states).toEqual(["queued", "running", "done"]);
  expect(heard.some(({ event }) => event.kind === "progress" && event.done === 4)).toBe(true);
  expect(engine.log("j1").map(({ event }) => event.kind)).toEqual(
    expect.arrayContaining(["state", "step", "stage", "metric", "progress", "variant"]),
  );
  expect(engine.log("j1", 3)).toEqual(engine.log("j1").slice(3));
  const [, made, second] = project.store.variants();
  expect([made?.name, second?.name]).toEqual(["best", "best-second"]);
  expect(project.store.trials.list({ job: "j1" }).map((t) => t.trial.number)).toEqual([0, 1, 2, 3]);
  const again = await runMethod(project, { recipe: made!.recipe! }, { ...work, name: "again" });
  expect(again.model).toEqual(made?.model);
  expect(again.recipe).toEqual(made?.recipe);
  expect(existsSync(join(project.store.folder, "jobs", "j1", "work"))).toBe(false);
});

test("pauses at a checkpoint, and goes on from it to the bytes of a run that was never stopped", async () => {
  const { project, engine } = await tinyEngine();
  const whole = await runMethod(
    project,
    { method: "try-scales", params: { trials: 12 }, seed: 1, threads: 1 },
    { ...work, from: "v1" },
  );
  await engine.submit(tryScales({ trials: 12, pause: 30 }), work);
  await reaches(engine, "j1", (j) => (j.progress?.done ?? 0) >= 2);
  expect(engine.pause("j1").asked).toBe("pause");
  const paused = await engine.settled("j1");
  expect(paused).toMatchObject({ state: "paused", attempts: 1 });
  const before = project.store.trials.count({ job: "j1" });
  expect(before).toBeGreaterThan(1);
  expect(before).toBeLessThan(12);
  expect(engine.resume("j1").state).toBe("queued");
  expect(await engine.settled("j1")).toMatchObject({ state: "done", attempts: 2 });
  const made = project.store.variants().at(-1);
  expect(made?.model).toEqual(whole.model);
  expect(made?.findings).toMatchObject({ resumed: before });
  expect(project.store.trials.count({ job: "j1" })).toBe(12);
});

test("cancels at once and co-operatively, keeps the checkpoint, and can be resumed", async () => {
  const { engine } = await tinyEngine();
  await engine.submit(tryScales({ trials: 50, pause: 30 }), work);
  await reaches(engine, "j1", (j) => (j.progress?.done ?? 0) >= 1);
  expect(engine.cancel("j1")).toMatchObject({ state: "cancelling", asked: "cancel" });
  expect(engine.cancel("j1").state).toBe("cancelling");
  const cancelled = await engine.settled("j1");
  expect(cancelled.state).toBe("cancelled");
  expect(engine.log("j1").at(-1)?.event).toEqual({ kind: "state", state: "cancelled" });
  expect(engine.resume("j1").state).toBe("queued");
  await reaches(engine, "j1", inState("running"));
  engine.cancel("j1");
  await engine.settled("j1");
});

test("kills a process that does not listen when it is cancelled", async () => {
  const { engine } = await tinyEngine({ grace: 300 });
  await engine.submit(tryScales({ trials: 1000, pause: 20, stubborn: true }), work);
  await reaches(engine, "j1", (j) => (j.progress?.done ?? 0) >= 1);
  engine.cancel("j1");
  expect((await engine.settled("j1")).state).toBe("cancelled");
});

test("starts by priority, then in the order of their coming, as many as cores and memory allow", async () => {
  const { engine } = await tinyEngine({ limits: { cores: 2, memory: 2.5e8 } });
  const started: string[] = [];
  const stop = new AbortController();
  let most = 0;
  const listening = (async () => {
    for await (const { job, event } of engine.events(stop.signal)) {
      if (event.kind !== "state" || event.state !== "running") continue;
      started.push(job);
      most = Math.max(most, engine.list().filter((j) => j.state === "running").length);
    }
  })();
  for (const priority of [0, 0, 0, 1]) {
    await engine.submit(tryScales({ pause: 40, trials: 3 + started.length }, { priority }), work);
  }
  await engine.idle();
  stop.abort();
  await listening;
  // The first two start at once; then the urgent one.
  expect(started).toEqual(["j1", "j2", "j4", "j3"]);
  expect(most).toBe(2);
});

test("measures what it makes when it is asked to, and other variants too", async () => {
  const { project, engine } = await tinyEngine();
  await engine.submit(tryScales({}, { measure: true }), work);
  expect(await engine.settled("j1")).toMatchObject({
    state: "done",
    made: [["v2"]],
    isMeasured: true,
  });
  const [tiny, made] = project.store.variants();
  expect(made?.measurements).toMatchObject({ accuracy: { split: "test", samples: 60, against: { variant: "v1" } } });
  expect(tiny?.measurements?.latency[0]?.interleaved).toBe(true);
  await runMethod(project, { method: "convert-fp16", params: {}, seed: 0, threads: 1 }, { ...work, from: "v1" });
  const asked = await engine.submit({ measure: ["convert-fp16"] }, work);
  expect(asked.title).toBe("Measuring convert-fp16");
  expect((await engine.settled(asked.id)).state).toBe("done");
  expect(project.store.variants().at(-1)?.measurements?.accuracy?.samples).toBe(60);
});

test("takes up an unfinished job of the same recipe instead of a new one, when asked to", async () => {
  const { engine } = await tinyEngine();
  await engine.submit(tryScales({ trials: 30, pause: 30 }), work);
  await reaches(engine, "j1", (j) => (j.progress?.done ?? 0) >= 1);
  engine.cancel("j1");
  await engine.settled("j1");
  const continued = await engine.submit(tryScales({ trials: 30, pause: 30 }, { name: "fresh" }), {
    ...work,
    continues: true,
  });
  expect(continued).toMatchObject({ id: "j1", plan: { steps: [{ name: "fresh" }] } });
  const other = await engine.submit(tryScales({ trials: 2 }), { ...work, continues: true });
  expect(other.id).toBe("j2");
  engine.cancel("j1");
  await engine.idle();
});

test("refuses what cannot be before it starts", async () => {
  const { engine } = await tinyEngine();
  await expect(engine.submit(tryScales({ trials: 0 }), work)).rejects.toMatchObject({ code: "invalid-recipe" });
  await expect(engine.submit(tryScales({}, { from: "none" }), work)).rejects.toMatchObject({ code: "not-found" });
  await expect(engine.submit(tryScales({}, { name: "tiny" }), work)).rejects.toMatchObject({ code: "already-exists" });
  expect(engine.list()).toEqual([]);
  expect(() => engine.pause("j1")).toThrow('There is no job "j1" in this project.');
  await engine.submit(tryScales(), work);
  await engine.settled("j1");
  expect(() => engine.resume("j1")).toThrow('Job "j1" cannot be resumed: it is "done".');
  expect(() => engine.cancel("j1")).toThrow('Job "j1" cannot be cancelled: it is "done".');
});

test("removes a job's folder, keeps its variants and trials, and never gives its number to another", async () => {
  const { project, engine } = await tinyEngine();
  await engine.submit(tryScales({ pause: 50 }), work);
  await reaches(engine, "j1", inState("running"));
  await expect(engine.remove("j1")).rejects.toThrow('Job "j1" cannot be removed: it is "running".');
  await engine.settled("j1");
  await engine.remove("j1");
  expect(existsSync(join(project.store.folder, "jobs", "j1"))).toBe(false);
  expect([engine.list(), project.store.variants().length, project.store.trials.count()]).toEqual([[], 2, 4]);
  const other = await engine.submit(tryScales(), work);
  expect(other.id).toBe("j2");
  await engine.remove("j2");
  await engine.idle();
  expect(engine.list()).toEqual([]);
});
